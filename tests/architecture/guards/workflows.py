"""Workflows that a stranger's proposal starts: none of his code runs, and no secret is in reach."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.guards.project import Finding

FOLDERS = (".github/workflows", ".forgejo/workflows")
_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
_EXPRESSION = re.compile(r"\$\{\{\s*([^}]*?)\s*\}\}")
# What a stranger can write into an event.
_FOREIGN = re.compile(r"\.(title|body|head_ref|label|name|email|message|ref)\b|head\.(ref|repo|label)|github\.head_ref")
_TOKEN = "github.token"


def workflows(root: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every workflow of GitHub and Forgejo with its path."""
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.yml")):
            yield str(path.relative_to(root)), _loaded(path)


def _loaded(path: Path) -> Any:
    # To YAML 1.1 the key `on` is true; to this loader everything is text.
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - it makes text only


def findings(root: Path) -> Iterator[Finding]:
    """All violations."""
    for path, workflow in workflows(root):
        foreign = bool({"pull_request", "pull_request_target"} & set(workflow["on"]))
        if workflow.get("permissions") != {}:
            yield Finding(path, 1, "permissions", "none at the top; each job names its own")
        for name, job in workflow["jobs"].items():
            yield from (Finding(path, 1, rule, f"job {name}: {text}") for rule, text in _job(job, foreign=foreign))


def _job(job: Mapping[str, Any], *, foreign: bool) -> Iterator[tuple[str, str]]:
    if "permissions" not in job:
        yield "permissions", "names none"
    if foreign and job.get("permissions", {}).get("contents") != "read":
        yield "permissions", "may do more than read the contents"
    if foreign and ("environment" in job or "self-hosted" in job["runs-on"] or "einklang" in job["runs-on"]):
        yield "reach", "a proposal starts it, and it is near the deployment"
    for step in job["steps"]:
        yield from _step(step, foreign=foreign)


def _step(step: Mapping[str, Any], *, foreign: bool) -> Iterator[tuple[str, str]]:
    if "uses" in step:
        yield from _action(step, foreign=foreign)
    if _EXPRESSION.search(step.get("run", "")):
        yield "injection", "an expression stands in a script; give it by the environment"
    for value in (*step.get("env", {}).values(), *step.get("with", {}).values()) if foreign else ():
        yield from _value(str(value))


def _action(step: Mapping[str, Any], *, foreign: bool) -> Iterator[tuple[str, str]]:
    given = step.get("with", {})
    if not _PINNED.fullmatch(step["uses"]):
        yield "pin", f"{step['uses']} is not pinned by commit"
    if "checkout" in step["uses"] and given.get("persist-credentials") != "false":
        yield "token", "the checkout keeps its token in a file"
    if foreign and "ref" in given:
        yield "checkout", "checks out something else than the base branch"


def _value(text: str) -> Iterator[tuple[str, str]]:
    for expression in _EXPRESSION.findall(text):
        if "secrets" in expression:
            yield "secret", f"{expression} is within reach of a proposal"
        if expression != _TOKEN and _FOREIGN.search(expression):
            yield "injection", f"{expression} is a stranger's text"


def gitlab(root: Path) -> Iterator[Finding]:
    """Jobs that a merge request starts need nothing that is protected; those that need it ask for the main branch."""
    path = root / ".gitlab-ci.yml"
    jobs = _loaded(path)
    for name, job in jobs.items():
        if not isinstance(job, dict) or "script" not in job:
            continue
        conditions = [rule.get("if", "") for rule in job.get("rules", [])]
        asked = [condition for condition in conditions if "merge_request_event" in condition]
        trusted = [condition for condition in conditions if "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" in condition]
        near = "environment" in job or "tags" in job or "answer-open" in str(job["script"])
        if not conditions or len(asked) + len(trusted) != len(conditions):
            yield Finding(str(path.name), 1, "rules", f"job {name}: neither of a proposal alone nor of the main branch")
        if asked and near:
            yield Finding(
                str(path.name), 1, "reach", f"job {name}: a proposal starts it, and it is near the deployment"
            )
