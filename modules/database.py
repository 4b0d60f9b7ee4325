"""The tenant's PostgreSQL: one CloudNativePG cluster, one database and role an application.

Source of the fields: CloudNativePG 1.30, API reference postgresql.cnpg.io/v1.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from einklang.model.standard import DatabaseSize
from modules import labels
from modules.database_archive import MEMORY_MIB as ARCHIVE_MEMORY_MIB
from modules.database_archive import Archive
from modules.kubernetes import Manifest, Object
from modules.quantities import cpu, gibibytes, mebibytes

CLUSTER = "database"
PORT = 5432
_API = "postgresql.cnpg.io/v1"
_PASSWORD_BYTES = 32
SMART_SHUTDOWN_SECONDS = 10


@dataclass(frozen=True)
class DatabaseAccess:
    """How an application reaches its database, over TLS only.

    host: DNS name on which the server's certificate is valid. secret_name: has the keys username and password.
    ca_secret_name: has the key ca.crt.
    """

    host: str
    port: int
    name: str
    secret_name: str
    ca_secret_name: str

    def authority_volume(self, name: str) -> dict[str, Any]:
        """A pod's volume with `ca.crt`. Only the certificate: the Secret also holds the authority's key."""
        items = [{"key": "ca.crt", "path": "ca.crt"}]
        return {"name": name, "secret": {"secretName": self.ca_secret_name, "items": items}}


@dataclass(frozen=True)
class DatabaseArgs:
    """applications: names of databases and roles, at least one. image: by tag and digest.

    hibernated: no pods, data kept. protect: `pulumi destroy` refuses to remove the data. random: n -> n random bytes,
    for the passwords. archive: where what is written goes besides; None: nowhere.
    """

    tenant: str
    namespace: str
    image: str
    storage_class: str
    size: DatabaseSize
    applications: Sequence[str]
    hibernated: bool
    protect: bool
    random: Callable[[int], bytes]
    archive: Archive | None = None


class Database(pulumi.ComponentResource):
    """The cluster with its databases.

    access: application -> how it reaches its database. Resources that depend on the component wait until the cluster
    is ready.
    """

    access: dict[str, DatabaseAccess]

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("einklang:database:Database", name, None, opts)
        secrets = [Object(_password(args, application), self._options([])) for application in args.applications]
        if args.archive:
            secrets.append(Object(_archive_access(args, args.archive), self._options([])))
        cluster = Object(_cluster(args), self._options(secrets, protect=args.protect))
        if args.archive:
            Object(_copies(args, args.archive), self._options([cluster]))
        for application in args.applications:
            # It goes with the cluster: of a hibernated one no instance is there to take it away.
            gone = pulumi.ResourceOptions(deleted_with=cluster)
            Object(_database(args, application), pulumi.ResourceOptions.merge(self._options([cluster]), gone))
        self.access = {application: _access(application) for application in args.applications}
        self.register_outputs({"host": self.access[args.applications[0]].host})

    def _options(self, depends_on: Sequence[pulumi.Resource], *, protect: bool = False) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on), protect=protect)


def _access(application: str) -> DatabaseAccess:
    return DatabaseAccess(
        host=f"{CLUSTER}-rw",
        port=PORT,
        name=application,
        secret_name=f"{CLUSTER}-{application}",
        ca_secret_name=f"{CLUSTER}-ca",
    )


def _metadata(args: DatabaseArgs, name: str) -> dict[str, Any]:
    return {"name": name, "namespace": args.namespace, "labels": labels.common(args.tenant, CLUSTER)}


def _password(args: DatabaseArgs, application: str) -> Manifest:
    """The role's password. CloudNativePG takes it over from the Secret, also when it changes."""
    metadata = _metadata(args, _access(application).secret_name)
    metadata["labels"] = {**metadata["labels"], "cnpg.io/reload": "true"}
    password = base64.urlsafe_b64encode(args.random(_PASSWORD_BYTES)).decode().rstrip("=")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/basic-auth",
        "metadata": metadata,
        "stringData": {"username": application, "password": password},
    }


def _archive_access(args: DatabaseArgs, archive: Archive) -> Manifest:
    """What opens the archive's folder."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": _metadata(args, archive.secret),
        "stringData": dict(archive.content),
    }


def _copies(args: DatabaseArgs, archive: Archive) -> Manifest:
    """A copy of everything once a week, and the first one at once: what the archive's changes are applied to."""
    spec = {
        "schedule": archive.weekly(),
        "immediate": True,
        "suspend": args.hibernated,
        "backupOwnerReference": "self",
        "method": "barmanObjectStore",
        "cluster": {"name": CLUSTER},
    }
    return {"apiVersion": _API, "kind": "ScheduledBackup", "metadata": _metadata(args, CLUSTER), "spec": spec}


def _cluster(args: DatabaseArgs) -> Manifest:
    metadata, size, first = _metadata(args, CLUSTER), args.size, args.applications[0]
    memory = mebibytes(size.memory_mib + (ARCHIVE_MEMORY_MIB if args.archive else 0))
    metadata["annotations"] = {
        "cnpg.io/hibernation": "on" if args.hibernated else "off",
        **({} if args.hibernated else {"pulumi.com/waitFor": "condition=Ready"}),
    }
    return {
        "apiVersion": _API,
        "kind": "Cluster",
        "metadata": metadata,
        "spec": {
            "instances": size.instances,
            "imageName": args.image,
            "imagePullPolicy": "IfNotPresent",
            "enableSuperuserAccess": False,
            "enablePDB": size.instances > 1,
            # A smart shutdown waits until clients have left, and applications keep their connections: 180 s by default.
            "smartShutdownTimeout": SMART_SHUTDOWN_SECONDS,
            "inheritedMetadata": {"labels": labels.workload(args.tenant, CLUSTER)},
            "bootstrap": {
                "initdb": {"database": first, "owner": first, "secret": {"name": _access(first).secret_name}}
            },
            "managed": {"roles": [_role(application) for application in args.applications]},
            "postgresql": {
                "parameters": {
                    "max_connections": str(size.max_connections),
                    "password_encryption": "scram-sha-256",
                    "ssl_min_protocol_version": "TLSv1.3",
                    "log_connections": "on",
                    "log_disconnections": "on",
                    # A failed statement's text holds citizens' data and, where a role is altered, its password.
                    "log_min_error_statement": "panic",
                },
                "pg_hba": ["hostssl all all all scram-sha-256", "hostnossl all all all reject"],
            },
            "storage": {"size": gibibytes(size.storage_gib), "storageClass": args.storage_class},
            "resources": {
                "requests": {"cpu": cpu(size.cpu_request_millicores), "memory": memory},
                "limits": {"cpu": cpu(size.cpu_limit_millicores), "memory": memory},
            },
            "seccompProfile": {"type": "RuntimeDefault"},
            **({"backup": {"barmanObjectStore": args.archive.store()}} if args.archive else {}),
        },
    }


def _role(application: str) -> dict[str, Any]:
    """An application's role: it logs in, owns its own database and can do nothing else."""
    return {
        "name": application,
        "ensure": "present",
        "login": True,
        "passwordSecret": {"name": _access(application).secret_name},
    }


def _database(args: DatabaseArgs, application: str) -> Manifest:
    # The data goes with the cluster's volumes: a Database object that goes alone leaves it.
    spec = {
        "name": application,
        "owner": application,
        "cluster": {"name": CLUSTER},
        "ensure": "present",
        "databaseReclaimPolicy": "retain",
    }
    return {"apiVersion": _API, "kind": "Database", "metadata": _metadata(args, application), "spec": spec}
