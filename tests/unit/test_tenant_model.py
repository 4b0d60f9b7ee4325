"""The tenant's model and its vocabulary."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from einklang.inventory.reader import parse
from einklang.model import colour, hostname
from einklang.model.ags import STATES, ags_of
from einklang.model.districts import DISTRICTS, INDEPENDENT_CITIES
from einklang.model.tenant import Tenant

from .tenant_folder import GOOD


def _tenant(text: str = GOOD) -> Tenant:
    return Tenant.model_validate(parse("x", text.encode()).value)


def test_round_trip() -> None:
    tenant = _tenant()
    again = Tenant.model_validate(tenant.model_dump(by_alias=True))
    assert again == tenant
    assert Tenant.model_validate_json(tenant.model_dump_json(by_alias=True)) == tenant


def test_frozen() -> None:
    with pytest.raises(ValidationError):
        _tenant().name = "Wenden"  # type: ignore[misc]


def test_hostnames_are_filled() -> None:
    hostnames = _tenant(GOOD.replace("hostnames:\n  portal: www.olpe.example\n", "")).hostnames
    assert (hostnames.portal, hostnames.identity, hostnames.dms) == (
        "www.olpe.example",
        "id.olpe.example",
        "dms.olpe.example",
    )


def test_longest_id_still_fits_a_namespace() -> None:
    assert len(_tenant(GOOD.replace("id: olpe", "id: " + "o" * 40)).namespace) <= 63


@pytest.mark.parametrize(
    ("one", "two", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),  # the lightest grey that passes on white
        ("#777777", "#ffffff", 4.48),
        ("#FF0000", "#ffffff", 4.0),
    ],
)
def test_contrast_as_wcag_computes_it(one: str, two: str, ratio: float) -> None:
    assert colour.contrast(one, two) == pytest.approx(ratio, abs=0.005)
    assert colour.contrast(two, one) == colour.contrast(one, two)


@pytest.mark.parametrize(
    "name", ["olpe.example", "a.b.c.example", "xn--wrgassen-r2a.example", "1.example", "a-b.example"]
)
def test_hostname(name: str) -> None:
    assert hostname.is_hostname(name)


@pytest.mark.parametrize(
    "name",
    [
        "olpe",
        "-a.example",
        "a-.example",
        "a..example",
        ".example",
        "a.example.",
        "A.example",
        "a_b.example",
        "10.0.0.1",
        "*.a.example",
        f"{'a' * 64}.example",
        "a." * 130 + "example",
        "a.example\n",
        "würgassen.example",
        "a b.example",
        "",
    ],
)
def test_no_hostname(name: str) -> None:
    assert not hostname.is_hostname(name)


def test_inside() -> None:
    assert hostname.is_inside("www.olpe.example", "olpe.example")
    assert hostname.is_inside("olpe.example", "olpe.example")
    assert not hostname.is_inside("notolpe.example", "olpe.example")


def test_districts() -> None:
    assert {district[:2] for district in DISTRICTS} == set(STATES)
    assert len(DISTRICTS) == 401
    assert INDEPENDENT_CITIES < DISTRICTS
    assert {"02000", "11000", "09162", "05315"} <= INDEPENDENT_CITIES
    assert ags_of("059660024024") == "05966024"


@pytest.mark.parametrize(
    "ags", ["02000000", "11000000", "04011000", "05334002", "03241001", "10041100", "06415000", "16063105", "13003000"]
)
def test_unusual_keys(ags: str) -> None:
    text = GOOD.replace("05966024", ags).replace("059660024024", f"{ags[:5]}0000{ags[5:]}")
    assert _tenant(text).ags == ags


@pytest.mark.parametrize("phone", ["+49 2761 83-0", "+49 30 23125 001", "+43 1 4000"])
def test_phone(phone: str) -> None:
    assert _tenant(GOOD.replace("+49 30 23125 001", phone)).contacts.operations.phone == phone


@pytest.mark.parametrize(
    "phone", ["+49", "+49 0 (0)2761", "02761 83", "+49 2761 83 ", "+0 2761 83", "+49 " + "1 " * 20]
)
def test_no_phone(phone: str) -> None:
    with pytest.raises(ValidationError):
        _tenant(GOOD.replace("+49 30 23125 001", phone))
