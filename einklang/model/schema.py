"""The JSON Schema of a tenant file, generated from the model: what editors complete and check by."""

from __future__ import annotations

import json
from typing import Any

from einklang.model.tenant import Tenant

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def tenant_schema() -> dict[str, Any]:
    """The schema as data. It says what one file alone can show; `einklang validate` knows more."""
    schema = Tenant.model_json_schema()
    definitions: dict[str, dict[str, Any]] = schema["$defs"]
    # The model has every hostname, because it fills those that a file leaves out
    schema["required"].remove("hostnames")
    del definitions["Hostnames"]["required"]
    for part in (schema, *definitions.values()):
        # The docstrings of the classes are for engineers; the descriptions of the fields stay
        part.pop("description", None)
        _drop_titles(part)
    head = {"$schema": DIALECT, "title": "Mandant", "description": "Eine Kommune. Erläuterung: tenants/README.md"}
    return {**head, **schema}


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(tenant_schema(), indent=2, ensure_ascii=False) + "\n"


def _drop_titles(part: dict[str, Any]) -> None:
    """Remove the titles that are only the names of keys again."""
    part.pop("title", None)
    for field in part.get("properties", {}).values():
        field.pop("title", None)
