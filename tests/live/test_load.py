"""200 visitors and 20 clerks at once. `make bench ARGS=load` does it for two minutes and prints the figures."""

from __future__ import annotations

import pytest

from tests.live import load
from tests.live.stage import Stage

pytestmark = pytest.mark.rehearsal

SECONDS = 20


def test_a_crowd_is_served_without_an_error(stage: Stage) -> None:
    crowds = load.run(stage, stage.tenants[0], SECONDS)
    print(load.table(crowds))
    for crowd in crowds:
        assert crowd.errors == [], crowd.what
        assert len(crowd.seconds) >= crowd.people
