"""The main job: one tenant's failure is its own, and what was applied is looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from einklang import inventory
from einklang.cli.up import _table as table
from einklang.clients import web
from einklang.clients.outside import Way
from einklang.clients.pulumi import Changes
from einklang.errors import ClientError, UserError
from einklang.operations import up
from einklang.progress import Silent
from einklang.settings import PROJECT_ROOT

TODAY = date(2026, 11, 23)


class Engine:
    """Records the stacks; fails on those it is told to."""

    def __init__(self, *failing: str) -> None:
        self.failing, self.done = failing, []  # type: ignore[var-annotated]

    def applied(self, stack: str) -> dict[str, object]:
        return {}

    def up(self, stack: str, on_line: Callable[[str], None] = lambda _: None) -> Changes:
        self.done.append(stack)
        if stack in self.failing:
            raise ClientError(f"stack {stack}: no")
        return Changes(created=1)


@pytest.fixture(scope="module")
def samples() -> inventory.Inventory:
    return inventory.load(PROJECT_ROOT, today=TODAY)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the tenants' pages answer, one after the other; 200 when the list is empty."""
    codes: list[int] = []
    monkeypatch.setattr(web, "status", lambda *_, **__: codes.pop(0) if codes else 200)
    return codes


def run(
    engine: Engine, samples: inventory.Inventory, *names: str, clock: Callable[[], float] = lambda: 0.0
) -> dict[str, str]:
    results = up.apply(
        engine,  # type: ignore[arg-type]
        up.select(samples, names),
        Way(),
        Silent(),
        today=TODAY,
        clock=clock,
        sleep=lambda _: None,
    )
    return {result.tenant: result.state for result in results}


def test_platform_first_then_every_active_tenant(samples: inventory.Inventory, answers: list[int]) -> None:
    engine = Engine()
    assert run(engine, samples) == {"attendorn": "reachable", "lennestadt": "requested", "olpe": "reachable"}
    assert engine.done[0] == "platform"
    assert set(engine.done[1:]) == {"attendorn", "olpe"}


def test_one_failure_does_not_stop_the_others(samples: inventory.Inventory, answers: list[int]) -> None:
    assert run(Engine("attendorn"), samples, "attendorn", "olpe") == {"attendorn": "failed", "olpe": "reachable"}


def test_a_failing_platform_stops_everything(samples: inventory.Inventory, answers: list[int]) -> None:
    with pytest.raises(ClientError, match="platform"):
        run(Engine("platform"), samples)


def test_a_page_may_need_a_moment(samples: inventory.Inventory, answers: list[int]) -> None:
    answers += [404, 503, 200]
    assert run(Engine(), samples, "olpe") == {"olpe": "reachable"}


def test_applied_but_not_reachable_is_a_failure(samples: inventory.Inventory, answers: list[int]) -> None:
    answers += [503] * 10
    ticks = iter(range(0, 1000, 30))
    assert run(Engine(), samples, "olpe", clock=lambda: float(next(ticks))) == {"olpe": "failed"}


def test_an_unknown_name_is_refused_with_those_that_exist(samples: inventory.Inventory) -> None:
    with pytest.raises(UserError, match="no such tenant: nowhere") as caught:
        up.select(samples, ["nowhere"])
    assert "olpe" in str(caught.value.remedy)


def test_a_page_that_nobody_serves_is_an_error() -> None:
    with pytest.raises(ClientError, match=r"https://id\.olpe\.example/"):
        web.status("https://id.olpe.example/", address="127.0.0.1:9", timeout_seconds=2)


def test_the_table_has_a_line_for_each_page(samples: inventory.Inventory) -> None:
    results = [
        up.TenantResult("olpe", "Olpe", "reachable", up.public_urls(samples.tenants["olpe"])),
        up.TenantResult("lennestadt", "Lennestadt", "requested", up.public_urls(samples.tenants["lennestadt"])),
    ]
    lines = [line.split() for line in table(results).splitlines()]
    assert lines[1][:3] == ["olpe", "reachable", "https://www.olpe.example/"]
    assert lines[2][0] == "https://dms.olpe.example/"
    assert lines[3][0] == "https://id.olpe.example/realms/olpe/account/"
    assert lines[4] == ["lennestadt", "requested", "–", "–"]


def test_a_module_that_is_off_has_no_page(samples: inventory.Inventory) -> None:
    olpe = samples.tenants["olpe"]
    off = olpe.modules.dms.model_copy(update={"enabled": False})
    without = olpe.model_copy(update={"modules": olpe.modules.model_copy(update={"dms": off})})
    assert list(up.public_urls(without)) == ["portal", "identity"]


def test_an_emergency_page_is_not_the_page(samples: inventory.Inventory, answers: list[int]) -> None:
    answers += [200, 302] + [503] * 10
    ticks = iter(range(0, 1000, 30))
    assert run(Engine(), samples, "olpe", clock=lambda: float(next(ticks))) == {"olpe": "failed"}
