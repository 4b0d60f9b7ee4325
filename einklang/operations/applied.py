"""What a tenant's stack remembers of the file that it was applied from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from einklang.model.tenant import Tenant

OUTPUT = "tenant"
"""The output of a tenant's stack that holds its file as it was applied."""


def remembered(outputs: Mapping[str, Any]) -> Tenant | None:
    """The tenant; None where the stack was applied by a version that kept none, or that wrote files differently."""
    text = outputs.get(OUTPUT)
    if not isinstance(text, str):
        return None
    try:
        return Tenant.model_validate_json(text)
    except ValidationError:
        return None
