"""When a retention period ends."""

from __future__ import annotations

from datetime import datetime


def expiry(closed: datetime, years: int) -> datetime:
    """The first moment after the period, which runs from the end of the year in which the file was closed."""
    return closed.replace(year=closed.year + years + 1, month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
