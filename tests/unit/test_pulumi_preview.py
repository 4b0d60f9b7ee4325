"""What Pulumi's preview says becomes actions without values; what it hides behind protection is looked at in a "
"copy."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from einklang.clients import pulumi_preview
from einklang.clients.pulumi import PulumiEngine
from einklang.errors import ClientError
from einklang.model.plan import Operation

BASE = "urn:pulumi:olpe::einklang::einklang:tenant:Tenant$"
FILES = f"{BASE}einklang:dms:Dms$kubernetes:core/v1:PersistentVolumeClaim::persistentvolumeclaim/dms-files"
MAP = f"{BASE}einklang:front:Front$kubernetes:core/v1:ConfigMap::configmap/front"
SECRET = f"{BASE}kubernetes:core/v1:Secret::secret/token"


def document(*steps: dict[str, Any], errors: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"steps": list(steps), "diagnostics": [{"severity": "error", "message": text} for text in errors]}


def test_actions_name_what_differs_and_never_a_value() -> None:
    update = {
        "op": "update",
        "urn": SECRET,
        "detailedDiff": {"data.token": {"kind": "update"}},
        "oldState": {"inputs": {"data": {"token": "old-value"}}},
        "newState": {"inputs": {"data": {"token": "new-value"}}},
    }
    (action,) = pulumi_preview.actions(document(update))
    assert (action.operation, action.kind, action.name) == (Operation.UPDATE, "Secret", "token")
    assert (action.module, action.properties, action.holds_data) == ("tenant", ("data.token",), False)
    assert "value" not in repr(action)
    other = {**update, "newState": {"inputs": {"data": {"token": "third"}}}}
    assert pulumi_preview.actions(document(other))[0].content != action.content


def test_paths_end_where_a_list_begins() -> None:
    paths = ['data["nginx.conf"]', "spec.template.containers[0].env[3].name", "spec.template.containers[1].image"]
    (action,) = pulumi_preview.actions(document({"op": "update", "urn": MAP, "detailedDiff": dict.fromkeys(paths)}))
    assert action.properties == ("data.nginx.conf", "spec.template.containers")


def test_only_objects_count_and_a_replacement_is_one_action() -> None:
    steps = [
        {"op": "same", "urn": MAP},
        {"op": "create", "urn": f"{BASE}einklang:dms:Dms::dms"},
        {"op": "create", "urn": "urn:pulumi:olpe::einklang::pulumi:providers:kubernetes::deployer"},
        {"op": "create-replacement", "urn": FILES, "replaceReasons": ["spec"], "oldState": {"protect": True}},
        {"op": "replace", "urn": FILES},
        {"op": "delete-replaced", "urn": FILES},
    ]
    (action,) = pulumi_preview.actions(document(*steps))
    assert (action.operation, action.module, action.loses_data) == (Operation.REPLACE, "dms", True)
    assert action.properties == ("spec",)


def test_a_protected_record_holds_no_data() -> None:
    record = f"{BASE}kubernetes:core/v1:ConfigMap::configmap/tenant"
    (action,) = pulumi_preview.actions(document({"op": "delete", "urn": record, "oldState": {"protect": True}}))
    assert not action.loses_data


@pytest.mark.parametrize(
    "words", ["cannot be deleted\nbecause it is protected.", "as it is currently marked for protection"]
)
def test_protection_is_no_error(words: str) -> None:
    found = document(errors=(f"error: Preview failed: resource x {words}", "error: preview failed\n"))
    assert pulumi_preview.stopped_by_protection(found)
    assert pulumi_preview.errors(found) == []
    broken = document(errors=("error: no cluster",))
    assert pulumi_preview.errors(broken) == ["error: no cluster"]


@pytest.mark.parametrize("output", ["", "no json", "[1]", "{"])
def test_what_is_no_document_is_an_error(output: str) -> None:
    with pytest.raises(ClientError):
        pulumi_preview.parse(output)


FAKE = """#!/bin/sh
echo "$* $PULUMI_BACKEND_URL" >> "$CALLS"
case "$*" in
  version) echo v3.259.0 ;;
  *preview*)
    case "$PULUMI_BACKEND_URL" in
      *einklang-*) printf '%s\\n' "$COPY" ;;
      *) [ -e "$STATE" ] || { echo "error: no stack named 'olpe' found" >&2; exit 255; }
         printf '%s\\n' "$DIRECT"; [ -z "$FAILS" ] || exit 255 ;;
    esac ;;
  *"stack init"*) echo "encryptionsalt: v1:new" > Pulumi.olpe.yaml ;;
  *"stack export"*) echo '{"deployment": {"resources": [{"urn": "a", "protect": true}]}}' ;;
  *"stack import"*) while [ "$1" != --file ]; do shift; done; cp "$2" "$CALLS.imported" ;;
  *"stack history"*|*"stack output"*)
    [ -e "$STATE" ] || { echo "error: no stack named 'olpe' found" >&2; exit 255; }
    case "$*" in *history*) echo '[{"result": "succeeded"}]' ;; *) echo '{"state": "active"}' ;; esac ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(FAKE)
    program.chmod(0o755)
    (tmp_path / "Pulumi.yaml").write_text("name: einklang\nruntime: python\n")
    return tmp_path


def engine(project: Path, direct: Any = None, copy: Any = None, *, fails: bool = False) -> PulumiEngine:
    environment = {
        "PATH": f"{project / 'bin'}:{os.environ['PATH']}",
        "CALLS": str(project / "calls"),
        "STATE": str(project / "state"),
        "PULUMI_BACKEND_URL": "s3://real",
        "DIRECT": json.dumps(direct or document()),
        "COPY": json.dumps(copy or document()),
        "FAILS": "yes" if fails else "",
    }
    return PulumiEngine(project, environment, project / "logs")


def calls(project: Path) -> list[str]:
    return (project / "calls").read_text().splitlines()


DELETE = {"op": "delete", "urn": FILES, "oldState": {"protect": True}}


def test_a_plan_is_one_preview(project: Path) -> None:
    (project / "state").touch()
    (action,) = engine(project, document({"op": "create", "urn": MAP})).plan("olpe")
    assert action.operation is Operation.CREATE
    assert [line for line in calls(project) if "version" not in line] == [
        "--non-interactive preview --json --stack olpe s3://real"
    ]


def test_what_is_protected_is_looked_at_in_a_copy_that_leaves_no_trace(project: Path) -> None:
    (project / "state").touch()
    settings = project / "Pulumi.olpe.yaml"
    settings.write_text("encryptionsalt: v1:old\n")
    stopped = document(DELETE, errors=("x cannot be deleted\nbecause it is protected.",))
    found = engine(project, stopped, document(DELETE, {"op": "update", "urn": MAP}), fails=True).plan("olpe")
    assert [action.operation for action in found] == [Operation.DELETE, Operation.UPDATE]
    imported = json.loads((project / "calls.imported").read_text())
    assert imported["deployment"]["resources"] == [{"urn": "a"}]
    assert settings.read_text() == "encryptionsalt: v1:old\n"
    changing = [line for line in calls(project) if "init" in line or "import" in line]
    assert len(changing) == 2
    assert all("s3://real" not in line for line in changing)


def test_a_stack_that_does_not_exist_yet_is_not_made(project: Path) -> None:
    (action,) = engine(project, copy=document({"op": "create", "urn": MAP})).plan("olpe")
    assert action.operation is Operation.CREATE
    assert not (project / "Pulumi.olpe.yaml").exists()
    assert all("s3://real" not in line for line in calls(project) if "init" in line)


def test_an_error_of_the_program_is_raised_with_its_words(project: Path) -> None:
    (project / "state").touch()
    with pytest.raises(ClientError, match="no cluster"):
        engine(project, document(errors=("error: no cluster",)), fails=True).plan("olpe")


def test_what_was_applied(project: Path) -> None:
    assert (engine(project).applied("olpe"), engine(project).last_update("olpe")) == ({}, None)
    (project / "state").touch()
    assert engine(project).applied("olpe") == {"state": "active"}
    assert engine(project).last_update("olpe") == {"result": "succeeded"}


def test_unprotecting_names_each_resource(project: Path) -> None:
    engine(project).unprotect("olpe", ["one", "two"])
    told = [line for line in calls(project) if "unprotect" in line]
    assert ["state unprotect one --yes" in told[0], "state unprotect two --yes" in told[1]] == [True, True]
