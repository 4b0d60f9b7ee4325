"""Progress of long work: what is being done, n of m, for how long already."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.text import Text

_HEARTBEAT_SECONDS = 20.0


class Progress(Protocol):
    """What an operation reports to; the command line shows it, tests record it."""

    def step(self, title: str, number: int, total: int) -> AbstractContextManager[None]:
        """One step of `total`, shown while it runs and with its duration when it ends."""

    def note(self, text: str) -> None:
        """One line that belongs to the step under way."""


class Silent:
    """Reports nothing."""

    @contextmanager
    def step(self, title: str, number: int, total: int) -> Iterator[None]:
        """Do nothing around the step."""
        del title, number, total
        yield

    def note(self, text: str) -> None:
        """Drop the line."""
        del text


class Lines:
    """Reports line by line: at a step's start and end, and a sign of life in between.

    Plain lines read the same on a terminal, in a CI log and in a pipe; colour only on a terminal (rich decides).
    """

    def __init__(self, stream: TextIO = sys.stderr, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = Console(file=stream, highlight=False, soft_wrap=True)
        self._clock = clock
        self._began = clock()

    @contextmanager
    def step(self, title: str, number: int, total: int) -> Iterator[None]:
        """Print `[n/m] title`, a heartbeat every 20 s, and how long it took."""
        head, start, done = f"[{number}/{total}] {title}", self._clock(), threading.Event()
        self._print(head, "…")
        heart = threading.Thread(target=self._beat, args=(head, start, done), daemon=True)
        heart.start()
        try:
            yield
        except BaseException:
            self._print(head, f"[red]failed[/red] after {self._clock() - start:.1f} s")
            raise
        else:
            self._print(head, f"[green]done[/green] in {self._clock() - start:.1f} s")
        finally:
            done.set()
            heart.join()

    def note(self, text: str) -> None:
        """Print the line, indented."""
        self._print("   ", text, markup=False)

    def _beat(self, head: str, start: float, done: threading.Event) -> None:
        while not done.wait(_HEARTBEAT_SECONDS):
            self._print(head, f"… {self._clock() - start:.0f} s")

    def _print(self, head: str, text: str, *, markup: bool = True) -> None:
        elapsed = int(self._clock() - self._began)
        line = Text(f"{elapsed // 60:02d}:{elapsed % 60:02d} {head} ")
        # One call a line: steps run side by side.
        self._console.print(line + (Text.from_markup(text) if markup else Text(text)))
