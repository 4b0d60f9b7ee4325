"""Registrations with federal services: made by hand, outside; the tenant file says how far they are."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from einklang.model.base import Model


class Registration(StrEnum):
    """How far a registration is."""

    PENDING = "pending"
    DONE = "done"


State = Annotated[Registration, Field(strict=False)]


class Registrations(Model):
    """What a municipality registers for itself before a service can be used."""

    bundid: State = Field(
        default=Registration.PENDING,
        description="Anmeldung bei der BundID. pending: steht aus. done: erledigt. Ohne Angabe: steht aus.",
    )
    fit_connect: State = Field(
        default=Registration.PENDING,
        description="Anmeldung bei FIT-Connect. pending: steht aus. done: erledigt. Ohne Angabe: steht aus.",
    )

    def pending(self) -> tuple[str, ...]:
        """Names of those that are still to be made."""
        return tuple(name for name, state in self if state is Registration.PENDING)
