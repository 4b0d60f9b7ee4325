"""The front of Olpe with two applications, one for citizens and one for staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from einklang import inventory
from einklang.settings import PROJECT_ROOT
from modules.front_backend import Backend
from modules.front_configuration import files

PORTAL, DMS = "www.olpe.example", "dms.olpe.example"
PREFIX = f"/VirtualHostBase/https/{PORTAL}:443/Plone/VirtualHostRoot"
CACHE_SECONDS = 1
PAST_CACHE_SECONDS = CACHE_SECONDS + 0.2
HTML = ("Content-Type", "text/html")


def configuration(portal_port: int, dms_port: int) -> Mapping[str, str]:
    """The front's files, with applications that listen on this machine."""
    resolved = inventory.load(PROJECT_ROOT, today=date(2026, 11, 23)).resolve("olpe")
    tenant = resolved.tenant.model_copy(update={"notice": "Das Rathaus <b>bleibt</b> offen."})
    portal = Backend(
        application="portal",
        hostname=PORTAL,
        service="127.0.0.1",
        port=portal_port,
        body_limit_mib=1,
        content_security_policy="default-src 'self'; frame-ancestors 'self'",
        denied_paths=["(^|/)(@@)?manage(_[^/]*)?(/|$)"],
        upstream_prefix=PREFIX,
        cache_seconds=CACHE_SECONDS,
        indexed=True,
    )
    dms = Backend(
        application="dms",
        hostname=DMS,
        service="127.0.0.1",
        port=dms_port,
        body_limit_mib=2,
        content_security_policy="default-src 'none'",
        allowed_paths=["/", "/documents"],
        denied_paths=["^/documents/setup"],
        methods=["GET", "HEAD", "POST", "PUT"],
        script_cookies=["csrftoken"],
        timeout_seconds=1,
    )
    return files(PROJECT_ROOT / "templates", replace(resolved, tenant=tenant), [portal, dms])
