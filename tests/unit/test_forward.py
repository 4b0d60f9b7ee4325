"""A forwarded port, with a stand-in for kubectl."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from einklang.clients.forward import forwarded
from einklang.errors import ClientError

FORWARDS = """#!/bin/sh
echo "$@" > "$(dirname "$0")/arguments"
echo $$ > "$(dirname "$0")/pid"
echo "Forwarding from 127.0.0.1:40123 -> 8080"
exec sleep 60
"""
REFUSES = """#!/bin/sh
echo "error: pods is forbidden" >&2
exit 1
"""


def kubectl(folder: Path, script: str) -> Path:
    program = folder / "kubectl"
    program.write_text(script)
    program.chmod(0o755)
    return program


def test_gives_the_address_and_ends_with_the_block(tmp_path: Path) -> None:
    program = kubectl(tmp_path, FORWARDS)
    with forwarded(program, tmp_path / "config", "tenant-olpe", "deployment/identity", 8080) as address:
        assert address == "127.0.0.1:40123"
        arguments = (tmp_path / "arguments").read_text()
        child = int((tmp_path / "pid").read_text())
    assert "-n tenant-olpe port-forward --address=127.0.0.1 deployment/identity :8080" in arguments
    time.sleep(0.1)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_refusal_is_told_in_kubectls_words(tmp_path: Path) -> None:
    program = kubectl(tmp_path, REFUSES)
    with (
        pytest.raises(ClientError, match="pods is forbidden"),
        forwarded(program, tmp_path / "config", "tenant-olpe", "deployment/identity", 8080),
    ):
        pytest.fail("nothing was forwarded")
