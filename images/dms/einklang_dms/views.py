"""Our own pages: who was refused, logging out everywhere, and whether the pod can serve."""

from __future__ import annotations

from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.contrib.auth import logout as end_session
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from einklang_dms import identity, sessions


@login_not_required
@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """`/health/` says that the process answers, `/health/?database` that its database does too."""
    if "database" in request.GET:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@never_cache
@require_GET
def refused(request: HttpRequest) -> HttpResponse:
    """Somebody the identity service knows, without a role here; or a login that did not come about."""
    known = bool(request.session.get(identity.REFUSED))
    context = {"without_role": known, "title": settings.EINKLANG["title"], "logout": "/oidc/leave/"}
    return render(request, "einklang_dms/refused.html", context, status=403)


@login_not_required
@never_cache
@require_GET
def to_login(request: HttpRequest) -> HttpResponse:
    """Mayan's own login page: there is none, the identity service has it."""
    return HttpResponseRedirect(settings.LOGIN_URL)


@login_not_required
@never_cache
def nowhere(request: HttpRequest, **_: str) -> HttpResponse:
    """Passwords, impersonation, tokens of the API: not here."""
    return HttpResponse("Nicht vorhanden.", status=404, content_type="text/plain; charset=utf-8")


@login_not_required
@never_cache
def leave(request: HttpRequest) -> HttpResponse:
    """Log out here and at the identity service (OpenID Connect RP-Initiated Logout 1.0)."""
    token = request.session.get("oidc_id_token", "")
    end_session(request)
    query = {"client_id": settings.OIDC_RP_CLIENT_ID, "post_logout_redirect_uri": settings.EINKLANG["home"]}
    if token:
        query["id_token_hint"] = token
    return HttpResponseRedirect(f"{settings.EINKLANG['end_session']}?{urlencode(query)}")


@login_not_required
@csrf_exempt
@never_cache
@require_POST
def back_channel(request: HttpRequest) -> HttpResponse:
    """The identity service says that somebody has logged out (OpenID Connect Back-Channel Logout 1.0)."""
    try:
        sessions.end(identity.Staff().logout_token(request.POST.get("logout_token", "")))
    except (SuspiciousOperation, jwt.PyJWTError, KeyError):
        return HttpResponse("no logout token of this realm", status=400, content_type="text/plain")
    return HttpResponse(status=200)
