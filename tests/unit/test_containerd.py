"""What is asked of `ctr`, with a `ctr` that only writes down its arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from einklang.clients.containerd import Containerd

FAKE = """#!/bin/sh
shift 4
echo "$*" >> "$CALLS"
case "$1 $2" in
  "tasks list") echo "TASK PID STATUS"; grep -q "tasks delete" "$CALLS" || echo "one 7 RUNNING";;
  "containers list") echo one;;
  "images list") echo registry.example/a@sha256:1;;
esac
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "ctr"
    program.write_text(FAKE)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def test_an_image_is_imported_under_its_digest_and_pinned(calls: Path, tmp_path: Path) -> None:
    Containerd(tmp_path / "socket").import_image(tmp_path / "image.tar", "registry.example/a@sha256:1")
    assert calls.read_text().splitlines() == [
        f"images import --digests --base-name registry.example/a {tmp_path}/image.tar",
        "images label registry.example/a@sha256:1 io.cri-containerd.pinned=pinned",
    ]
    assert Containerd(tmp_path / "socket").image_names() == {"registry.example/a@sha256:1"}


def test_stopping_asks_first_then_removes(calls: Path, tmp_path: Path) -> None:
    Containerd(tmp_path / "socket").stop_all(grace_seconds=0.3)
    said = calls.read_text().splitlines()
    asked, removed = said.index("tasks kill --signal SIGTERM one"), said.index("tasks delete --force one")
    assert asked < removed < said.index("containers delete one")
