"""`einklang audit`: exit codes, what is printed and written; with a kubectl that answers from a file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from einklang.cli import main
from einklang.errors import EXIT_CHANGES_PENDING, EXIT_DONE, EXIT_ERROR
from einklang.model.finding import Result as Found
from einklang.model.resolved import ResolvedTenant
from einklang.operations.audit import checks, nightly
from tests.unit.audit import recorded, samples
from tests.unit.audit.test_collect import FAKE, METRICS
from tests.unit.audit.violations import VIOLATIONS


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of Einklang and a kubectl on the PATH whose cluster is the recorded one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "kubectl"
    program.write_text(FAKE)
    program.chmod(0o755)
    Path(f"{program}.metrics").write_text(METRICS)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setenv("EINKLANG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    monkeypatch.setattr("einklang.clients.web.unknown_status", lambda *_: 401)
    # What was recorded is judged as of then.
    monkeypatch.setattr("einklang.cli.audit.datetime", Then)
    cluster(folder, recorded.facts())
    return tmp_path


class Then(datetime):
    """The clock stands at the moment in which the facts were recorded."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Then:
        return cls.fromisoformat(recorded.facts()["taken"]).astimezone(tz)


def cluster(folder: Path, facts: dict[str, Any]) -> None:
    Path(folder / "kubectl.objects").write_text(json.dumps({"items": facts["objects"]}))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments])


def audit(home: Path, *more: str) -> Result:
    return run("attendorn", "--only", "objects", "--output", str(home / "out"), *more)


def test_an_audit_in_which_everything_holds_ends_with_0(home: Path) -> None:
    done = audit(home)
    assert done.exit_code == EXIT_DONE, done.output
    assert "attendorn: " in done.output
    assert (home / "out" / "index.html").is_file()
    assert run("--verify", str(home / "out")).exit_code == EXIT_DONE


def test_the_documents_lie_beside_the_reports(home: Path) -> None:
    audit(home, "--sbom", str(home))
    files = {path.name for path in (home / "out").iterdir()}
    assert {
        f"attendorn-{name}" for name in ("trennungskonzept.html", "schluessel.html", "pakete.csv", "lizenzen.csv")
    } <= files
    assert "attendorn-trennungskonzept.html" in (home / "out" / "attendorn.html").read_text()
    sealed = json.loads((home / "out" / "manifest.json").read_text())["files"]
    assert "attendorn-schluessel.html" in sealed


def test_pages_as_pdf_are_sealed_too(home: Path) -> None:
    audit(home, "--pdf")
    sealed = json.loads((home / "out" / "manifest.json").read_text())["files"]
    for name in ("index.pdf", "attendorn.pdf", "attendorn-trennungskonzept.pdf", "attendorn-schluessel.pdf"):
        assert (home / "out" / name).read_bytes().startswith(b"%PDF-")
        assert name in sealed


def test_reports_in_english_on_screen_and_paper(home: Path) -> None:
    facts = recorded.facts()
    VIOLATIONS["privileged"][0](facts)
    cluster(home / "bin", facts)
    done = audit(home, "--lang", "en", "--pdf")
    assert done.exit_code == EXIT_CHANGES_PENDING
    for words in ("No privileged containers", "Remedy: Correct the place named", "Severity: high", "1 fail"):
        assert words in done.output
    for name in ("index", "attendorn", "attendorn-trennungskonzept", "attendorn-schluessel"):
        assert (home / "out" / f"{name}.pdf").read_bytes().startswith(b"%PDF-")
        assert '<html lang="en">' in (home / "out" / f"{name}.html").read_text()
    # What was judged stays as it was recorded, in whatever language it is shown.
    assert "Keine privilegierten Container" in (home / "out" / "audit.json").read_text()


def test_what_cannot_be_written_about_is_still_judged(home: Path) -> None:
    cluster(home / "bin", {"objects": []})
    done = audit(home)
    assert done.exit_code == EXIT_CHANGES_PENDING
    assert not (home / "out" / "attendorn-schluessel.html").exists()
    assert (home / "out" / "attendorn.html").is_file()


def test_a_failure_ends_with_2_and_says_how_to_mend_it(home: Path) -> None:
    facts = recorded.facts()
    VIOLATIONS["privileged"][0](facts)
    cluster(home / "bin", facts)
    done = audit(home)
    assert done.exit_code == EXIT_CHANGES_PENDING
    for words in ("Keine privilegierten Container", "Abhilfe:", "SYS.1.6.A17", "portal"):
        assert words in done.output
    assert run("--verify", str(home / "out")).exit_code == EXIT_DONE


def test_a_check_that_could_not_be_carried_out_ends_with_2(home: Path) -> None:
    (home / "bin" / "kubectl.metrics").unlink()
    done = audit(home)
    assert done.exit_code == EXIT_CHANGES_PENDING
    assert "nicht prüfbar" in done.output


def test_findings_as_json(home: Path) -> None:
    done = audit(home, "--json")
    found = json.loads(done.stdout)
    objects = [check for check in checks.ALL.values() if check.source == "objects"]
    assert len(found["findings"]) == len(objects)


def test_a_cluster_that_refuses_is_an_error(home: Path) -> None:
    (home / "bin" / "kubectl.objects").unlink()
    assert audit(home).exit_code == EXIT_ERROR


def test_what_became_worse_is_said(home: Path) -> None:
    audit(home)
    facts = recorded.facts()
    VIOLATIONS["probes"][0](facts)
    cluster(home / "bin", facts)
    again = ("attendorn", "--only", "objects", "--output", str(home / "later"), "--since", str(home / "out"))
    assert "schlechter: attendorn: Lebenszeichen jedes Dienstes: erfüllt -> nicht erfüllt" in run(*again).output
    assert run("attendorn", "--only", "objects", "--since", str(home)).exit_code == EXIT_ERROR


def test_a_changed_report_does_not_verify(home: Path) -> None:
    audit(home)
    page = home / "out" / "attendorn.html"
    page.write_text(page.read_text() + "<!-- -->")
    done = run("--verify", str(home / "out"), "--key", str(home / "out" / "audit-key.pub.pem"))
    assert done.exit_code == EXIT_ERROR
    assert "attendorn.html" in done.output


def test_old_evidence_is_a_finding(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit(home)
    monkeypatch.setattr("einklang.model.evidence.Audit.stale", lambda *_: True)
    done = run("--verify", str(home / "out"))
    assert done.exit_code == EXIT_CHANGES_PENDING
    assert "IT-Grundschutz-Kompendium" in done.output


def test_an_unknown_tenant_and_a_missing_key_are_said(home: Path) -> None:
    assert run("nowhere").exit_code == EXIT_ERROR
    assert run("--verify", str(home)).exit_code == EXIT_ERROR


def kept(home: Path, *more: str) -> Result:
    return run("attendorn", "--only", "objects", *more)


def test_the_last_audit_is_shown_and_compared_with(home: Path) -> None:
    assert run("attendorn", "--last").exit_code == EXIT_CHANGES_PENDING
    assert "attendorn: never audited" in run("attendorn", "--last").output
    kept(home)
    shown = run("attendorn", "--last")
    assert shown.exit_code == EXIT_DONE, shown.output
    assert "0 failed, 0 unclear" in shown.output
    facts = recorded.facts()
    VIOLATIONS["probes"][0](facts)
    cluster(home / "bin", facts)
    assert "schlechter: attendorn: Lebenszeichen jedes Dienstes: erfüllt -> nicht erfüllt" in audit(home).output
    # With --output it is kept elsewhere, and the last one is still the one before.
    assert json.loads(run("attendorn", "--last", "--json").stdout)["attendorn"]["failed"] == 0


def test_a_last_audit_that_is_too_old_or_failed_ends_with_2(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = recorded.facts()
    VIOLATIONS["probes"][0](facts)
    cluster(home / "bin", facts)
    kept(home)
    assert "1 failed" in run("attendorn", "--last").output
    assert run("attendorn", "--last").exit_code == EXIT_CHANGES_PENDING
    for folder in (home / "home" / "audits").iterdir():
        text = (folder / "audit.json").read_text().replace('"result": "fail"', '"result": "pass"')
        (folder / "audit.json").write_text(text)
    assert run("attendorn", "--last").exit_code == EXIT_DONE
    monkeypatch.setattr("einklang.model.evidence.Audit.stale", lambda *_: True)
    done = run("attendorn", "--last")
    assert done.exit_code == EXIT_CHANGES_PENDING
    assert "older than its controls allow" in done.output


def nights(home: Path, resolved: ResolvedTenant, result: Found) -> None:
    """The cluster's own audit: one Job that has ended, with one finding."""
    finding = next(each for each in samples.audit().findings if each.tenant == "attendorn")
    audit = samples.audit().model_copy(
        update={"findings": (finding.model_copy(update={"result": result}),), "tenants": {"attendorn": "Attendorn"}}
    )
    status = {"conditions": [{"type": "Complete", "status": "True"}]}
    jobs = {"items": [{"metadata": {"name": "audit-1", "creationTimestamp": "2026-11-23T03:30:00Z"}, "status": status}]}
    found = nightly.Nightly(audit, {"attendorn": nightly.digest(resolved)})
    (home / "bin" / "jobs").write_text(json.dumps(jobs))
    (home / "bin" / "log").write_text("\n".join(nightly.lines(found)))
    (home / "bin" / "kubectl").write_text(
        f'#!/bin/sh\ncase "$*" in *"get jobs"*) cat {home}/bin/jobs;; *"logs job/audit-1"*) cat {home}/bin/log;; '
        '*) echo "not asked for: $*" >&2; exit 1;; esac\n'
    )


def test_the_clusters_own_audit_becomes_evidence_here(home: Path) -> None:
    nights(home, recorded.resolved(), Found.PASS)
    done = run("attendorn", "--collect")
    assert done.exit_code == EXIT_DONE, done.output
    assert "0 failed" in run("attendorn", "--last").output
    nights(home, recorded.resolved(), Found.FAIL)
    done = run("attendorn", "--collect", "--output", str(home / "later"))
    assert done.exit_code == EXIT_CHANGES_PENDING
    assert "schlechter" in done.output


def test_an_audit_of_other_files_is_not_believed(home: Path) -> None:
    resolved = recorded.resolved()
    other = replace(resolved, tenant=resolved.tenant.model_copy(update={"population": 1}))
    nights(home, other, Found.PASS)
    done = run("attendorn", "--collect")
    assert done.exit_code == EXIT_CHANGES_PENDING
    assert "attendorn was judged by another file" in done.output
