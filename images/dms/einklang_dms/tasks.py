"""Tasks of the worker."""

from __future__ import annotations

from django.utils import timezone
from mayan.celery import app

from einklang_dms import retention


@app.task(ignore_result=True)
def task_retention() -> None:
    """Once a day: what has been kept long enough goes to the trash."""
    retention.run(timezone.localtime())
