"""Hostile proposals: each is refused with a message that says why, or does no harm. Nothing of them is ever run."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from einklang.clients.git import Git
from einklang.model.messages import Language
from einklang.operations.answer import answer
from tests.unit.repository import commit_tree, git, make_repository
from tests.unit.tenant_folder import GOOD, TODAY, other

FILE, LINK, PROGRAM, SUBMODULE = "100644", "120000", "100755", "160000"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg">%s</svg>'
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c]\nname: *d\n"
FOREVER = "approvals: [{module: dms, reason: Wir wollen das so., approved_by: Ich, until: 2031-01-01}]\n"
SECOND = other("attendorn", "05966004")
FIRST = other("olpe", "05966024")


class Case(NamedTuple):
    """A proposal and what it gets: words of the answer. refused: it cannot be merged."""

    what: str
    entries: Mapping[str, tuple[str, bytes]]
    words: tuple[str, ...]
    refused: bool = True


def tenant(text: str, name: str = "olpe") -> Mapping[str, tuple[str, bytes]]:
    return {f"tenants/{name}.yaml": (FILE, text.encode())}


def edit(old: str, new: str) -> Mapping[str, tuple[str, bytes]]:
    assert old in GOOD
    return tenant(GOOD.replace(old, new))


def second(old: str, new: str) -> Mapping[str, tuple[str, bytes]]:
    assert old in SECOND
    return tenant(SECOND.replace(old, new), "attendorn")


def pointed_out(what: str, path: str, content: bytes, mode: str = FILE) -> Case:
    """A file that does nothing here, because nothing of the proposal is run; the answer names it."""
    return Case(what, {path: (mode, content)}, (f"`{path}`", "keiner Kommune"), refused=False)


def logo(content: bytes, name: str = "olpe.svg", mode: str = FILE) -> Mapping[str, tuple[str, bytes]]:
    return {f"tenants/logos/{name}": (mode, content)}


CASES = [
    # Paths and links
    Case("link to a file of the machine", {"tenants/x.yaml": (LINK, b"/etc/passwd")}, ("Verknüpfung",)),
    Case("link to a secret beside it", {"tenants/x.yaml": (LINK, b"../.git/config")}, ("Verknüpfung",)),
    Case("tenant file becomes a link", {"tenants/olpe.yaml": (LINK, b"/proc/self/environ")}, ("Verknüpfung",)),
    Case("logo that is a link", logo(b"/etc/shadow", mode=LINK), ("Verknüpfung",)),
    Case("standard that is a link", {"standards/2099.1.yaml": (LINK, b"/etc/passwd")}, ("Verknüpfung",)),
    Case("submodule in place of a tenant", {"tenants/x.yaml": (SUBMODULE, b"")}, ("Verknüpfung",)),
    Case("logo out of the folder", edit("logos/olpe.svg", "../../etc/passwd.svg"), ("im Ordner tenants/",)),
    Case("absolute logo", edit("logos/olpe.svg", "/etc/passwd.svg"), ("im Ordner tenants/",)),
    Case("id that climbs", edit("id: olpe", "id: ../../modules"), ("kleine Buchstaben",)),
    Case("file name that is an option", {"tenants/--help.yaml": (FILE, b"x: 1")}, ("Dateiname",)),
    Case("file name with a line break", {"tenants/a\nb.yaml": (FILE, b"x: 1")}, ("Dateiname",)),
    Case("file name with markup", {"tenants/<img src=x>.yaml": (FILE, b"x: 1")}, ("Dateiname",)),
    # Size and YAML
    Case("huge file", tenant("#" * 300_000, "x"), ("65536",)),
    Case("ten million lines", tenant("a:\n" * 3_000_000, "x"), ("65536",)),
    Case("YAML bomb", tenant(BOMB, "x"), ("Verweis",)),
    Case("deep nesting", edit("[de, en]", "[" * 5000 + "]" * 5000), ("verschachtelt",)),
    Case("code by a tag", edit("name: Olpe", "name: !!python/object/apply:os.system [id]"), ("Ausrufezeichen",)),
    Case("second document", tenant(GOOD + "---\nid: x\n"), ("zweites Dokument",)),
    Case("duplicate key hides the first", edit("ring: pilot", "ring: pilot\nring: broad"), ("zweites Mal",)),
    Case("unknown key", edit("ring: pilot", "ring: pilot\npulumi: {protect: false}"), ("gibt es hier nicht",)),
    Case("invisible characters", edit("name: Olpe", "name: Ol\u202epe"), ("Steuerzeichen",)),
    Case("not UTF-8", {"tenants/x.yaml": (FILE, b"\xff\xfe\x00")}, ("UTF-16",)),
    # What is others'
    Case("id of another", tenant(SECOND.replace("id: attendorn", "id: olpe"), "attendorn"), ("die Datei",)),
    Case("address of another", second("www.attendorn.example", "www.olpe.example"), ("Domain",)),
    Case("domain of another", second("attendorn.example", "olpe.example"), ("anderer Mandant",)),
    Case("domain inside another's", second("attendorn.example", "x.olpe.example"), ("olpe.example",)),
    Case("AGS of another", second("05966004", "05966024"), ("anderer Mandant",)),
    Case("reserved id", tenant(FIRST.replace("id: olpe", "id: platform"), "platform"), ("für die Plattform belegt",)),
    Case("address of the cluster", edit("portal: www.olpe.example", "portal: kubernetes.default.svc"), ("Domain",)),
    Case("address by number", edit("domain: olpe.example", "domain: 169.254.169.254"), ("vollständiger Name",)),
    # Logos
    Case("script in a logo", logo(SVG % b"<script>alert(1)</script>"), ("script",)),
    Case("handler in a logo", logo(SVG % b'<path onload="alert(1)"/>'), ("onload",)),
    Case("logo that loads from elsewhere", logo(SVG % b'<use href="https://evil.example/x"/>'), ("evil.example",)),
    Case("entities in a logo", logo(b'<!DOCTYPE x [<!ENTITY a "aa">]>' + SVG % b"&a;"), ("DOCTYPE",)),
    # Data and rights
    Case("deletes documents", {}, ("Alle Dokumente der E-Akte", "fehlt eine gültige Genehmigung")),
    Case("approval for years", tenant(GOOD + FOREVER), ("Genehmigung gilt bis",)),
    Case("deletes the tenant's file", {}, ("Setzen Sie zuerst den Status auf leaving",)),
    Case("older standard that does not exist", edit('"2026.1"', '"1999.1"'), ("2026.1",)),
    # Program and workflows: harmless here, and pointed out
    pointed_out("changed workflow", ".github/workflows/requests.yml", b"on: push"),
    pointed_out("changed step", ".ci/requests/answer", b"#!/bin/sh\nenv", PROGRAM),
    pointed_out("changed program", "modules/tenant.py", b"import os"),
    pointed_out("changed template", "templates/front/page.css.j2", b"{{ x }}"),
    pointed_out("changed owners", ".github/CODEOWNERS", b"* @mallory"),
    pointed_out("Git's own settings", ".gitattributes", b"* diff=evil filter=evil"),
    pointed_out("hidden tenant file", "tenants/.hidden.yaml", b"x: 1"),
]  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository")


def proposed(root: Path, case: Case) -> str:
    if case.what == "deletes documents":
        git(root, "checkout", "-q", "main")
        with_dms = GOOD.replace("dms: {enabled: false}", "dms: {enabled: true}").encode()
        git(root, "update-ref", "refs/heads/main", commit_tree(root, {"tenants/olpe.yaml": (FILE, with_dms)}))
        return commit_tree(root, tenant(GOOD))  # type: ignore[arg-type]
    if case.what == "deletes the tenant's file":
        git(root, "rm", "-q", "--cached", "tenants/olpe.yaml")
        return git(root, "commit-tree", git(root, "write-tree"), "-p", "main", "-m", "Delete")
    if case.what == "submodule in place of a tenant":
        git(root, "update-index", "--add", "--cacheinfo", f"{SUBMODULE},{'1' * 40},tenants/x.yaml")
        return git(root, "commit-tree", git(root, "write-tree"), "-p", "main", "-m", "Submodule")
    return commit_tree(root, dict(case.entries))


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_hostile_proposal(root: Path, case: Case) -> None:
    head = proposed(root, case)
    git(root, "reset", "-q")
    told = answer(Git(root, os.environ), root, "main", head, TODAY, Language.GERMAN)
    assert told.well is not case.refused, told.text
    for words in case.words:
        assert words in told.text, told.text
    assert len(told.text.encode()) < 65_536
    # What a stranger wrote is in code spans only: no markup, no mention, no control character gets out.
    outside = re.sub(r"`[^`\n]*`", "", told.text)
    for mark in ("<img", "<script", "onload", "@mallory", "http", "\x1b", "\u202e"):
        assert mark not in outside


def test_many_mistakes_still_make_one_comment(root: Path) -> None:
    wrong = "\n".join(f"{'k' * 60}{number}: {'ä' * 60}" for number in range(300))
    head = commit_tree(root, {f"tenants/t{number}.yaml": (FILE, wrong.encode()) for number in range(20)})
    told = answer(Git(root, os.environ), root, "main", head, TODAY, Language.GERMAN)
    assert not told.well
    assert 40_000 < len(told.text.encode()) <= 60_000
    assert re.search(r"… und \d{4,} weitere\n$", told.text)


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 30
    assert len({case.what for case in CASES}) == len(CASES)


def test_a_good_proposal_is_answered(root: Path) -> None:
    head = commit_tree(root, dict(tenant(SECOND, "attendorn")))
    told = answer(Git(root, os.environ), root, "main", head, TODAY, Language.GERMAN)
    assert told.well
    assert "Ein Bürgerportal unter `www.attendorn.example`" in told.text
    assert not (root / "tenants" / "attendorn.yaml").exists()
