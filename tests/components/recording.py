"""What a program declares, recorded under Pulumi's mocks: no engine, no provider, no cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi.runtime import mocks

SECRET = "[secret]"
API_SERVER = {"endpoints": [{"addresses": ["192.0.2.1"]}], "ports": [{"port": 6443}]}
"""What the mocked cluster answers to whoever reads the EndpointSlice of its API server."""

# How the SDK marks a secret on its way to the engine (sdk/python/lib/pulumi/runtime/rpc.py).
_SIGNATURE, _SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


@dataclass(frozen=True)
class Declared:
    """One resource, as Pulumi was told about it.

    urn: stack, types of parents and name. manifest: its properties, secret values replaced by SECRET; empty for a
    component. provider: name of its provider, empty for the default one. after: URNs of what has to stand before it.
    secret: whether any of its properties is a secret.
    """

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    manifest: dict[str, Any]
    provider: str
    after: tuple[str, ...]
    version: str
    protect: bool
    retain: bool
    deleted_with: str
    ignore_changes: tuple[str, ...]
    secret: bool

    @property
    def kind(self) -> str:
        """Kind of the Kubernetes object; empty for components and providers."""
        return str(self.manifest.get("kind", "")) if self.type.startswith("kubernetes:") else ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Kind, namespace and name of the Kubernetes object."""
        metadata = self.manifest.get("metadata", {})
        return self.kind, str(metadata.get("namespace", "")), str(metadata.get("name", ""))


class _Monitor(mocks.MockMonitor):
    """Answers as the mocks do, and keeps each registration as it came."""

    def __init__(self) -> None:
        super().__init__(_Cluster())
        self.declared: list[Declared] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        if request.type != "pulumi:pulumi:Stack":
            self.declared.append(_declared(request, self.make_urn(request.parent, request.type, request.name)))
        return super().RegisterResource(request)


class _Cluster(mocks.Mocks):
    """Gives every object its inputs as outputs, and knows where its API server is."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ.endswith(":EndpointSlice") and args.resource_id == "default/kubernetes":
            return args.resource_id, API_SERVER
        return args.resource_id or f"{args.name}-id", args.inputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program calls the provider: {args.token}")


def record(program: Callable[[], None], *, stack: str = "olpe") -> list[Declared]:
    """Run the program and return what it declared, sorted by kind, namespace and name. Its exceptions pass."""
    monitor = _Monitor()
    mocks.set_mocks(_Cluster(), project="einklang", stack=stack, preview=False, monitor=monitor)
    mocks.test(program)()
    return sorted(monitor.declared, key=lambda declared: (declared.key, declared.urn))


def components(declared: Sequence[Declared]) -> list[Declared]:
    """The components among them."""
    return [each for each in declared if not each.custom]


def objects(declared: Sequence[Declared], kind: str = "") -> list[Declared]:
    """The Kubernetes objects among them, all or those of a kind."""
    return [each for each in declared if each.kind and kind in {"", each.kind}]


def one(declared: Sequence[Declared], kind: str, name: str) -> Declared:
    """The one object of that kind and name."""
    (found,) = [each for each in objects(declared, kind) if each.key[2] == name]
    return found


def _declared(request: Any, urn: str) -> Declared:
    properties = {key: _plain(value) for key, value in request.object.fields.items()}
    return Declared(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=request.custom,
        manifest={key: _redacted(value) for key, value in properties.items()} if request.custom else {},
        # A provider reference is `<urn>::<id>`.
        provider=request.provider.split("::")[3] if request.provider else "",
        after=tuple(sorted(request.dependencies)),
        version=request.version,
        protect=request.protect,
        retain=request.retainOnDelete,
        deleted_with=request.deletedWith,
        ignore_changes=tuple(request.ignoreChanges),
        secret=_has_secret(properties),
    )


def _plain(value: Any) -> Any:
    """A protobuf value as Python's; whole numbers as int, as a manifest has them."""
    which = value.WhichOneof("kind")
    if which == "struct_value":
        return {key: _plain(inner) for key, inner in value.struct_value.fields.items()}
    if which == "list_value":
        return [_plain(inner) for inner in value.list_value.values]
    if which == "number_value":
        return int(value.number_value) if value.number_value.is_integer() else value.number_value
    return None if which == "null_value" else getattr(value, which)


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET_SIGNATURE


def _has_secret(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return _is_secret(value) or any(_has_secret(each) for each in inner)


def _redacted(value: Any) -> Any:
    """Secret values replaced; the keys of a secret mapping stay."""
    if _is_secret(value):
        content = value["value"]
        return dict.fromkeys(content, SECRET) if isinstance(content, dict) else SECRET
    if isinstance(value, dict):
        return {key: _redacted(inner) for key, inner in value.items()}
    return [_redacted(inner) for inner in value] if isinstance(value, list) else value


def refusal(program: Callable[[], None], kind: type[Exception]) -> str:
    """The message with which the program refuses to declare anything."""
    try:
        record(program)
    except kind as error:
        return str(error)
    raise AssertionError("the program did not refuse")
