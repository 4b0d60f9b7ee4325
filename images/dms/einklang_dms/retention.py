"""The end of a document's life: how long it is kept counts from the day its file was closed, not from its upload."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone
from mayan.apps.documents.models.document_models import Document

from einklang_dms.models import Retention
from einklang_dms.periods import expiry


def closed(document: Any) -> datetime | None:
    """When the last of the document's workflows came to its end; None while one is open or none was begun."""
    instances = list(document.workflows.all())
    if not instances or any(not instance.state_active.final for instance in instances):
        return None
    return max(timezone.localtime(instance.get_last_log_entry_datetime()) for instance in instances)


def due(now: datetime) -> Iterator[Any]:
    """The documents whose time is over."""
    for retention in Retention.objects.exclude(years=None).select_related("document_type"):
        documents = Document.objects.filter(document_type=retention.document_type, in_trash=False)
        for document in documents.iterator(chunk_size=500):
            since = closed(document)
            if since and retention.years is not None and now >= expiry(since, retention.years):
                yield document


def run(now: datetime) -> int:
    """Move them to the trash, from where the document type's own rule deletes them. Returns how many.

    Each is an event in Mayan's log.
    """
    count = 0
    for document in due(now):
        document.delete(to_trash=True)
        count += 1
    return count
