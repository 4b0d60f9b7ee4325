"""What a killed worker had begun is begun again as soon as the next one starts.

A task that a worker has taken stays in the broker until the worker says that it is done; another gets it after the
visibility timeout, half an hour. There is one worker (modules/dms_worker.py), and its old pod ends before the new one
starts: what is taken when it starts belongs to one that is gone.
"""

from __future__ import annotations

from typing import Any


def give_back(sender: Any, **_: Any) -> None:
    """Called once, before the worker takes anything; waits for the broker. sender: celery's worker."""
    with sender.app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=None)
        channel = connection.default_channel
        with channel.conn_or_acquire() as client:
            for tag in client.zrange(channel.unacked_index_key, 0, -1):
                channel.qos.restore_by_tag(tag, client, leftmost=True)
