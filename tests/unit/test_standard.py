"""The standard: consistent, and a broken one says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from einklang.inventory import load
from einklang.model.standard import DatabaseSize, DmsSize, FrontSize, IdentitySize, PortalSize, ScannerSize, SizeClass
from einklang.settings import PROJECT_ROOT

from .tenant_folder import TODAY, make_root, problems

STANDARD = (PROJECT_ROOT / "standards" / "2026.1.yaml").read_text()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path)


@pytest.mark.parametrize(
    ("population", "size"), [(1, "S"), (19_999, "S"), (20_000, "M"), (99_999, "M"), (100_000, "L"), (3_900_000, "L")]
)
def test_size_classes_have_no_gap(population: int, size: str) -> None:
    standard = load(PROJECT_ROOT, today=TODAY).standards["2026.1"]
    assert standard.size_of(population).name == size


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ('version: "2026.1"', 'version: "2026.2"', "version-not-file-name", "version"),
        ('version: "2026.1"', 'version: "v1"', "version-form", "version"),
        ('"postgresql:', '"registry.example/postgresql:', "image-form", "images.postgresql"),
        ("  postgresql: ", "  postgres: ", "key-missing", "images"),
        ("  S:\n", "  XS:\n", "choice", "size_classes.XS"),
        ("population_below: 20000", "population_below: 200000", "size-classes", "size_classes"),
        ("    population_below: 100000\n", "", "size-classes", "size_classes"),
        ("cpu_request_millicores: 1000\n", "cpu_request_millicores: 100\n", "quota-too-small", "size_classes"),
        (
            "second_factor_roles: [editor",
            "second_factor_roles: [edith",
            "choice",
            "modules.identity.second_factor_roles",
        ),
        ("min_length: 12", "min_length: 4", "number-too-small", "modules.identity.password_policy.min_length"),
        ("  - APP.4.4.A1\n", "  - APP.4.4.A1\n  - 1\n", "text-expected", "controls[2]"),
    ],
)
def test_broken_standard(root: Path, old: str, new: str, code: str, key: str) -> None:
    assert old in STANDARD
    (root / "standards" / "2026.1.yaml").write_text(STANDARD.replace(old, new, 1))
    found = [p for p in problems(root) if p.file.startswith("standards/")]
    assert (code, key) in [(p.code.value, p.key) for p in found]
    assert all(p.line > 1 for p in found)


def test_need_is_the_sum_over_all_pods() -> None:
    database = DatabaseSize(
        instances=2,
        storage_gib=50,
        cpu_request_millicores=500,
        cpu_limit_millicores=2000,
        memory_mib=2048,
        max_connections=200,
    )
    identity = IdentitySize(replicas=3, cpu_request_millicores=100, cpu_limit_millicores=1000, memory_mib=1000)
    front = FrontSize(replicas=2, cpu_request_millicores=10, cpu_limit_millicores=500, memory_mib=64)
    portal = PortalSize(replicas=2, threads=2, cpu_request_millicores=50, cpu_limit_millicores=500, memory_mib=100)
    whole = load(PROJECT_ROOT, today=TODAY).standards["2026.1"].size_of(1)
    dms = DmsSize(
        replicas=2,
        processes=1,
        threads=8,
        cpu_request_millicores=10,
        cpu_limit_millicores=100,
        memory_mib=100,
        worker_processes=1,
        worker_cpu_request_millicores=10,
        worker_cpu_limit_millicores=100,
        worker_memory_mib=200,
        broker_memory_mib=50,
        storage_gib=10,
    )
    size = SizeClass(
        name=whole.name,
        quota=whole.quota,
        database=database,
        identity=identity,
        front=front,
        portal=portal,
        dms=dms,
        scanner=ScannerSize(
            threads=1, cpu_request_millicores=4, cpu_limit_millicores=300, memory_mib=50, signatures_memory_mib=1000
        ),
    )
    assert size.need() == {
        "cpu_request_millicores": 1532,
        "cpu_limit_millicores": 15600,
        "memory_mib": 10638,
        "storage_gib": 111,
        "volumes": 4,
        "pods": 18,
    }


def test_local_machine_can_hold_three_tenants_of_size_m() -> None:
    """2 cores for three tenants and the system: at most 350 millicores are requested for each."""
    size = load(PROJECT_ROOT, today=TODAY).standards["2026.1"].size_classes["M"]  # type: ignore[index]
    assert size.need()["cpu_request_millicores"] <= 350
