"""`einklang schema`: write what is generated from the models."""

from __future__ import annotations

import os
from pathlib import Path

import click

from einklang.model.reference import reference_text
from einklang.model.schema import schema_text
from einklang.settings import Settings

GENERATED = {
    "tenants/tenant.schema.json": schema_text,
    "docs/municipalities/felder.md": reference_text,
}
"""Committed file -> what its text comes from; a test compares them."""


@click.command("schema")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), help="The checkout.")
def command(root: Path | None) -> None:
    """Write the tenant file's JSON Schema and its reference table again."""
    base = root or Settings.from_environment(os.environ).root
    for name, text in GENERATED.items():
        (base / name).write_text(text(), encoding="utf-8")
        click.echo(name)
