"""When the local cluster counts as well: never by what the API remembers of pods that are gone."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from einklang.operations.local import state

STARTED = datetime(2026, 11, 23, 12, 0, 0, 700_000, tzinfo=UTC)


class Remembered:
    """An API that knows one object with this condition `Ready`, as node and as pod; None: nothing."""

    def __init__(self, status: str | None, time: str) -> None:
        condition = {"type": "Ready", "status": status, "lastTransitionTime": time, "lastHeartbeatTime": time}
        self._object = {"status": {"conditions": [condition]}} if status else None

    def find(self, *argv: str) -> Any:
        if argv[0] == "node":
            return self._object
        assert "k8s-app=kube-dns" in argv
        return {"items": [self._object] if self._object else []}


class Kubelet:
    """A machine on which a kubelet runs, or does not."""

    def __init__(self, since: datetime | None) -> None:
        self._found = SimpleNamespace(since=since) if since else None

    def find(self, name: str) -> Any:
        assert name == "kubelet"
        return self._found


@pytest.mark.parametrize("asked", [state.node_ready, state.name_service_ready])
@pytest.mark.parametrize(
    ("status", "time", "since", "expected"),
    [
        ("True", "2026-11-23T12:00:00Z", STARTED, True),
        ("True", "2026-11-23T11:59:59Z", STARTED, False),
        ("False", "2026-11-23T12:00:05Z", STARTED, False),
        (None, "", STARTED, False),
        ("True", "2026-11-23T12:00:05Z", None, False),
    ],
    ids=["said by this kubelet", "said by an earlier one", "not ready", "not there", "no kubelet"],
)
def test_ready_is_what_this_kubelet_says(
    asked: Any, status: str | None, time: str, since: datetime | None, expected: bool
) -> None:
    assert asked(Remembered(status, time), Kubelet(since)) is expected
