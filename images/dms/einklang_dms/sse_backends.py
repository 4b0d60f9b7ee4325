"""Messages to the browser, by the broker: each open page holds a stream, and no connection to the database."""

from __future__ import annotations

from django.db import connection
from mayan.apps.server_side_events.sse_backends.redis import RedisServerEventStreamBackend


class Broker(RedisServerEventStreamBackend):
    """Mayan's own over Redis, and it gives back the connection that the start of the request took."""

    label = "Broker"

    def on_idle(self) -> None:
        """Called before each wait."""
        if not connection.in_atomic_block:
            connection.close()
