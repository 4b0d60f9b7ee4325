"""The files of a folder, read with care: regular, small, in their folder. Nothing here blocks or follows a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from einklang.model.problem import Code

MAXIMUM_BYTES = 64 * 1024
"""A tenant file has about 2 KiB."""


class FileError(Exception):
    """A file that cannot be read, with the code of the reason."""

    def __init__(self, code: Code, found: str = "", expected: str = "") -> None:
        super().__init__(code)
        self.code, self.found, self.expected = code, found, expected


def read_file(path: Path, maximum_bytes: int = MAXIMUM_BYTES) -> bytes:
    """Content of a regular file; raises FileError.

    Symbolic links are refused, special files are never waited for, and a file that is too large is not read.
    """
    try:
        # looked at before it is opened, because opening a device can have effects; looked at again afterwards
        _require_regular(os.lstat(path))
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise FileError(Code.NOT_FOUND) from error
    except OSError as error:
        raise FileError(Code.UNREADABLE, error.strerror or "") from error
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(stream.fileno())
        _require_regular(status)
        if status.st_size > maximum_bytes:
            raise FileError(Code.TOO_LARGE, str(status.st_size), str(maximum_bytes))
        try:
            data = stream.read(maximum_bytes + 1)
        except OSError as error:
            raise FileError(Code.UNREADABLE, error.strerror or "") from error
    if len(data) > maximum_bytes:
        raise FileError(Code.TOO_LARGE, str(len(data)), str(maximum_bytes))
    return data


def _require_regular(status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise FileError(Code.SYMLINK)
    if not stat.S_ISREG(status.st_mode):
        raise FileError(Code.NOT_A_FILE)
