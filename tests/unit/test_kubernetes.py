"""What is asked of kubectl, with a kubectl that only writes down what it got."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from einklang.clients.kubernetes import Kubernetes, job_end, objects_in, wait
from einklang.errors import CheckError, ClientError

FAKE = """#!/bin/sh
while [ "${1#--}" != "$1" ]; do shift; done
echo "$*" >> "$0.calls"
case "$1 $2" in
  "get node") echo '{"kind": "Node"}';;
  "get --raw") ;;
  "apply --server-side") cat > "$0.applied";;
  *) echo "not found" >&2; exit 1;;
esac
"""


@pytest.fixture
def kubectl(tmp_path: Path) -> Path:
    program = tmp_path / "kubectl"
    program.write_text(FAKE)
    program.chmod(0o755)
    return program


@pytest.fixture
def client(kubectl: Path, tmp_path: Path) -> Kubernetes:
    return Kubernetes(kubectl, tmp_path / "config")


def test_objects_are_applied_in_one_call(client: Kubernetes, kubectl: Path) -> None:
    client.apply([{"kind": "A"}, {"kind": "B"}])
    applied = json.loads(Path(f"{kubectl}.applied").read_text())
    assert applied == {"apiVersion": "v1", "kind": "List", "items": [{"kind": "A"}, {"kind": "B"}]}
    assert Path(f"{kubectl}.calls").read_text().count("\n") == 1


def test_what_is_there_is_found_and_what_is_not_is_an_error(client: Kubernetes) -> None:
    assert client.ready()
    assert client.get("node", "one") == {"kind": "Node"}
    with pytest.raises(ClientError, match="not found"):
        client.get("pod", "none")
    assert client.find("pod", "none") is None


def test_waiting_ends_with_the_condition_the_time_or_what_it_needs() -> None:
    seen = iter([False, False, True])
    wait("it", lambda: next(seen), 5, meanwhile=lambda: None)
    with pytest.raises(CheckError, match=r"it: not within 0 s"):
        wait("it", lambda: False, 0, meanwhile=lambda: None)

    def died() -> None:
        raise ClientError("etcd ended")

    with pytest.raises(ClientError, match="etcd ended"):
        wait("it", lambda: False, 5, meanwhile=died)


@pytest.mark.parametrize(
    ("status", "end"),
    [
        (None, ""),
        ({"conditions": [{"type": "FailureTarget", "status": "True"}, {"type": "Failed", "status": "False"}]}, ""),
        ({"conditions": [{"type": "FailureTarget", "status": "True"}, {"type": "Failed", "status": "True"}]}, "Failed"),
        ({"conditions": [{"type": "Complete", "status": "True"}]}, "Complete"),
    ],
)
def test_how_a_job_ended(status: object, end: str) -> None:
    assert job_end({"status": status}) == end


def test_objects_among_the_lines_of_a_log() -> None:
    log = 'a warning\n{"a": "one\u2028line"}\n[1]\n{"half": \n"text"\n{"b": 2}'
    assert objects_in(log) == [{"a": "one\u2028line"}, {"b": 2}]
