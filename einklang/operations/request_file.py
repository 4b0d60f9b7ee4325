"""A new tenant file: from a few answers to a complete, commented text that is valid."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from einklang import inventory
from einklang.inventory import Problem
from einklang.inventory.scalars import read_plain
from einklang.model import colour
from einklang.model.tenant import ID_LENGTH, ID_PATTERN
from einklang.rendering import render

_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_ADDITIONS = re.compile(r",.*|\(.*\)")  # `Olpe, Stadt` and `Neukirchen (Pleiße)` in the register
_BARE = re.compile(r"[A-Za-zÄÖÜäöüß][A-Za-zÄÖÜäöüß0-9@._-]*( [A-Za-zÄÖÜäöüß0-9._-]+)*")
PRIMARY = "#1a5c8e"


@dataclass(frozen=True)
class Answers:
    """What has to be known of a municipality. population: inhabitants. services: of the catalogue, by id."""

    ags: str
    name: str
    population: int
    domain: str
    contact_name: str
    contact_email: str
    contact_phone: str
    id: str = ""
    ars: str = ""
    ring: str = "broad"
    standard: str = ""
    primary: str = PRIMARY
    portal: bool = True
    dms: bool = True
    services: Sequence[str] = ()

    @property
    def tenant(self) -> str:
        """The tenant's id: as given, or from the name."""
        return self.id or id_of(self.name)


def id_of(name: str) -> str:
    """`Bad Berleburg, Stadt` -> `bad-berleburg`."""
    plain = _ADDITIONS.sub("", name).lower().translate(_LETTERS)
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:ID_LENGTH].strip("-")


def newest_standard(root: Path) -> str:
    """The newest version in standards/, empty where there is none."""
    versions = [path.stem for path in (root / "standards").glob("20*.yaml")]
    return max(versions, key=lambda version: [int(part) for part in version.split(".")], default="")


def text(answers: Answers, root: Path) -> str:
    """The tenant file. Values are quoted, whatever they hold: the check afterwards says what is wrong with them."""
    on_primary = colour.readable_on(answers.primary) if colour.is_colour(answers.primary) else colour.WHITE
    return render(
        root / "templates" / "request",
        "tenant.yaml.j2",
        id=_scalar(answers.tenant),
        name=_scalar(answers.name),
        ags=_quoted(answers.ags),
        ars=_quoted(answers.ars) if answers.ars else "",
        population=answers.population,
        standard=_quoted(answers.standard or newest_standard(root)),
        ring=_scalar(answers.ring),
        domain=_scalar(answers.domain),
        contact_name=_scalar(answers.contact_name),
        contact_email=_scalar(answers.contact_email),
        contact_phone=_quoted(answers.contact_phone),
        primary=_quoted(answers.primary),
        on_primary=_quoted(on_primary),
        portal=json.dumps(answers.portal),
        dms=json.dumps(answers.dms),
        file_plan="kommunal",
        services=", ".join(_scalar(service) for service in answers.services),
        backup="standard",
    )


def problems(content: str, tenant: str, root: Path, today: date) -> list[Problem]:
    """What is wrong with the file, against all others; checked as a draft, so that nothing has to be written before."""
    # What is no id must not become a path either; that it is none is among the problems.
    name = tenant if re.fullmatch(ID_PATTERN, tenant, re.ASCII) else "unnamed"
    with tempfile.TemporaryDirectory(prefix="einklang-new-") as folder:
        draft = Path(folder) / f"{name}.yaml"
        draft.write_text(content, encoding="utf-8")
        found = inventory.check_files([draft], root=root, today=today)
    return [replace(problem, file=f"tenants/{name}.yaml") for problem in found]


def _quoted(value: str) -> str:
    """A YAML text in quotation marks; JSON's strings are YAML's."""
    return json.dumps(value, ensure_ascii=False)


def _scalar(value: str) -> str:
    """Bare where every reader takes it for the same text."""
    bare = _BARE.fullmatch(value) and read_plain(value) == (value, None)
    return value if bare else _quoted(value)
