"""Redis as the broker, from which no task gets lost: not when it dies, and not when a worker does.

Kombu takes a task out of its queue and records it as taken in a second step: with what dies between the two, the task
is gone. Here a task is recorded in the step that puts it into its queue, and until the worker says that it is done.
What is recorded, in no queue and in nobody's hands belongs to somebody who died (redelivery.py).
"""

from __future__ import annotations

import json
import math
from typing import Any

from kombu.transport import redis
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import dumps

_IN_QUEUE = math.inf
"""When it was taken: later than all that would be handed out again for having been taken too long ago."""


class Channel(redis.Channel):
    """Kombu's, with the record of a task from its first moment."""

    def _put(self, queue: str, message: dict[str, Any], **options: Any) -> None:
        if "task" not in message["headers"]:
            super()._put(queue, message, **options)
            return
        delivery = message["properties"]["delivery_info"]
        key = self._q_for_pri(queue, self._get_message_priority(message, reverse=False))
        with self.conn_or_acquire() as client, client.pipeline() as transaction:
            transaction.lpush(key, dumps(message))
            self._record(transaction, message, delivery["exchange"], delivery["routing_key"])
            transaction.execute()

    def _do_restore_message(
        self, payload: dict[str, Any], exchange: str, routing_key: str, pipe: Any, leftmost: bool = False
    ) -> None:
        super()._do_restore_message(payload, exchange, routing_key, pipe, leftmost)
        self._record(pipe, payload, exchange, routing_key)

    def _record(self, transaction: Any, message: dict[str, Any], exchange: str, routing_key: str) -> None:
        tag = message["properties"]["delivery_tag"]
        transaction.hset(self.unacked_key, tag, dumps([message, exchange, routing_key]))
        transaction.zadd(self.unacked_index_key, {tag: _IN_QUEUE})

    def in_no_queue(self, queues: list[str]) -> list[str]:
        """Tags of the tasks that are recorded and in none of the queues, as of one moment."""
        with self.conn_or_acquire() as client, client.pipeline() as transaction:
            transaction.zrange(self.unacked_index_key, 0, -1)
            for queue in queues:
                for priority in self.priority_steps:
                    transaction.lrange(self._q_for_pri(queue, priority), 0, -1)
            recorded, *queued = transaction.execute()
        waiting = {json.loads(message)["properties"]["delivery_tag"] for messages in queued for message in messages}
        return [tag for tag in map(bytes_to_str, recorded) if tag not in waiting]


class Transport(redis.Transport):
    """Named in the settings; celery takes it for what the broker's address says."""

    Channel = Channel
