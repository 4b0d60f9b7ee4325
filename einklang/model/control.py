"""A control: a requirement with its original ID, and what answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from einklang.model.base import Model, fault
from einklang.model.problem import Code
from einklang.model.vocabulary import Slug, Text

Level = Literal["B", "S", "H", "L1", "L2", "baseline", "restricted"]
"""Of BSI: basic, standard, high. Of the multi-tenancy benchmarks: level 1 and 2. Of Pod Security: its two standards."""


class Control(Model):
    """One requirement. Whoever reads a report has to see either what was checked or why nothing was."""

    title: Text = Field(description="Title as its publisher gives it.")
    level: Level | None = Field(default=None, description="The publisher's class; left out where it gives none.")
    checks: tuple[Slug, ...] = Field(default=(), strict=False, description="Checks that answer it, by their names.")
    not_automatic: Text | None = Field(
        default=None, description="German: why no check answers it, or what is left for people beside the checks."
    )

    @model_validator(mode="after")
    def _is_answered(self) -> Control:
        if not self.checks and not self.not_automatic:
            raise fault(Code.KEY_MISSING, expected="checks")
        return self


class Catalogue(Model):
    """The controls of one publication in one edition: IDs move between editions, so the edition stands beside them."""

    name: Text = Field(description="What people call it.")
    publisher: Text = Field(description="Who publishes it.")
    edition: Text = Field(description="Edition or version that the IDs are from.")
    evidence_days: Annotated[int, Field(ge=1)] = Field(description="Days after which evidence is too old.")
    note: Text | None = Field(default=None, description="German: what a reader of the report has to know about it.")
    controls: Mapping[Text, Control] = Field(min_length=1, description="ID -> control.")
