"""The Kubernetes objects of a stack, taken from Pulumi's state, as any other tool would apply them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PULUMI = "pulumi.com/"
_SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"  # marks a secret in an exported state (Pulumi's sdk, sig.Key)
_PROGRAM_FIRST = ("Namespace", "ServiceAccount", "Secret", "ConfigMap")

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Readiness:
    """One thing that Pulumi waits for: `kubectl wait --for=<condition> <kind>/<name>`, or a Deployment's rollout."""

    kind: str
    name: str
    namespace: str
    condition: str | None


def of_state(exported: Mapping[str, Any]) -> tuple[Manifest, ...]:
    """Every object that the stack owns, from `pulumi stack export --show-secrets`; without Pulumi's annotations.

    What others depend on comes first, so that a tool without a plan of its own can apply them in this order.
    """
    owned = [
        _plain(resource["inputs"])
        for resource in exported["deployment"]["resources"]
        if resource["type"].startswith("kubernetes:") and not resource.get("external")
    ]
    return tuple(_without_pulumi(manifest) for manifest in sorted(owned, key=_rank))


def text(manifests: Sequence[Manifest]) -> str:
    """The objects as one YAML file of JSON documents: no YAML reader takes a string of digits for a number there."""
    return "".join(f"---\n{json.dumps(manifest, indent=1, sort_keys=True)}\n" for manifest in manifests)


def readiness(manifests: Sequence[Manifest]) -> tuple[Readiness, ...]:
    """What has to be waited for so that the end is the same as that of `pulumi up`."""
    return tuple(_readiness(manifests))


def _readiness(manifests: Sequence[Manifest]) -> Iterator[Readiness]:
    for manifest in manifests:
        kind, group, metadata = manifest["kind"], manifest["apiVersion"].partition("/")[0], manifest["metadata"]
        place = metadata["name"], metadata.get("namespace", "")
        if kind == "Deployment":
            yield Readiness("deployment", *place, None)
        elif kind == "Job":
            yield Readiness("job", *place, "condition=complete")
        elif (group, kind) == ("postgresql.cnpg.io", "Cluster"):
            yield Readiness("cluster.postgresql.cnpg.io", *place, "condition=Ready")


def _rank(manifest: Manifest) -> tuple[int, str, str]:
    kind = manifest["kind"]
    rank = _PROGRAM_FIRST.index(kind) if kind in _PROGRAM_FIRST else len(_PROGRAM_FIRST)
    return rank, kind, manifest["metadata"]["name"]


def _plain(value: Any) -> Any:
    """The value with its secrets in clear."""
    if isinstance(value, Mapping):
        if _SECRET_SIGNATURE in value:
            return _plain(json.loads(value["plaintext"]))
        return {key: _plain(item) for key, item in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _without_pulumi(manifest: Manifest) -> Manifest:
    metadata = dict(manifest["metadata"])
    annotations = {key: value for key, value in metadata.pop("annotations", {}).items() if not key.startswith(_PULUMI)}
    return {**manifest, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}
