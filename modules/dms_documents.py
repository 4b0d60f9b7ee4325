"""The document that the set-up job brings into a tenant's document management."""

from __future__ import annotations

import json
from pathlib import Path

from einklang.model.resolved import ResolvedTenant
from einklang.rendering import render


def setup_document(templates: Path, resolved: ResolvedTenant) -> str:
    """Roles, file plan, document types and the rest as strict JSON, without secrets; keys sorted."""
    text = render(
        templates / "dms",
        "setup.json.j2",
        tenant=resolved.tenant,
        standard=resolved.standard.modules.dms,
        retention_classes=resolved.standard.retention_classes,
    )
    return json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False)
