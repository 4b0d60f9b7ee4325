"""An approval: data of a module may be deleted or replaced, for a few days."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from pydantic import Field

from einklang.model.base import Model
from einklang.model.vocabulary import CalendarDate, Line, Text

LONGEST_DAYS = 31
"""An approval that stands for longer would be there when nobody thinks of it any more."""


class DataModule(StrEnum):
    """The modules that hold data of a municipality."""

    DATABASE = "database"
    DMS = "dms"


class Approval(Model):
    """Whose data may go, who answers for it, and until when."""

    module: DataModule = Field(
        strict=False,
        description="Modul, dessen Daten gelöscht werden dürfen. dms: die E-Akte. database: die Datenbank.",
    )
    reason: Line = Field(min_length=10, max_length=500, description="Warum die Daten gelöscht werden, in einem Satz.")
    approved_by: Text = Field(max_length=100, description="Wer das genehmigt: Name oder Stelle.")
    until: CalendarDate = Field(
        description="Letzter Tag, an dem gelöscht werden darf (JJJJ-MM-TT). Höchstens 31 Tage im Voraus."
    )

    def valid(self, today: date) -> bool:
        """Whether the approval counts on that day."""
        return today <= self.until

    def too_long(self, today: date) -> bool:
        """Whether it would count for longer than an approval may."""
        return self.until > today + timedelta(days=LONGEST_DAYS)
