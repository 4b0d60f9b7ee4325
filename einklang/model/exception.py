"""A documented, dated deviation from the standard."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from einklang.model.base import Model
from einklang.model.vocabulary import CalendarDate, Line, Text


class StandardException(Model):
    """Why one requirement is not met, who answers for it, and until when."""

    control: Text = Field(description="Anforderung, von der abgewichen wird, zum Beispiel APP.4.4.A7.")
    reason: Line = Field(min_length=10, max_length=500, description="Warum abgewichen wird, in einem Satz.")
    owner: Text = Field(max_length=100, description="Wer die Abweichung verantwortet: Name oder Stelle.")
    expires: CalendarDate = Field(description="Letzter Tag, an dem die Ausnahme gilt (JJJJ-MM-TT).")

    def expired(self, today: date) -> bool:
        """Whether the last day of the exception is over."""
        return today > self.expires
