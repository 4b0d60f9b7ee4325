"""Sessions end when the identity service says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from einklang_dms.models import Login


def keep(sender: Any, request: Any, user: Any, **_: Any) -> None:
    """Note which session here belongs to which one of the identity service; called at each login."""
    sid = getattr(user, "einklang_sid", "")
    if not request or not sid:
        return
    if not request.session.session_key:
        request.session.create()
    Login.objects.update_or_create(session=request.session.session_key, defaults={"sid": sid, "subject": user.username})
    long_ago = timezone.now() - timedelta(seconds=2 * settings.SESSION_COOKIE_AGE)
    Login.objects.filter(since__lt=long_ago).delete()
    Session.objects.filter(expire_date__lt=timezone.now()).delete()


def end(claims: Mapping[str, Any]) -> int:
    """End the sessions that a logout token names: one by `sid`, else all of the subject. Returns how many."""
    named = {"sid": claims["sid"]} if claims.get("sid") else {"subject": claims["sub"]}
    logins = Login.objects.filter(**named)
    keys = list(logins.values_list("session", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    logins.delete()
    return len(keys)
