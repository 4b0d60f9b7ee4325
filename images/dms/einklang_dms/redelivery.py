"""What a worker had taken when it or its connection to the broker died is begun again at once.

A task stays in the broker until a worker says that it is done (broker.py); another would get it after the visibility
timeout, half an hour. There is one worker (modules/dms_worker.py), and its old pod ends before the new one starts: what
is in no queue when it starts belongs to one that is gone. What it has taken by a connection that broke, it has
forgotten, but for what it is working on right now: that waits for the broker when it has something to send.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def begin(sender: Any, **_: Any) -> None:
    """Called once, before the worker connects and starts its processes. sender: celery's worker."""
    from celery import bootsteps
    from celery.worker import state

    class GiveBack(bootsteps.StartStopStep):
        """Started with each connection, before anything is taken by it."""

        requires = ("celery.worker.consumer.connection:Connection",)

        def start(self, parent: Any) -> None:
            """Give back what nobody works on. parent: celery's consumer."""
            give_back(parent.app, {request.message.delivery_tag for request in state.active_requests})

    sender.app.steps["consumer"].add(GiveBack)
    sender.app.conf.task_publish_retry_policy = {**sender.app.conf.task_publish_retry_policy, "max_retries": None}


def give_back(app: Any, active: Collection[str]) -> None:
    """Put what is in no queue back to the front of its own; waits for the broker. active: tags to be left alone."""
    with app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=None)
        channel = connection.default_channel
        for tag in channel.in_no_queue(list(app.amqp.queues)):
            if tag not in active:
                channel.qos.restore_by_tag(tag, leftmost=True)
