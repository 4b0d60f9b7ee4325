"""What `pulumi preview --json` says, as actions of a plan. Values are left out: they may be secrets."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from einklang.errors import ClientError
from einklang.model.plan import Operation, ResourceAction

_OPERATIONS = {
    "create": Operation.CREATE,
    "update": Operation.UPDATE,
    "delete": Operation.DELETE,
    "replace": Operation.REPLACE,
    "create-replacement": Operation.REPLACE,
}
# Together with what is protected. A record is protected so that destroying begins with it; it holds no data.
_DATA_KINDS = frozenset({"Namespace", "PersistentVolumeClaim", "PersistentVolume", "Cluster"})
_NO_DATA_KINDS = frozenset({"ConfigMap", "CustomResourceDefinition", "Deployment"})
_PROTECTED = ("because it is protected", "marked for protection")
_COMPONENT = "einklang:"
_KEY = re.compile(r'\["([^"]*)"\]')


def parse(output: str) -> dict[str, Any]:
    """The document that Pulumi printed. Raises ClientError where it printed none."""
    start = output.find("{")
    try:
        document = json.loads(output[start:]) if start >= 0 else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ClientError(f"pulumi preview: {output.strip()[-500:] or 'no output'}")
    return document


def errors(document: Mapping[str, Any]) -> list[str]:
    """The errors that stand in it, without those about what is protected."""
    return [text for text in _errors(document) if not _about_protection(text) and text != "error: preview failed"]


def stopped_by_protection(document: Mapping[str, Any]) -> bool:
    """Whether something protected would be deleted, where Pulumi stops and does not look further."""
    return any(_about_protection(text) for text in _errors(document))


def _about_protection(text: str) -> bool:
    return any(words in text for words in _PROTECTED)


def _errors(document: Mapping[str, Any]) -> Iterable[str]:
    found = document.get("diagnostics") or []
    return (str(each["message"]).strip() for each in found if each.get("severity") == "error")


def actions(document: Mapping[str, Any]) -> tuple[ResourceAction, ...]:
    """One action for each resource that changes, by URN; components and providers are nothing that somebody misses."""
    found: dict[str, ResourceAction] = {}
    for step in document.get("steps") or []:
        operation = _OPERATIONS.get(step["op"])
        kind = _kind(step["urn"])
        if operation and kind:
            found.setdefault(step["urn"], _action(step, operation, kind))
    return tuple(found[urn] for urn in sorted(found))


def _action(step: Mapping[str, Any], operation: Operation, kind: str) -> ResourceAction:
    old, new = step.get("oldState") or {}, step.get("newState") or {}
    named = (step.get(key) or () for key in ("detailedDiff", "replaceReasons", "diffReasons"))
    paths = {_path(path) for each in named for path in each}
    protected = bool(old.get("protect")) and kind not in _NO_DATA_KINDS
    return ResourceAction(
        operation=operation,
        urn=step["urn"],
        kind=kind,
        name=step["urn"].rpartition("::")[2].rpartition("/")[2],
        module=_module(step["urn"]),
        properties=tuple(sorted(paths)) if operation in {Operation.UPDATE, Operation.REPLACE} else (),
        holds_data=protected or kind in _DATA_KINDS,
        content="" if operation is Operation.DELETE else _digest(new.get("inputs") or {}),
    )


def _path(text: str) -> str:
    """`spec.containers` of `spec.containers[0].env[3].name`: what stands in a list has no name to go by."""
    keys = _KEY.sub(r".\1", text)
    return keys.partition("[")[0]


def _digest(inputs: Any) -> str:
    """Secrets stand in it as `[secret]`."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _types(urn: str) -> list[str]:
    """The types from the outermost component to the resource itself."""
    return urn.split("::")[2].split("$")


def _kind(urn: str) -> str:
    """Kind of a Kubernetes object; empty for anything else."""
    last = _types(urn)[-1]
    return last.rpartition(":")[2] if last.startswith("kubernetes:") else ""


def _module(urn: str) -> str:
    """`dms` of `einklang:dms:Dms`, the innermost component around the resource."""
    components = [each for each in _types(urn) if each.startswith(_COMPONENT)]
    return components[-1].split(":")[1] if components else ""
