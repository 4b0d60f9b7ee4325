"""The reference table of the tenant file in German, generated from the schema."""

from __future__ import annotations

from typing import Any

from einklang.model.schema import tenant_schema

_HEAD = """\
# Alle Angaben einer Mandantendatei

<!-- Erzeugt von `einklang schema` aus den Modellen. Nicht von Hand ändern. -->

Eine Mandantendatei beschreibt eine Kommune. Wie man sie schreibt: [tenants/README.md](../../tenants/README.md).
„Pflicht“ heißt: Die Angabe muss in der Datei stehen. Ein Punkt im Namen heißt: eine Ebene eingerückt. `[]` heißt: in
jedem Eintrag einer Liste.

| Angabe | Pflicht | Werte | Bedeutung |
|---|---|---|---|
"""
_TYPES = {"string": "Text", "integer": "ganze Zahl", "boolean": "`true` oder `false`", "array": "Liste"}


def reference_text() -> str:
    """The table as Markdown."""
    schema = tenant_schema()
    return _HEAD + "".join(_rows(schema, schema["$defs"], ""))


def _rows(part: dict[str, Any], definitions: dict[str, Any], prefix: str) -> list[str]:
    rows: list[str] = []
    for key, field in part["properties"].items():
        whole = _whole(field, definitions)
        required = "ja" if key in part.get("required", ()) else "nein"
        rows.append(f"| `{prefix}{key}` | {required} | {_values(whole, definitions)} | {field['description']} |\n")
        inner, step = (_whole(whole["items"], definitions), "[].") if "items" in whole else (whole, ".")
        if "properties" in inner:
            rows += _rows(inner, definitions, f"{prefix}{key}{step}")
    return rows


def _whole(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The field with what it refers to, and without the `null` of what may be left out."""
    if "anyOf" in field:
        field = {**field, **next(choice for choice in field["anyOf"] if choice.get("type") != "null")}
    if "$ref" in field:
        return {**definitions[field["$ref"].rpartition("/")[2]], **field}
    return field


def _values(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "properties" in field:
        return "Gruppe"
    if "items" in field:
        items = _whole(field["items"], definitions)
        return f"Liste: {_values(items, definitions)}"
    text = "Datum" if field.get("format") == "date" else _TYPES[field["type"]]
    if "minimum" in field:
        text += f", {field['minimum']} bis {field['maximum']}"
    default = field.get("default")
    return text if default is None else f"{text}; ohne Angabe `{str(default).lower()}`"
