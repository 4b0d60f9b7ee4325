"""A time as an option."""

from __future__ import annotations

from datetime import UTC, datetime

import click


class _Time(click.ParamType):
    """A date, or a date and time; without a zone it is UTC."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time; such as 2026-11-23 or 2026-11-23T20:00", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


AT = _Time()
