"""Progress: what is being done, n of m, for how long already."""

from __future__ import annotations

import io

import pytest

from einklang.progress import Lines


def test_a_step_shows_number_total_duration_and_notes() -> None:
    stream, ticks = io.StringIO(), iter([0.0, 1.0, 1.0, 2.0, 65.5, 66.0])
    progress = Lines(stream, clock=lambda: next(ticks))
    with progress.step("traefik", 3, 12):
        progress.note("from [cache]")
    assert stream.getvalue().splitlines() == [
        "00:01 [3/12] traefik …",
        "00:02     from [cache]",
        "01:06 [3/12] traefik done in 64.5 s",
    ]


def test_a_failed_step_says_so_and_lets_the_error_pass() -> None:
    stream = io.StringIO()
    with pytest.raises(ValueError, match="no"), Lines(stream).step("traefik", 1, 1):
        raise ValueError("no")
    assert "[1/1] traefik failed after" in stream.getvalue()


def test_no_colour_outside_a_terminal() -> None:
    stream = io.StringIO()
    with Lines(stream).step("x", 1, 1):
        pass
    assert "\x1b" not in stream.getvalue()
