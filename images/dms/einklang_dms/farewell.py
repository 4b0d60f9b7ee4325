"""A worker that is told to stop ends where its broker is gone: nobody is there to hear what it has done.

Celery would look for the broker until the pod's grace is over (modules/dms_worker.py), and hold up a namespace that
goes. What it had begun is begun again by the next one (redelivery.py).
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

_LOOKS, _SECONDS = 3, 2
"""A broker that is restarted is back within these looks."""


def begin(**_: Any) -> None:
    """Called when the worker is told to stop."""
    host, port = os.environ["DMS_BROKER_HOST"].rsplit(":", 1)
    threading.Thread(target=leave, args=(lambda: _there(host, int(port)), lambda: os._exit(0)), daemon=True).start()


def leave(there: Callable[[], bool], end: Callable[[], object], sleep: Callable[[float], None] = time.sleep) -> None:
    """Call `end` when the broker was not there several times in a row; until then the worker ends by itself."""
    missed = 0
    while missed < _LOOKS:
        sleep(_SECONDS)
        missed = 0 if there() else missed + 1
    end()


def _there(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError:
        return False
    return True
