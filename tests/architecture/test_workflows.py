"""The workflows of the three platforms: of the right form, safe against strangers, and the same where they can be.

The schemas are SchemaStore's, as check-jsonschema 0.39 carries them (Apache-2.0), without their descriptions.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from einklang.clients.forge import Platform
from einklang.operations import owners
from tests.architecture.guards import workflows
from tests.architecture.guards.project import ROOT, expect_none

DATA = Path(__file__).parent / "data"
FILES = [".github/workflows/requests.yml", ".github/workflows/apply.yml", ".forgejo/workflows/requests.yml"]
FILES += [".forgejo/workflows/apply.yml"]


def load(path: Path) -> object:
    """As the platforms read it: YAML 1.2, in which `on` is a word."""
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in loaded.items()}


@pytest.mark.parametrize("name", [*FILES, ".gitlab-ci.yml"])
def test_form(name: str) -> None:
    schema = "gitlab-ci" if name == ".gitlab-ci.yml" else "github-workflow"
    validator = jsonschema.Draft7Validator(json.loads((DATA / f"{schema}.schema.json").read_text(encoding="utf-8")))
    assert [error.message for error in validator.iter_errors(load(ROOT / name))] == []
    broken = {**load(ROOT / name), "jobs": {"x": {"runs-on": 5}}, "plan": {"script": 5}}  # type: ignore[dict-item]
    assert not validator.is_valid(broken)


def test_every_workflow_is_looked_at() -> None:
    assert [path for path, _ in workflows.workflows(ROOT)] == sorted(FILES, key=lambda name: (name[1] != "g", name))


def test_strangers_reach_nothing() -> None:
    expect_none(workflows.findings(ROOT))
    expect_none(workflows.gitlab(ROOT))


PLANTED = {
    "uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683": ("uses: actions/checkout@v4", "pin"),
    "persist-credentials: false": ("persist-credentials: true", "token"),
    "fetch-depth: 0": ("ref: ${{ github.event.pull_request.head.sha }}", "checkout"),
    '.ci/requests/answer "$NUMBER" "$BASE"': ("echo ${{ github.event.pull_request.title }}", "injection"),
    "BASE: ${{ github.sha }}": ("BASE: ${{ github.event.pull_request.head.ref }}", "injection"),
    "EINKLANG_FORGE_TOKEN: ${{ github.token }}": ("KEY: ${{ secrets.EINKLANG_KUBECONFIG }}", "secret"),
    "contents: read": ("contents: write", "permissions"),
    "permissions: {}": ("permissions: write-all", "permissions"),
    "runs-on: ubuntu-24.04": ("runs-on: [self-hosted, einklang]", "reach"),
    "timeout-minutes: 15": ("environment: production", "reach"),
}


@pytest.mark.parametrize("old", PLANTED)
def test_the_guard_bites(tmp_path: Path, old: str) -> None:
    new, rule = PLANTED[old]
    text = (ROOT / FILES[0]).read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / FILES[0]
    file.parent.mkdir(parents=True)
    file.write_text(text.replace(old, new), encoding="utf-8")
    assert rule in {finding.rule for finding in workflows.findings(tmp_path)}


IMAGE = "  image: python:3.13-bookworm\n"
NEAR = '  rules:\n    - if: $CI_PIPELINE_SOURCE == "merge_request_event"\n  script'
MAIN = '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [(IMAGE + NEAR, "  environment: x\n" + NEAR, "reach"), (MAIN, "$CI_COMMIT_BRANCH", "rules")],
)
def test_the_guard_of_gitlab_bites(tmp_path: Path, old: str, new: str, rule: str) -> None:
    text = (ROOT / ".gitlab-ci.yml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / ".gitlab-ci.yml").write_text(text.replace(old, new), encoding="utf-8")
    assert rule in {finding.rule for finding in workflows.gitlab(tmp_path)}


def test_every_step_is_a_script_that_exists() -> None:
    told = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in [*FILES, ".gitlab-ci.yml"])
    named = set(re.findall(r"\.ci/requests/[a-z-]+", told))
    there = {f".ci/requests/{path.name}" for path in (ROOT / ".ci" / "requests").iterdir()}
    assert named <= there
    assert there - named <= {".ci/requests/fetch", ".ci/requests/answer-open"} | named


@pytest.mark.parametrize("platform", list(Platform))
def test_owners_are_those_of_the_tenants(platform: Platform) -> None:
    tenants = sorted(path.stem for path in (ROOT / "tenants").glob("*.yaml"))
    committed = (ROOT / f".{platform.value}" / "CODEOWNERS").read_text(encoding="utf-8")
    assert committed == owners.text(platform, tenants), f"einklang request owners --forge {platform.value}"


def test_owners_patterns_fit_their_own_files_alone() -> None:
    lines = owners.text(Platform.FORGEJO, ["olpe"]).splitlines()
    pattern = re.compile(lines[-1].split()[0])
    assert pattern.match("tenants/olpe.yaml")
    assert pattern.match("tenants/logos/olpe.svg")
    for other in ("tenants/olpe2.yaml", "tenants/olpe.yaml/x", "modules/tenants/olpe.yaml", "tenants/bad-olpe.yaml"):
        assert not pattern.match(other)


def test_the_templates_of_proposals_are_the_same() -> None:
    names = [".github/PULL_REQUEST_TEMPLATE.md", ".gitlab/merge_request_templates/Default.md"]
    names.append(".forgejo/PULL_REQUEST_TEMPLATE.md")
    assert len({(ROOT / name).read_text(encoding="utf-8") for name in names}) == 1
