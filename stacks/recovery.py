"""Secrets that `einklang recover` brings back: they are made with what was saved, not with something new.

EINKLANG_SAVED_SECRETS: JSON, name of a Secret -> its `data`, as the last state had it (docs/adr/0020).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi

SAVED_SECRETS = "EINKLANG_SAVED_SECRETS"
_SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type of resources


def transformations(environ: Mapping[str, str]) -> list[pulumi.ResourceTransformation]:
    """Let Secrets be made with their saved content; none where nothing is saved.

    What exists already keeps what it has, whatever stands here: its content is generated once (modules/kubernetes.py).
    """
    saved: Mapping[str, Mapping[str, str]] = json.loads(environ.get(SAVED_SECRETS) or "{}")

    def fill(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != _SECRET:
            return None
        metadata: Any = args.props["metadata"]
        content = saved.get(metadata["name"])
        if content is None:
            return None
        return pulumi.ResourceTransformationResult({**args.props, "data": pulumi.Output.secret(content)}, args.opts)

    return [fill] if saved else []
