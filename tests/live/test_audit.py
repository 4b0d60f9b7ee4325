"""The audit on the running cluster: its identity's limits, what it finds of what is planted, what reports hold."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from einklang import inventory
from einklang.operations.audit.checks import ALL
from einklang.operations.audit.collect import AUDITOR, KINDS
from einklang.operations.audit.judge import controls_by_check
from einklang.operations.audit.registry import USUAL
from einklang.settings import PROJECT_ROOT
from tests.live import plantings
from tests.live.plantings import Change
from tests.live.stage import EINKLANG, Stage
from tests.live.test_secrets import needles
from tests.unit.audit import planted as planted_list

A, B = "tenant-olpe", "tenant-attendorn"
SECONDS = 60
CONTROLS = controls_by_check(inventory.controls(PROJECT_ROOT))


def audit(stage: Stage, *arguments: str) -> dict[tuple[str, str], Any]:
    """(tenant, check) -> finding, of a run of the command."""
    done = stage.run(str(EINKLANG), "audit", *arguments, "--json", check=False)
    assert done.returncode in {0, 2}, done.stderr
    return {(each["tenant"], each["check"]): each for each in json.loads(done.stdout)["findings"]}


@pytest.fixture(scope="module")
def reports(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports of an audit of both tenants, with everything it can look at."""
    folder = tmp_path_factory.mktemp("audit")
    done = stage.run(str(EINKLANG), "audit", "olpe", "attendorn", "--output", str(folder), check=False)
    assert done.returncode in {0, 2}, done.stderr
    return folder


def test_the_sample_tenants_hold_what_is_promised(reports: Path) -> None:
    """Nothing fails and nothing is an error, apart from exceptions that their files declare."""
    findings = json.loads((reports / "audit.json").read_text())["findings"]
    assert {each["check"] for each in findings} == {check.name for check in ALL.values() if check.source in USUAL}
    wrong = [f"{each['tenant']}: {each['check']}: {each['observed']} {each['evidence']}" for each in findings
             if each["result"] in {"fail", "error"}]  # fmt: skip
    assert wrong == []


def test_one_tenant_is_audited_within_a_minute(stage: Stage, tmp_path: Path) -> None:
    stage.run(str(EINKLANG), "audit", "olpe", "--output", str(tmp_path), check=False)
    found = json.loads((tmp_path / "manifest.json").read_text())
    assert found["identity"] == AUDITOR
    audited = json.loads((tmp_path / "audit.json").read_text())
    began, ended = (int(audited[key][11:13]) * 3600 + int(audited[key][14:16]) * 60 + float(audited[key][17:26])
                    for key in ("started", "ended"))  # fmt: skip
    assert (ended - began) % 86400 < SECONDS


def test_reports_hold_no_secret(stage: Stage, reports: Path) -> None:
    public = {"tls.crt", "ca.crt", "username", "client-id"}
    values = {
        f"{namespace}/{secret['metadata']['name']}/{key}": value
        for namespace in (A, B)
        for secret in stage.get("secrets", "-n", namespace)["items"]
        for key, value in decoded(secret).items()
        if key not in public
    }
    assert len(values) > 10
    content = {path.name: path.read_bytes() for path in reports.iterdir()}
    assert any(b"olpe" in text for text in content.values())
    hits = [f"{name} in {file}" for name, value in values.items() for file, text in content.items()
            if any(form in text for form in needles(value))]  # fmt: skip
    assert hits == []


def decoded(secret: Any) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}


def can(stage: Stage, *question: str) -> bool:
    done = stage.kubectl("auth", "can-i", *question, "--as", AUDITOR, check=False)
    return bool(done.stdout.strip() == "yes")


def test_the_audit_identity_reads_what_it_needs(stage: Stage) -> None:
    assert [kind for kind in KINDS if not can(stage, "list", kind, "-A")] == []


@pytest.mark.parametrize("verb", ["get", "list", "watch"])
def test_the_audit_identity_reads_no_secret(stage: Stage, verb: str) -> None:
    assert not can(stage, verb, "secrets", "-n", A)
    assert stage.kubectl("get", "secrets", "-n", A, "--as", AUDITOR, check=False).returncode != 0


def test_the_audit_identity_changes_nothing_and_enters_no_pod(stage: Stage) -> None:
    verbs = ("create", "update", "patch", "delete", "deletecollection")
    kinds = [*KINDS, "pods/exec", "pods/attach", "pods/portforward", "pods/ephemeralcontainers", "secrets",
             "serviceaccounts/token"]  # fmt: skip
    assert [f"{verb} {kind}" for verb in verbs for kind in kinds if can(stage, verb, kind, "-n", A)] == []
    for question in (
        ["impersonate", "users"],
        ["escalate", "clusterroles"],
        ["bind", "clusterroles"],
        ["get", "nodes/proxy"],
    ):
        assert not can(stage, *question)


@contextmanager
def planted(stage: Stage, plant: list[str], mend: list[str], manifest: Any = None) -> Iterator[None]:
    """Break something, and mend it whatever happens."""
    text = json.dumps(manifest) if manifest else None
    stage.kubectl(*plant, **({"stdin": text} if text else {}))
    try:
        yield
    finally:
        stage.kubectl(*mend, **({"stdin": text} if text else {}))


Findings = dict[tuple[str, str], Any]


@pytest.fixture(scope="module")
def three(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> tuple[Findings, Findings, Findings]:
    """Findings before, while everything of plantings.py is broken, and after it was mended."""
    portal, job = (stage.get(kind, name, "-n", A) for kind, name in (("deployment", "portal"), ("cronjob", "backup")))
    made = [each for those in plantings.objects(portal, job).values() for each in those]
    changed = [each for those in plantings.changes(stage.get).values() for each in those]
    command = ("olpe", "attendorn", "--only", "objects", "--output", str(tmp_path_factory.mktemp("planted")))
    before = audit(stage, *command)
    try:
        stage.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": made}))
        for each in changed:
            change(stage, each, each.broken)
        during = audit(stage, *command)
    finally:
        mend(stage, made, changed)
    return before, during, audit(stage, *command)


def mend(stage: Stage, made: list[Any], changed: list[Change]) -> None:
    """Take away what was planted and put back what was changed, as far as each goes; the last audit shows it."""
    for each in changed:
        change(stage, each, each.good)
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": made})
    stage.kubectl("delete", "--ignore-not-found", "--wait=true", "-f", "-", stdin=text)


def change(stage: Stage, what: Change, value: Any) -> None:
    where = [] if what.kind == "namespace" else ["-n", A]
    stage.kubectl("patch", what.kind, what.name, *where, "--type=merge", "-p", json.dumps(value))


@pytest.mark.parametrize("check", sorted(planted_list.LIVE))
def test_what_is_planted_is_found_with_its_id_and_mended(
    three: tuple[Findings, Findings, Findings], check: str
) -> None:
    before, during, after = (found["olpe", check] for found in three)
    # On a cluster that was made today the first backup is not due yet.
    well = {"pass", "not applicable"} if check == "backup-job" else {"pass"}
    assert before["result"] in well, before
    assert during["result"] == "fail", during
    assert after["result"] == before["result"], after
    assert during["controls"] == list(CONTROLS[check])
    if check in planted_list.NAMED:
        assert f"planted-{check}" in " ".join(during["evidence"])


def test_a_check_finds_what_was_planted_for_it_and_nothing_else(three: tuple[Findings, Findings, Findings]) -> None:
    """What is planted for one check stands in the evidence of no other, apart from those that have to see it too."""
    surplus = [
        f"{check} sees what was planted for {other}"
        for (tenant, check), each in three[1].items()
        for other in re.findall(r"planted-([a-z-]+[a-z])", " ".join(each["evidence"]))
        if tenant == "olpe" and check != other and check not in plantings.ALSO.get(other, ())
    ]
    assert surplus == []
    broken = {check for (tenant, check), each in three[1].items() if tenant == "olpe" and each["result"] == "fail"}
    assert broken == set(planted_list.LIVE)


def test_the_other_tenant_is_as_it_was(three: tuple[Findings, Findings, Findings]) -> None:
    before, during, after = ({check: each["result"] for (tenant, check), each in found.items() if tenant == "attendorn"}
                             for found in three)  # fmt: skip
    assert {check for check in during if during[check] != before[check]} == plantings.CLUSTER_WIDE
    assert after == before


def opened(namespace: str, direction: str) -> dict[str, Any]:
    kind = "Ingress" if direction == "ingress" else "Egress"
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "planted", "namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": [kind], direction: [{}]},
    }


def test_a_way_between_tenants_is_found_by_connecting(stage: Stage, tmp_path: Path) -> None:
    """Two policies open a way from olpe to attendorn; real connections come about, and no more when it is closed."""
    inside = ("olpe", "--only", "inside", "--output", str(tmp_path))
    both = {"apiVersion": "v1", "kind": "List", "items": [opened(A, "egress"), opened(B, "ingress")]}
    assert audit(stage, *inside)["olpe", "tenants-unreachable"]["result"] == "pass"
    with planted(stage, ["create", "-f", "-"], ["delete", "-f", "-"], both):
        found = audit(stage, *inside)["olpe", "tenants-unreachable"]
    assert found["result"] == "fail", found
    assert "ORP.4.A14" in found["controls"]
    assert audit(stage, *inside)["olpe", "tenants-unreachable"]["result"] == "pass"


def test_pytest_finds_the_same(stage: Stage) -> None:
    """`pytest tests/audit --tenant olpe`, for those who live in pytest."""
    program = str(EINKLANG.parent / "pytest")
    configuration, folder = str(PROJECT_ROOT / "pyproject.toml"), str(PROJECT_ROOT / "tests" / "audit")
    chosen = ["--tenant", "olpe", "-k", "default-deny or tls-versions"]
    done = stage.run(program, "-c", configuration, folder, "-q", *chosen, check=False)
    assert "2 passed" in done.stdout, done.stdout
