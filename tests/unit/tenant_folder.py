"""A checkout with one valid tenant, for tests that break it."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from einklang.inventory import check_files
from einklang.model.problem import Problem
from einklang.settings import PROJECT_ROOT

TODAY = date(2026, 11, 23)

GOOD = """\
schema: 1
id: olpe
name: Olpe
ags: "05966024"
ars: "059660024024"
population: 25036
standard: "2026.1"
ring: pilot
status: active
domain: olpe.example
hostnames:
  portal: www.olpe.example
contacts:
  operations: {name: IT-Dienste, email: it@olpe.example, phone: "+49 30 23125 001"}
  security: {name: Sicherheit, email: sicherheit@olpe.example, phone: "+49 30 23125 002"}
  data_protection: {name: Datenschutz, email: datenschutz@olpe.example, phone: "+49 30 23125 003"}
branding:
  primary: "#1a5c8e"
  on_primary: "#ffffff"
  logo: logos/olpe.svg
languages: [de, en]
modules:
  portal: {enabled: true}
  dms: {enabled: false}
services: [hund-anmelden]
backup: {class: standard}
exceptions:
  - {control: APP.4.4.A7, reason: Das Netz wird bis zum Winter umgebaut., owner: Netzbetrieb, expires: 2027-01-31}
address: {street: Beispielstraße 1, postal_code: "57462", city: Olpe}
opening_hours: [{days: [mo, di], from: "08:00", to: "12:30"}]
notice: Am Rosenmontag ist geschlossen.
"""


def make_root(folder: Path) -> Path:
    """A checkout with the project's standards, services and logos, and the good tenant."""
    for name in ("standards", "services"):
        shutil.copytree(PROJECT_ROOT / name, folder / name)
    shutil.copytree(PROJECT_ROOT / "tenants" / "logos", folder / "tenants" / "logos")
    write(folder, "olpe", GOOD)
    return folder


def write(root: Path, name: str, text: str | bytes) -> Path:
    """Write tenants/<name>.yaml."""
    path = root / "tenants" / f"{name}.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def other(name: str, ags: str) -> str:
    """A second good tenant that shares nothing with the first."""
    text = GOOD.replace("olpe", name).replace("Olpe", name.title()).replace(f"logos/{name}", "logos/olpe")
    return text.replace("05966024", ags).replace("059660024024", f"{ags[:5]}0{ags[5:]}{ags[5:]}")


def problems(root: Path, *paths: Path) -> list[Problem]:
    """All problems, or those of some files."""
    return check_files(paths or None, root=root, today=TODAY)


def places(found: list[Problem]) -> list[tuple[str, int, int]]:
    """What a test compares: code, line and column of each problem."""
    return [(problem.code.value, problem.line, problem.column) for problem in found]
