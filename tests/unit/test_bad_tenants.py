"""Bad tenant files: each gets one clear message at the right place, in German and in English."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from einklang.model.messages import Language, render

from .tenant_folder import GOOD, make_root, places, problems, write


class Edit(NamedTuple):
    """One change to the good file and the one problem it must lead to."""

    what: str
    old: str
    new: str
    code: str
    line: int
    column: int
    key: str = ""
    suggestion: str = ""


NESTED = "[" * 30 + "]" * 30
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nname: *c"

EDITS = [
    # YAML that means different things to different programs
    Edit("AGS as octal number", '"05966024"', "05966024", "ambiguous-number", 4, 6, "ags", '"05966024"'),
    Edit("AGS that is octal", '"05966024"', "05111000", "ambiguous-number", 4, 6, "ags"),
    Edit("AGS that lost its text type", '"05966024"', "12065136", "text-expected", 4, 6, "ags", '"12065136"'),
    Edit("standard as decimal number", '"2026.1"', "2026.1", "text-expected", 7, 11, "standard", '"2026.1"'),
    Edit("Norway", "[de, en]", "[de, no]", "ambiguous-boolean", 21, 17, "languages[2]"),
    Edit("yes", "portal: {enabled: true}", "portal: {enabled: yes}", "ambiguous-boolean", 23, 21),
    Edit("Off", "portal: {enabled: true}", "portal: {enabled: Off}", "ambiguous-boolean", 23, 21),
    Edit("on as name", "name: Olpe", "name: on", "ambiguous-boolean", 3, 7, "name"),
    Edit("true as name", "name: Olpe", "name: true", "text-expected", 3, 7, "name", '"true"'),
    Edit("quoted boolean", "portal: {enabled: true}", 'portal: {enabled: "true"}', "boolean-expected", 23, 21),
    Edit("number as boolean", "portal: {enabled: true}", "portal: {enabled: 1}", "boolean-expected", 23, 21),
    Edit("base 60", "name: Olpe", "name: 12:30:45", "ambiguous-number", 3, 7, "name"),
    Edit("hexadecimal", "population: 25036", "population: 0x61cc", "ambiguous-number", 6, 13, "population"),
    Edit("underscores", "population: 25036", "population: 25_036", "ambiguous-number", 6, 13, "population", "25036"),
    Edit("exponent", "population: 25036", "population: 2.5e4", "ambiguous-number", 6, 13, "population"),
    Edit("not a number", "population: 25036", "population: .nan", "ambiguous-number", 6, 13, "population"),
    Edit("plus sign", "population: 25036", "population: +25036", "ambiguous-number", 6, 13, "population"),
    Edit("thousand digits", "population: 25036", "population: " + "9" * 5000, "ambiguous-number", 6, 13, "population"),
    Edit("date as name", "name: Olpe", "name: 2026-11-23", "text-expected", 3, 7, "name", '"2026-11-23"'),
    Edit("short date", "2027-01-31", "2027-1-31", "ambiguous-date", 28, 104, "exceptions[1].expires"),
    Edit("date with time", "2027-01-31", "2027-01-31 12:00", "ambiguous-date", 28, 104, "exceptions[1].expires"),
    Edit("day that does not exist", "2027-01-31", "2027-02-30", "date-expected", 28, 104, "exceptions[1].expires"),
    Edit("quoted, not existing", "2027-01-31", '"2027-02-30"', "date-expected", 28, 104, "exceptions[1].expires"),
    Edit("German date", "2027-01-31", "31.01.2027", "date-expected", 28, 104, "exceptions[1].expires"),
    # YAML that is more than data
    Edit("anchor", "name: Olpe", "name: &n Olpe", "anchor", 3, 7, "name"),
    Edit("alias", "name: Olpe", "name: *n", "alias", 3, 7, "name"),
    Edit("alias in place of a group", "backup: {class: standard}", "backup: *b", "alias", 26, 9, "backup"),
    Edit("merge key", "dms: {enabled: false}", "dms: {enabled: false, <<: {}}", "merge-key", 24, 25),
    Edit("custom tag", "name: Olpe", "name: !secret Olpe", "custom-tag", 3, 7, "name"),
    Edit("Python tag", "name: Olpe", "name: !!python/object/apply:os.system [ls]", "custom-tag", 3, 7, "name"),
    Edit("string tag", 'ags: "05966024"', "ags: !!str 05966024", "custom-tag", 4, 6, "ags"),
    Edit("undeclared tag handle", "name: Olpe", "name: !e!x Olpe", "custom-tag", 3, 7),
    Edit("two documents", "backup:", "---\nbackup:", "several-documents", 26, 1),
    Edit("directive", "schema: 1", "%YAML 1.1\n---\nschema: 1", "directive", 1, 1),
    Edit("deep nesting", "[de, en]", NESTED, "too-deep", 21, 28),
    Edit("list as key", "name: Olpe", "name: Olpe\n? [a, b]\n: c", "key-not-text", 4, 3),
    Edit("empty key", "name: Olpe", 'name: Olpe\n"": c', "key-not-text", 4, 1),
    Edit("duplicate key", "ring: pilot", "ring: pilot\nname: Olpe", "duplicate-key", 9, 1, "name"),
    Edit("duplicate key inside", "{enabled: false}", "{enabled: false, enabled: true}", "duplicate-key", 24, 25),
    # Syntax
    Edit("tab as indentation", "  portal: www", "\tportal: www", "tab", 12, 1),
    Edit("tab after the colon", "name: Olpe", "name:\tOlpe", "tab", 3, 6),
    Edit("tab behind blanks", "  portal: www", "  \tportal: www", "tab", 12, 3),
    Edit("colon in text", "name: Olpe", "name: Stadt: Olpe", "syntax-colon", 3, 12),
    Edit("colon left out", "name: Olpe", "name Olpe", "syntax-colon", 3, 1),
    Edit("no blank after the colon", "name: Olpe", "name:Olpe", "syntax-colon", 3, 1),
    Edit("one blank too many", "ring: pilot", " ring: pilot", "syntax-indentation", 8, 2),
    Edit("one blank too few", '  on_primary: "', ' on_primary: "', "syntax-indentation", 19, 2),
    Edit("quotation mark left open", "name: Olpe", 'name: "Olpe', "syntax-quote", 4, 7),
    Edit("last quotation mark left open", 'to: "12:30"', 'to: "12:30', "syntax-quote", 30, 53),
    Edit("backslash", "name: Olpe", 'name: "C:\\Olpe"', "syntax-quote", 3, 11),
    Edit("bracket left open", "[de, en]", "[de, en", "syntax-bracket", 22, 8),
    Edit("block text with something behind", "name: Olpe", "name: |x", "syntax", 3, 8),
    Edit("at sign", "name: Olpe", "name: @Olpe", "syntax-character", 3, 7),
    # Characters
    Edit("NUL", "name: Olpe", "name: Ol\0pe", "control-character", 3, 9),
    Edit("escape character", "name: Olpe", "name: Ol\x1bpe", "control-character", 3, 9),
    Edit("writing direction", "name: Olpe", "name: Ol\u202epe", "control-character", 3, 9),
    Edit("zero width", "olpe.example\nhost", "olpe.exam\u200bple\nhost", "control-character", 10, 18),
    Edit("escaped NUL", "name: Olpe", 'name: "Ol\\0pe"', "control-character", 3, 7, "name"),
    Edit("escaped half character", "name: Olpe", 'name: "Ol\\ud800pe"', "control-character", 3, 7, "name"),
    # Shape
    Edit("unknown key", "ring: pilot", "rimg: pilot\nring: pilot", "key-unknown", 8, 1, "rimg", "ring"),
    Edit(
        "unknown key inside",
        '  on_primary: "',
        '  onprimary: 1\n  on_primary: "',
        "key-unknown",
        19,
        3,
        "branding.onprimary",
    ),
    Edit("missing key", "ring: pilot\n", "", "key-missing", 1, 1, "ring"),
    Edit("missing key inside", '  on_primary: "#ffffff"\n', "", "key-missing", 17, 1, "branding.on_primary"),
    Edit("missing value", "name: Olpe", "name:", "value-missing", 3, 6, "name"),
    Edit("tilde", "name: Olpe", "name: ~", "value-missing", 3, 7, "name"),
    Edit("text in place of a group", "{class: standard}", "standard", "mapping-expected", 26, 9, "backup"),
    Edit("list in place of a group", "{class: standard}", "[standard]", "mapping-expected", 26, 9, "backup"),
    Edit("text in place of a list", "[de, en]", "de", "list-expected", 21, 12, "languages"),
    Edit("group in place of a list", "[de, en]", "{de: en}", "list-expected", 21, 12, "languages"),
    Edit("list in place of text", "name: Olpe", "name: [Olpe]", "text-expected", 3, 7, "name"),
    Edit("quoted number", "population: 25036", 'population: "25036"', "whole-number-expected", 6, 13, "population"),
    Edit("thousands point", "population: 25036", "population: 25.036", "whole-number-expected", 6, 13, "population"),
    Edit("boolean as number", "population: 25036", "population: true", "whole-number-expected", 6, 13, "population"),
    Edit("no inhabitants", "population: 25036", "population: 0", "number-too-small", 6, 13, "population"),
    Edit("too many inhabitants", "population: 25036", "population: 84000000", "number-too-large", 6, 13, "population"),
    Edit("misspelt choice", "ring: pilot", "ring: pilott", "choice", 8, 7, "ring", "pilot"),
    Edit("choice in capitals", "status: active", "status: Active", "choice", 9, 9, "status", "active"),
    Edit("unknown language", "[de, en]", "[de, fr]", "choice", 21, 17, "languages[2]"),
    Edit("language twice", "[de, en]", "[de, de]", "repeated", 21, 12, "languages"),
    Edit("no language", "[de, en]", "[]", "too-short", 21, 12, "languages"),
    Edit("long name", "name: Olpe", f"name: {'O' * 101}", "too-long", 3, 7, "name"),
    Edit("empty name", "name: Olpe", 'name: ""', "too-short", 3, 7, "name"),
    Edit("blank name", "name: Olpe", 'name: "  "', "value-missing", 3, 7, "name"),
    Edit("blank at the end", "name: Olpe", 'name: "Olpe "', "whitespace", 3, 7, "name", '"Olpe"'),
    Edit("name of two lines", "name: Olpe", "name: |-\n  Kreisstadt\n  Olpe", "whitespace", 3, 7, "name"),
    # Meaning
    Edit("other schema version", "schema: 1", "schema: 2", "choice", 1, 9, "schema"),
    Edit("id with capital", "id: olpe", "id: Olpe", "id-form", 2, 5, "id"),
    Edit("id with umlaut", "id: olpe", "id: ölpe", "id-form", 2, 5, "id"),
    Edit("id too long", "id: olpe", f"id: {'o' * 41}", "id-form", 2, 5, "id"),
    Edit("id of the platform", "id: olpe", "id: platform", "id-reserved", 2, 5, "id"),
    Edit("id of Kubernetes", "id: olpe", "id: kube-olpe", "id-reserved", 2, 5, "id"),
    Edit("id is not the file name", "id: olpe", "id: olpe-2", "id-not-file-name", 2, 5, "id"),
    Edit("AGS too short", '"05966024"', '"5966024"', "ags-form", 4, 6, "ags"),
    Edit("AGS with other digits", '"05966024"', '"٠٥٩٦٦٠٢٤"', "ags-form", 4, 6, "ags"),
    Edit("AGS of no state", '"05966024"', '"17966024"', "ags-state", 4, 6, "ags"),
    Edit("AGS of no region", '"05966024"', '"05866024"', "ags-district", 4, 6, "ags"),
    Edit("AGS of no district", '"05966024"', '"05967024"', "ags-district", 4, 6, "ags"),
    Edit("AGS of a district", '"05966024"', '"05966000"', "ags-municipality", 4, 6, "ags"),
    Edit("AGS inside an independent city", '"05966024"', '"05914024"', "ags-municipality", 4, 6, "ags"),
    Edit("ARS too short", '"059660024024"', '"05966024"', "ars-form", 5, 6, "ars"),
    Edit("ARS of another town", '"059660024024"', '"059660020020"', "ars-not-ags", 5, 6, "ars"),
    Edit("standard that does not exist", '"2026.1"', '"2026.2"', "standard-unknown", 7, 11, "standard", '"2026.1"'),
    Edit("standard of other form", '"2026.1"', '"latest"', "version-form", 7, 11, "standard"),
    Edit("domain with capital", "domain: olpe.example", "domain: Olpe.example", "hostname-form", 10, 9, "domain"),
    Edit("domain with scheme", "portal: www.", "portal: https://www.", "hostname-form", 12, 11, "hostnames.portal"),
    Edit("hostname with underscore", "portal: www.", "portal: www_1.", "hostname-form", 12, 11, "hostnames.portal"),
    Edit("hostname with dot at the end", "www.olpe.example", "www.olpe.example.", "hostname-form", 12, 11),
    Edit("hostname of one label", "www.olpe.example", "www", "hostname-form", 12, 11, "hostnames.portal"),
    Edit("address", "www.olpe.example", "192.168.0.1", "hostname-form", 12, 11, "hostnames.portal"),
    Edit("label too long", "www.olpe", f"{'w' * 64}.olpe", "hostname-form", 12, 11, "hostnames.portal"),
    Edit("foreign hostname", "www.olpe.example", "www.wenden.example", "hostname-outside-domain", 12, 11),
    Edit("look-alike hostname", "www.olpe.example", "www.not-olpe.example", "hostname-outside-domain", 12, 11),
    Edit("one hostname twice", "portal: www.", "portal: id.", "hostname-repeated", 12, 3, "hostnames.identity"),
    Edit("address without at", "it@olpe.example", "it.olpe.example", "email-form", 14, 41, "contacts.operations.email"),
    Edit("address with name", "it@olpe.example", '"IT <it@olpe.example>"', "email-form", 14, 41),
    Edit("national phone number", '"+49 30 23125 001"', '"030 23125 001"', "phone-form", 14, 65),
    Edit("phone number as number", '"+49 30 23125 001"', "493023125001", "text-expected", 14, 65),
    Edit("colour without quotation marks", '"#1a5c8e"', "#1a5c8e", "value-missing", 18, 11, "branding.primary"),
    Edit("colour by name", '"#1a5c8e"', "blue", "colour-form", 18, 12, "branding.primary"),
    Edit("short colour", '"#1a5c8e"', '"#15e"', "colour-form", 18, 12, "branding.primary"),
    Edit("link that is hard to read", '"#1a5c8e"', '"#ffcc00"', "contrast", 18, 12, "branding.primary"),
    Edit("text that is hard to read", '"#ffffff"', '"#5c8e1a"', "contrast", 19, 15, "branding.on_primary"),
    Edit("logo outside", "logos/olpe.svg", "../logos/olpe.svg", "logo-path", 20, 9, "branding.logo"),
    Edit("logo by absolute path", "logos/olpe.svg", "/etc/olpe.svg", "logo-path", 20, 9, "branding.logo"),
    Edit("logo of other format", "logos/olpe.svg", "logos/olpe.jpg", "logo-path", 20, 9, "branding.logo"),
    Edit("logo that does not exist", "logos/olpe.svg", "logos/wenden.svg", "not-found", 20, 9, "branding.logo"),
    Edit(
        "unknown service",
        "[hund-anmelden]",
        "[hund-anmeldn]",
        "service-unknown",
        25,
        12,
        "services[1]",
        "hund-anmelden",
    ),
    Edit("service of other form", "[hund-anmelden]", "[Hund anmelden]", "slug-form", 25, 12, "services[1]"),
    Edit(
        "unknown backup class", "{class: standard}", "{class: standart}", "backup-class-unknown", 26, 17, "", "standard"
    ),
    Edit(
        "file plan not offered",
        "dms: {enabled: false}",
        "dms: {enabled: false, file_plan: eigener}",
        "option-not-offered",
        24,
        36,
    ),
    # When and where citizens find the town hall
    Edit("time as base 60", '"08:00"', "08:00", "ambiguous-number", 30, 40, "opening_hours[1].from", '"08:00"'),
    Edit("time with one digit", '"08:00"', '"8:00"', "time-form", 30, 40, "opening_hours[1].from"),
    Edit("time with a word", '"08:00"', '"08:00 Uhr"', "time-form", 30, 40, "opening_hours[1].from"),
    Edit("midnight as 24", '"12:30"', '"24:00"', "time-form", 30, 53, "opening_hours[1].to"),
    Edit("closes before it opens", '"12:30"', '"07:30"', "time-order", 30, 53, "opening_hours[1].to"),
    Edit("English weekday", "[mo, di]", "[mo, tu]", "choice", 30, 29, "opening_hours[1].days[2]"),
    Edit("day twice", "[mo, di]", "[mo, mo]", "repeated", 30, 24, "opening_hours[1].days"),
    Edit("no day", "[mo, di]", "[]", "too-short", 30, 24, "opening_hours[1].days"),
    Edit("unknown key in the hours", "{days: [mo, di],", "{note: x, days: [mo, di],", "key-unknown", 30, 18),
    Edit("postal code as number", '"57462"', "57462", "text-expected", 29, 50, "address.postal_code", '"57462"'),
    Edit("postal code too short", '"57462"', '"5746"', "postal-code-form", 29, 50, "address.postal_code"),
    Edit("street of two lines", "Beispielstraße 1", '"Weg 1\\nOrt"', "whitespace", 29, 19, "address.street"),
    Edit("notice too long", "Am Rosenmontag ist geschlossen.", "x" * 301, "too-long", 31, 9, "notice"),
    Edit("unknown control", "APP.4.4.A7", "APP.4.4.A99", "control-unknown", 28, 15, "exceptions[1].control"),
    Edit("exception without reason", "Das Netz wird bis zum Winter umgebaut.", "folgt", "too-short", 28, 35),
    Edit(
        "approval for too long",
        "backup: {class: standard}",
        "backup: {class: standard}\n"
        "approvals: [{module: dms, reason: Akten sind übergeben., approved_by: Leitung, until: 2026-12-25}]",
        "approval-too-long",
        27,
        87,
        "approvals[1].until",
    ),
    Edit("expired exception", "2027-01-31", "2026-11-22", "exception-expired", 28, 104, "exceptions[1].expires"),
]

WHOLE = [
    ("empty file", b"", "empty", 1, 1),
    ("comments only", b"# nothing\n", "empty", 1, 1),
    ("document start only", b"---\n", "empty", 1, 1),
    ("text", b"olpe\n", "mapping-expected", 1, 1),
    ("list", b"- schema: 1\n", "mapping-expected", 1, 1),
    ("byte order mark", b"\xef\xbb\xbf" + GOOD.encode(), "bom", 1, 1),
    ("UTF-16", GOOD.encode("utf-16"), "bom", 1, 1),
    ("Latin-1", GOOD.replace("name: Olpe", "name: Kreisstädte").encode("latin-1"), "encoding", 3, 14),
    ("cut in a character", GOOD.encode() + "ä".encode()[:1], "encoding", 32, 1),
    ("more than 64 KiB", GOOD.encode() + b"#" * 65536, "too-large", 1, 1),
    ("10 MB", b"a: [" + b"x, " * 3_500_000 + b"]", "too-large", 1, 1),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_root(tmp_path_factory.mktemp("checkout"))


def test_the_good_file_is_good(root: Path) -> None:
    write(root, "olpe", GOOD)
    assert problems(root) == []


def test_the_table_is_long_enough() -> None:
    assert len(EDITS) + len(WHOLE) > 60
    assert len({edit.what for edit in EDITS}) == len(EDITS)


@pytest.mark.timeout(5)
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.what)
def test_edited_file(root: Path, edit: Edit) -> None:
    assert GOOD.count(edit.old) >= 1, "the edit changes nothing"
    write(root, "olpe", GOOD.replace(edit.old, edit.new, 1))
    found = problems(root)
    assert places(found) == [(edit.code, edit.line, edit.column)]
    assert found[0].file == "tenants/olpe.yaml"
    if edit.key:
        assert found[0].key == edit.key
    if edit.suggestion:
        assert found[0].suggestion == edit.suggestion
    _renders(found)


@pytest.mark.timeout(5)
@pytest.mark.parametrize(("what", "data", "code", "line", "column"), WHOLE, ids=[case[0] for case in WHOLE])
def test_whole_file(root: Path, what: str, data: bytes, code: str, line: int, column: int) -> None:
    del what
    write(root, "olpe", data)
    found = problems(root)
    assert places(found) == [(code, line, column)]
    _renders(found)


@pytest.mark.timeout(5)
def test_bomb_is_refused_before_it_grows(root: Path) -> None:
    write(root, "olpe", GOOD.replace("name: Olpe", BOMB))
    codes = [problem.code.value for problem in problems(root)]
    assert codes.count("anchor") == 3
    assert codes.count("alias") == 5


def test_all_errors_of_a_file_in_one_run(root: Path) -> None:
    text = GOOD.replace("pilot", "pilott").replace("25036", "0x1").replace("en]", "fr]").replace("#1a5c8e", "#ffcc00")
    write(root, "olpe", text)
    assert [problem.line for problem in problems(root)] == [6, 8, 18, 21]


def _renders(found: list[object]) -> None:
    german, english = (render(found[0], language) for language in Language)  # type: ignore[arg-type]
    assert german != english
    for text in (german, english):
        assert text.count("\n") >= 3, "found, expected and remedy"
        assert "{found}" not in text
        assert "{expected}" not in text
        assert "„“" not in text
        assert '""' not in text
