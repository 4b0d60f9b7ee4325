"""Upstream manifests that the platform stack applies, put where it looks for them.

They come with the toolchain's Go modules, pinned by `go.sum`; an association that keeps its own copies names their
folder in the setting `einklang:manifests`.
"""

from __future__ import annotations

from pathlib import Path

from einklang.operations.local.toolchain import Toolchain
from einklang.settings import Settings


def place(settings: Settings, toolchain: Toolchain) -> None:
    """Write `cloudnative-pg.yaml` and `gateway-api.yaml` into `settings.manifests` where they differ."""
    operator = sorted(toolchain.share("cloudnative-pg").glob("cnpg-*.yaml"))
    gateway = sorted((toolchain.share("traefik") / "gateway-api").glob("*.yaml"))
    settings.manifests.mkdir(parents=True, exist_ok=True)
    _join(operator, settings.manifests / "cloudnative-pg.yaml")
    _join(gateway, settings.manifests / "gateway-api.yaml")


def _join(parts: list[Path], target: Path) -> None:
    text = "\n---\n".join(part.read_text() for part in parts)
    if not target.exists() or target.read_text() != text:
        temporary = target.with_suffix(".new")
        temporary.write_text(text)
        temporary.replace(target)
