"""What a version of the standard says about the rebuild of everything (docs/adr/0020). Data only."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from einklang.model.base import Model, fault
from einklang.model.problem import Code
from einklang.model.vocabulary import SizeName

SERVICES = ("identity", "portal", "dms")
KEEP, CHANGE, INVITE, RENEW = "keep", "change", "invite", "renew"


class Rotation(Model):
    """What becomes of users' credentials when all generated ones are made new: an attacker has read them."""

    second_factors: str = Field(description="`renew`: removed, the next login asks for a new one. `keep`: stay valid.")
    staff_passwords: str = Field(
        description="`invite`: none is valid, operators invite again. `change`: at the next login. `keep`."
    )
    citizen_passwords: str = Field(description="`change`: at the next login. `keep`.")

    @field_validator("second_factors")
    @classmethod
    def _of_factors(cls, value: str) -> str:
        return _one_of(value, RENEW, KEEP)

    @field_validator("staff_passwords")
    @classmethod
    def _of_staff(cls, value: str) -> str:
        return _one_of(value, INVITE, CHANGE, KEEP)

    @field_validator("citizen_passwords")
    @classmethod
    def _of_citizens(cls, value: str) -> str:
        return _one_of(value, CHANGE, KEEP)


class RecoveryStandard(Model):
    """In which order everything comes back, and what of users' credentials survives an attack."""

    services: tuple[str, ...] = Field(strict=False, description="Data of a tenant, in this order; identity first.")
    size_classes: tuple[Annotated[SizeName, Field(strict=False)], ...] = Field(
        strict=False, description="Tenants of these classes one after the other; in each by their ids."
    )
    rotation: Rotation = Field(description="Users' credentials with `einklang recover --rotate`.")

    @field_validator("services")
    @classmethod
    def _all_and_identity_first(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if sorted(value) != sorted(SERVICES) or value[0] != SERVICES[0]:
            raise fault(Code.CHOICE, ", ".join(value), f"{', '.join(SERVICES)}; identity first")
        return value

    @field_validator("size_classes")
    @classmethod
    def _each_once(cls, value: tuple[SizeName, ...]) -> tuple[SizeName, ...]:
        if sorted(value) != sorted(SizeName):
            raise fault(Code.CHOICE, ", ".join(value), ", ".join(SizeName))
        return value


def _one_of(value: str, *known: str) -> str:
    if value not in known:
        raise fault(Code.CHOICE, value, ", ".join(known))
    return value
