"""The catalogues of controls: loaded, in step with the list of BSI's requirements, and every check answers one."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from einklang import inventory
from einklang.errors import UserError
from einklang.model.control import Catalogue, Control
from einklang.operations.audit.checks import ALL
from einklang.operations.audit.judge import controls_by_check
from einklang.settings import PROJECT_ROOT

CATALOGUES = inventory.controls(PROJECT_ROOT)
GRUNDSCHUTZ = CATALOGUES["bsi-grundschutz-2023"]
LIST = Path(__file__).parent / "data" / "grundschutz-2023.csv"
"""IDs, titles and classes, from two public cross-reference lists of the edition."""


def rows() -> list[dict[str, str]]:
    with LIST.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


def differences(catalogue: Catalogue) -> list[str]:
    """What of the list the catalogue does not say, or says otherwise."""
    wanted = {row["id"]: row for row in rows()}
    found = [f"{identifier}: not in the list" for identifier in catalogue.controls if identifier not in wanted]
    for identifier, row in wanted.items():
        control = catalogue.controls.get(identifier)
        if control is None:
            found.append(f"{identifier}: missing")
        elif row["title"] != control.title:
            found.append(f"{identifier}: {control.title}")
        elif (control.level or "") != row["class"]:
            found.append(f"{identifier}: class {control.level}")
        if row["edition"] != catalogue.edition:
            found.append(f"{identifier}: edition {catalogue.edition}")
    return found


def test_ids_titles_classes_and_edition_agree_with_the_list() -> None:
    assert len(rows()) == len({row["id"] for row in rows()}) == 44
    assert differences(GRUNDSCHUTZ) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"edition": "2022"},
        {"controls": {**GRUNDSCHUTZ.controls, "APP.4.4.A99": GRUNDSCHUTZ.controls["APP.4.4.A1"]}},
        {"controls": {key: value for key, value in GRUNDSCHUTZ.controls.items() if key != "APP.4.4.A4"}},
        {"controls": {**GRUNDSCHUTZ.controls, "APP.4.4.A4": GRUNDSCHUTZ.controls["APP.4.4.A7"]}},
        {"controls": {**GRUNDSCHUTZ.controls, "APP.4.4.A4": Control(title="Separierung von Pods", checks=("a",))}},
    ],
)
def test_a_wrong_catalogue_is_noticed(changed: dict[str, object]) -> None:
    assert differences(GRUNDSCHUTZ.model_copy(update=changed))


def test_the_standard_and_the_catalogue_name_the_same_controls() -> None:
    for standard in inventory.load(PROJECT_ROOT, today=date(2026, 11, 23)).standards.values():
        assert standard.grundschutz_edition == GRUNDSCHUTZ.edition
        assert set(standard.controls) == set(GRUNDSCHUTZ.controls)


def test_every_check_answers_a_control_and_every_named_check_exists() -> None:
    assert set(controls_by_check(CATALOGUES)) == set(ALL)


def test_an_id_stands_in_one_catalogue() -> None:
    identifiers = [identifier for catalogue in CATALOGUES.values() for identifier in catalogue.controls]
    assert len(identifiers) == len(set(identifiers))


def test_what_is_not_automatic_has_its_reason() -> None:
    for catalogue in CATALOGUES.values():
        for identifier, control in catalogue.controls.items():
            assert control.checks or len((control.not_automatic or "").split()) > 5, identifier


def test_the_retired_benchmarks_are_all_there() -> None:
    """19 with an ID, and five that were announced and never written."""
    identifiers = list(CATALOGUES["multi-tenancy-benchmarks"].controls)
    assert len([each for each in identifiers if re.match(r"MTB-PL[12]-", each)]) == 19
    assert len([each for each in identifiers if each.startswith("MTB-X ")]) == 5


def test_section_5_of_the_benchmark_is_complete() -> None:
    sections = {"5.1": 13, "5.2": 13, "5.3": 2, "5.4": 2, "5.5": 1, "5.6": 4}
    wanted = {f"CIS-{section}.{number}" for section, last in sections.items() for number in range(1, last + 1)}
    assert set(CATALOGUES["cis-kubernetes-1.11"].controls) == wanted


GOOD = """\
name: Name
publisher: Somebody
edition: "1"
evidence_days: 1
controls:
  A.1: {title: Titel, checks: [a-check]}
"""


def written(root: Path, text: str) -> Path:
    (root / "standards" / "controls").mkdir(parents=True)
    (root / "standards" / "controls" / "a.yaml").write_text(text, encoding="utf-8")
    return root


def test_a_catalogue_is_read(tmp_path: Path) -> None:
    assert inventory.controls(written(tmp_path, GOOD))["a"].controls["A.1"].checks == ("a-check",)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (GOOD.replace(", checks: [a-check]", ""), "a.yaml:6"),
        (GOOD.replace("title: Titel", "title: 7"), "a.yaml:6"),
        (GOOD.replace("edition:", "version:"), "a.yaml:3"),
        (GOOD + "controls: {}\n", "a.yaml:7"),
        (GOOD.replace("[a-check]", "[A Check]"), "a.yaml:6"),
    ],
)
def test_a_broken_catalogue_is_refused_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(UserError, match=place):
        inventory.controls(written(tmp_path, text))


def test_no_catalogue_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no catalogue"):
        inventory.controls(tmp_path)
