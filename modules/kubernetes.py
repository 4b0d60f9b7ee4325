"""One Kubernetes object as a Pulumi resource, from the manifest as Kubernetes knows it.

The generated classes of pulumi_kubernetes say the same with other names, and importing the API groups that a tenant
needs takes a second at every `pulumi up`; the provider, its diffs and its waiting are the same either way
(docs/operators/performance.md).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

Manifest = Mapping[str, Any]

# One field manager for all our runs: what a killed run has applied, the next one takes over without a conflict.
_ANNOTATIONS = {"pulumi.com/patchFieldManager": "einklang", "pulumi.com/patchForce": "true"}

OLD_ONES_FIRST = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "100%"}}
"""A Deployment's strategy: all old pods are stopped before new ones start. The type `Recreate` says the same, but then
Pulumi takes the old ReplicaSet, when it has no pods any more, for the new one that is ready, and does not wait
(pulumi-kubernetes 4.25, pkg/await/deployment.go)."""


def unawaited(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """The options, and nobody waits for Deployments below: one that is made without pods is never ready for Pulumi."""

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        properties: dict[str, Any] = {**args.props}
        if args.type_.endswith(":Deployment"):
            metadata = properties["metadata"]
            annotations = {**metadata["annotations"], "pulumi.com/skipAwait": "true"}
            properties["metadata"] = {**metadata, "annotations": annotations}
        return pulumi.ResourceTransformationResult(properties, args.opts)

    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=[transform]))


class Object(pulumi.CustomResource):
    """A Kubernetes object. Its Pulumi name is `kind/name` unless `name` says otherwise.

    manifest: apiVersion, kind, metadata with an explicit name (so that creating is repeating safe), and the rest.

    A Secret is given with `stringData`. Its content is generated once: each run of the program computes other values,
    and the first ones stay. It is a Pulumi secret: encrypted in the state, never shown.
    """

    def __init__(self, manifest: Manifest, opts: pulumi.ResourceOptions, *, name: str | None = None) -> None:
        kind, metadata = manifest["kind"], dict(manifest["metadata"])
        metadata["annotations"] = {**_ANNOTATIONS, **metadata.get("annotations", {})}
        properties = {**manifest, "metadata": metadata}
        if kind == "Secret":
            properties["data"] = pulumi.Output.secret(_encoded(properties.pop("stringData")))
            kept = pulumi.ResourceOptions(ignore_changes=["data"], additional_secret_outputs=["data"])
            opts = pulumi.ResourceOptions.merge(opts, kept)
        super().__init__(_token(manifest), name or f"{kind.lower()}/{metadata['name']}", properties, opts)


class Existing(pulumi.CustomResource):
    """An object that somebody else made, read at every run. parts: the top-level fields to read."""

    def __init__(self, api_version: str, kind: str, identifier: str, parts: Sequence[str], opts: Any) -> None:
        token = _token({"apiVersion": api_version, "kind": kind})
        read = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=identifier))
        super().__init__(token, f"existing/{kind.lower()}/{identifier}", dict.fromkeys(parts), read)

    def part(self, name: str) -> pulumi.Output[Any]:
        """One of the fields that were read."""
        return pulumi.Output.from_input(pulumi.get(self, name))


def _encoded(content: Mapping[str, str]) -> dict[str, str]:
    # The provider would turn stringData into data by itself, and what is ignored has to have the name it has there.
    return {key: base64.b64encode(value.encode()).decode() for key, value in content.items()}


def _token(manifest: Manifest) -> str:
    version = manifest["apiVersion"]
    return f"kubernetes:{version if '/' in version else f'core/{version}'}:{manifest['kind']}"
