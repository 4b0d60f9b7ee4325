"""The errors of Einklang: one small tree, so that a caller can tell whose move it is.

`UserError` is mended by whoever wrote the input, `CheckError` by looking at what was applied, `ClientError`
by mending the remote part or by trying again.
"""

from __future__ import annotations

from pathlib import Path

EXIT_DONE = 0
EXIT_ERROR = 1
EXIT_CHANGES_PENDING = 2
EXIT_INTERRUPTED = 3
EXIT_ROLLOUT_INCOMPLETE = 4


class EinklangError(Exception):
    """Base of all errors that a command shows as a message instead of a traceback."""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return self.message if self.remedy is None else f"{self.message}\n  remedy: {self.remedy}"


class UserError(EinklangError):
    """Something a person wrote (file, option, setting) is not what is expected."""


class CheckError(EinklangError):
    """It was applied, but looking again did not show it."""


class ClientError(EinklangError):
    """A remote part (program, API, registry) failed.

    `log` is the file that holds everything the part printed, where there is one.
    """

    def __init__(self, message: str, *, remedy: str | None = None, log: Path | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.log = log
