"""What may come in: files of an allowed type and size, without malware.

Looked at twice. At the door, in every request that brings files, web page or API: whoever sends it is told at once.
And where Mayan makes a document's file, whatever way it came: that one nothing gets round.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, BinaryIO

from celery import current_task
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language
from mayan.apps.mime_types.classes import MIMETypeBackend

from einklang_dms import clamd
from einklang_dms.views import nowhere

LOGGER = logging.getLogger(__name__)
_MIB = 2**20
_TEXTS = {
    "de": {
        "size": "Die Datei „{name}“ ist zu groß: erlaubt sind {limit} MiB.",
        "type": "Die Datei „{name}“ wird nicht angenommen: Dateien vom Typ {type} sind hier nicht erlaubt.",
        "malware": "Die Datei „{name}“ wird nicht angenommen: Der Virenscanner hat Schadsoftware gefunden ({found}). "
        "Bitte wenden Sie sich an die Informationssicherheit.",
        "incomplete": "Die Datei „{name}“ wird nicht angenommen: Der Virenscanner kann sie nicht vollständig prüfen. "
        "Sie ist zu groß oder zu verschachtelt. Bitte teilen Sie sie auf.",
        "scanner": "Die Datei „{name}“ kann gerade nicht geprüft werden. Bitte versuchen Sie es später noch einmal.",
    },
    "en": {
        "size": "The file “{name}” is too large: the limit is {limit} MiB.",
        "type": "The file “{name}” is refused: files of type {type} are not allowed here.",
        "malware": "The file “{name}” is refused: the scanner found malware ({found}). "
        "Please tell information security.",
        "incomplete": "The file “{name}” is refused: the scanner cannot look at all of it. It is too large or too "
        "deeply nested. Please split it.",
        "scanner": "The file “{name}” cannot be checked at the moment. Please try again later.",
    },
}


class Refused(ValidationError):
    """The file does not come in; the message says why, to the one who sent it."""

    def __init__(self, code: str, **facts: object) -> None:
        texts = _TEXTS["en" if (get_language() or "de").startswith("en") else "de"]
        self.text = texts[code].format(**facts)
        super().__init__(self.text, code=code)


def check(file: BinaryIO, name: str, size: int) -> None:
    """Raise Refused where the file may not come in. The file is read from its start and left there."""
    limit = settings.EINKLANG["upload_max_mib"]
    if size > limit * _MIB:
        raise Refused("size", name=name, limit=limit)
    file.seek(0)
    found, _ = MIMETypeBackend.get_backend_instance().get_mime_type(file_object=file, mime_type_only=True)
    if found not in settings.EINKLANG["upload_types"]:
        raise Refused("type", name=name, type=found)
    if settings.EINKLANG["clamd"]:
        _scan(file, name)
    file.seek(0)


def _scan(file: BinaryIO, name: str) -> None:
    """A scanner that does not answer lets nothing through."""
    try:
        malware = clamd.scan(settings.EINKLANG["clamd"], _chunks(file))
    except OSError as error:
        LOGGER.error("virus scanner: %s", error)
        raise Refused("scanner", name=name) from error
    if clamd.incomplete(malware):
        LOGGER.error("not scanned as a whole: %s", malware)
        raise Refused("incomplete", name=name)
    if malware:
        LOGGER.error("malware refused: %s", malware)
        raise Refused("malware", name=name, found=malware)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_MIB):
        yield chunk


def before_document_file(instance: Any, kwargs: dict[str, Any]) -> None:
    """Mayan's hook before it makes a document's file.

    In the worker the sender has his answer already, and the file must not be lost because the scanner is away for a
    moment: Mayan's task tries again after an OperationalError.
    """
    file = kwargs["file_object"]
    if file is None:
        return
    try:
        check(file, getattr(file, "name", "") or "", file.size)
    except Refused as refusal:
        if refusal.code == "scanner" and current_task:
            raise OperationalError("the virus scanner does not answer") from refusal
        raise


class CheckUploads:
    """Middleware: looks at the files of a request before any view does."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer of what lies below, with one header more where it leads to the login."""
        response: HttpResponse = self.get_response(request)
        location = response.headers.get("Location", "")
        if location.startswith(settings.LOGIN_URL):
            # Mayan's pages ask by script; this header makes the browser itself go to the login.
            response["X-Mayan-Page-Reload"] = "true"
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """422 with the reason as JSON, which Mayan's upload form shows beside the file."""
        if not request.user.is_authenticated:
            # Mayan's API answers everybody, if with empty lists.
            api = request.path_info.startswith("/api/")
            return JsonResponse({"error": "not logged in"}, status=401) if api and view is not nowhere else None
        if request.method not in {"POST", "PUT", "PATCH"}:
            return None
        if not request.content_type.startswith("multipart/") and request.method != "POST":
            return None
        if request.method != "POST":
            # Django reads forms of POST only, and no page or endpoint takes a file otherwise.
            return JsonResponse({"error": "multipart only with POST"}, status=415)
        try:
            for name in request.FILES:
                for file in request.FILES.getlist(name):
                    check(file, file.name or "", file.size or 0)
        except Refused as refusal:
            return JsonResponse({"error": refusal.text}, status=422)
        return None
