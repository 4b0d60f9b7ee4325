"""Queues of the worker; Mayan finds this module by its name."""

from __future__ import annotations

from datetime import timedelta

from mayan.apps.task_manager.classes import CeleryQueue
from mayan.apps.task_manager.workers import worker_c

queue = CeleryQueue(label="Einklang", name="einklang", worker=worker_c)
queue.add_task_type(
    dotted_path="einklang_dms.tasks.task_retention",
    label="Aufbewahrungsfristen",
    name="task_retention",
    schedule=timedelta(days=1),
)
