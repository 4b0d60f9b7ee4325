"""The tenant's document management (E-Akte): Mayan EDMS with its worker, its broker, and the job that sets it up.

Login is the tenant's identity service's alone. Public is what the pages need (`backend`); the front stands before it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi

from einklang.model.resolved import ResolvedTenant
from modules import dms_broker, dms_parts, dms_server, dms_setup, dms_worker
from modules.database import DatabaseAccess
from modules.dms_documents import setup_document
from modules.dms_parts import FILES_CLAIM, KEY_SECRET, PORT, WEB, Parts
from modules.front_backend import Backend
from modules.kubernetes import Manifest, Object

_SECRET_BYTES = 48
# Beside the file itself a form has its fields.
_FORM_MIB = 1

# Pages that nobody needs from outside: Mayan's settings, sources and tools, access to its API by a token, and its
# description; the logout of the identity service comes from inside.
DENIED_PATHS = (
    r"^/api/v[0-9]+/auth/",
    r"^/api/(swagger|redoc)",
    r"^/(settings|dependencies|platform|task_manager|file_caching)(/|$)",
    r"^/oidc/back-channel-logout",
    r"^/health(/|$)",
)
# Mayan's pages are made of inline scripts and styles; nothing comes from elsewhere.
_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; "
    "form-action 'self' https://{identity}; object-src 'none'"
)


@dataclass(frozen=True)
class DmsArgs:
    """image, broker_image: by tag and digest. templates: folder of the templates. suspended: no pods, data is kept.

    shared_files: the storage class gives volumes that several nodes mount (ReadWriteMany); without, all pods that use
    the documents run on one node. scanner: `host:port` of a clamd, or empty. protect: `pulumi destroy` refuses to take
    the documents away. random: n -> n random bytes, for the secrets.
    """

    resolved: ResolvedTenant
    namespace: str
    image: str
    broker_image: str
    templates: Path
    database: DatabaseAccess
    storage_class: str
    shared_files: bool
    scanner: str
    suspended: bool
    protect: bool
    random: Callable[[int], bytes]


class Dms(pulumi.ComponentResource):
    """Mayan EDMS. Resources that depend on the component wait until it serves and is set up.

    backend: what the front has to know of it.
    """

    backend: Backend

    def __init__(self, name: str, args: DmsArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("einklang:dms:Dms", name, None, opts)
        parts, document = _parts(args), setup_document(args.templates, args.resolved)
        self.backend = _backend(args.resolved)
        made: list[pulumi.Resource] = [
            Object(dms_broker.secret(parts, args.random), self._options()),
            Object(_key(parts, args.random), self._options()),
            Object(dms_server.service(parts), self._options()),
            Object(dms_broker.service(parts), self._options()),
        ]
        queue = Object(dms_broker.claim(parts), self._options(protect=args.protect))
        files = Object(_files(parts), self._options(protect=args.protect))
        broker = Object(dms_broker.deployment(parts), self._options([*made, queue]))
        ready: list[pulumi.Resource] = [*made, files, broker]
        if not args.suspended:
            documents = Object(dms_setup.config_map(parts, document), self._options())
            setup = dms_setup.job(parts, document)
            # Pages and worker start when the tables and what stands in them are those of their version.
            ready.append(Object(setup, self._options([*made, documents, broker]), name="job/dms-setup"))
        Object(dms_server.deployment(parts), self._options(ready))
        Object(dms_worker.deployment(parts), self._options(ready))
        self.register_outputs({"hostname": self.backend.hostname})

    def _options(self, depends_on: Sequence[pulumi.Resource] = (), *, protect: bool = False) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on), protect=protect)


def _parts(args: DmsArgs) -> Parts:
    return Parts(
        resolved=args.resolved,
        namespace=args.namespace,
        image=args.image,
        broker_image=args.broker_image,
        database=args.database,
        storage_class=args.storage_class,
        shared_files=args.shared_files,
        scanner=args.scanner,
        stopped=args.suspended,
    )


def _key(parts: Parts, random: Callable[[int], bytes]) -> Manifest:
    """What Django signs sessions and forms with."""
    value = base64.urlsafe_b64encode(random(_SECRET_BYTES)).decode().rstrip("=")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": parts.metadata(KEY_SECRET, WEB),
        "stringData": {"secret-key": value},
    }


def _files(parts: Parts) -> Manifest:
    """The volume of the documents."""
    return dms_parts.claim(parts, FILES_CLAIM, WEB, parts.size.storage_gib, shared=parts.shared_files)


def _backend(resolved: ResolvedTenant) -> Backend:
    names, upload = resolved.tenant.hostnames, resolved.standard.modules.dms.upload
    return Backend(
        application="dms",
        hostname=names.dms,
        service=WEB,
        port=PORT,
        body_limit_mib=upload.max_mib + _FORM_MIB,
        content_security_policy=_CONTENT_SECURITY_POLICY.format(identity=names.identity),
        denied_paths=DENIED_PATHS,
        methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
        # Its scripts read the token that protects forms.
        script_cookies=("csrftoken",),
        # A stream of messages is silent for 15 seconds at most, a large upload is checked for longer.
        timeout_seconds=150,
    )
