"""The worker's sign of life: a file that it touches as long as it is connected to the broker and the clock runs."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

FILE = Path("/tmp/alive")
_SECONDS = 10


def begin(sender: Any, **_: Any) -> None:
    """Called once when the worker is ready. sender: celery's consumer."""
    threading.Thread(target=_beat, args=(sender,), daemon=True).start()


def _beat(consumer: Any) -> None:
    while True:
        if alive(consumer):
            FILE.touch()
        time.sleep(_SECONDS)


def alive(consumer: Any) -> bool:
    """Whether the connection to the broker stands and the process of the clock, where one was started, runs."""
    connection, clock = consumer.connection, getattr(consumer.controller, "beat", None)
    return bool(connection and connection.connected) and (clock is None or bool(clock.is_alive()))
