"""Checks over all files: what one tenant has, no other has."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from einklang.inventory import check_files

from .tenant_folder import GOOD, TODAY, make_root, other, problems, write

WENDEN = other("wenden", "05966028")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path)


def test_two_good_tenants(root: Path) -> None:
    write(root, "wenden", WENDEN)
    assert problems(root) == []


@pytest.mark.parametrize(
    ("old", "new", "key", "related_line"),
    [
        ("id: wenden", "id: olpe", "id", 2),
        ('ags: "05966028"', 'ags: "05966024"', "ags", 4),
        ("domain: wenden.example", "domain: olpe.example", "domain", 10),
    ],
)
def test_values_of_another_tenant(root: Path, old: str, new: str, key: str, related_line: int) -> None:
    write(root, "wenden", WENDEN.replace(old, new))
    found = [problem for problem in problems(root) if problem.code.value == "already-used"]
    assert [(problem.file, problem.key, problem.related) for problem in found] == [
        ("tenants/olpe.yaml", key, f"tenants/wenden.yaml:{related_line}"),
        ("tenants/wenden.yaml", key, f"tenants/olpe.yaml:{related_line}"),
    ]


def test_hostname_of_another_tenant(root: Path) -> None:
    write(root, "wenden", WENDEN.replace("www.wenden", "www.olpe"))
    assert [(problem.file, problem.code.value, problem.key) for problem in problems(root)] == [
        ("tenants/olpe.yaml", "already-used", "hostnames.portal"),
        ("tenants/wenden.yaml", "already-used", "hostnames.portal"),
        ("tenants/wenden.yaml", "hostname-outside-domain", "hostnames.portal"),
    ]


@pytest.mark.parametrize("inner", ["wenden", "olpe"])
def test_domain_inside_another_tenants_domain(root: Path, inner: str) -> None:
    texts = {"olpe": GOOD, "wenden": WENDEN}
    outer = "olpe" if inner == "wenden" else "wenden"
    for name, text in texts.items():
        nested = text.replace(f"{name}.example", f"{name}.{outer}.example") if name == inner else text
        write(root, name, nested)
    found = problems(root)
    assert {(p.file, p.code.value, p.key, p.related) for p in found} == {
        (f"tenants/{inner}.yaml", "domain-nested", "domain", f"tenants/{outer}.yaml:10"),
        (f"tenants/{outer}.yaml", "domain-around", "domain", f"tenants/{inner}.yaml:10"),
    }


def test_similar_domains_are_not_nested(root: Path) -> None:
    write(root, "wenden", WENDEN.replace("wenden.example", "not-olpe.example"))
    assert problems(root) == []


@pytest.mark.parametrize(("today", "problems_expected"), [(date(2027, 1, 31), 0), (date(2027, 2, 1), 1)])
def test_exception_holds_through_its_last_day(root: Path, today: date, problems_expected: int) -> None:
    assert len(check_files(None, root=root, today=today)) == problems_expected


def test_module_that_the_standard_does_not_offer(root: Path) -> None:
    path = root / "standards" / "2026.1.yaml"
    path.write_text(path.read_text().replace("portal:\n    offered: true", "portal:\n    offered: false"))
    assert [(p.code.value, p.key) for p in problems(root)] == [("option-not-offered", "modules.portal.enabled")]


def test_broken_standard_is_one_problem_not_two(root: Path) -> None:
    path = root / "standards" / "2026.1.yaml"
    path.write_text(path.read_text().replace("replicas: 1", "replicas: 0", 1))
    assert [(p.file, p.code.value) for p in problems(root)] == [("standards/2026.1.yaml", "number-too-small")]


def test_service_with_another_name_than_its_file(root: Path) -> None:
    path = root / "services" / "hund-anmelden.yaml"
    path.rename(path.with_name("hund-abmelden.yaml"))
    assert [(p.file, p.code.value) for p in problems(root)] == [
        ("services/hund-abmelden.yaml", "id-not-file-name"),
        ("tenants/olpe.yaml", "service-unknown"),
    ]


def test_the_projects_own_files(root: Path) -> None:
    from einklang.settings import PROJECT_ROOT

    del root
    assert check_files(None, root=PROJECT_ROOT, today=TODAY) == []
