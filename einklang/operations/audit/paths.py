"""What a site is asked for. Reads only: nothing here logs in, sends a form or follows a link."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

FOREIGN = "fremd.example"
_ELSEWHERE = quote(f"https://{FOREIGN}/", safe="")

_OPEN = {"identity": ("/",), "portal": ("/", "/impressum"), "dms": ("/",)}
_CLOSED = {
    "identity": ("/admin/", "/admin/master/console/", "/realms/master/account/", "/metrics", "/health", "/q/dev"),
    "portal": ("/manage", "/manage_main", "/acl_users/manage_main", "/VirtualHostRoot/manage", "/@@manage"),
    "dms": ("/admin/", "/.git/config", "/metrics", "/__debug__/"),
}
_LOGIN = {"portal": ("/login",), "dms": ("/", "/authentication/login/", "/setup/")}


def closed(application: str) -> Sequence[str]:
    """Pages that must not be there for the public."""
    return _CLOSED[application]


def login(application: str) -> Sequence[str]:
    """Where the application asks who one is; nothing where the application is the identity service itself."""
    return _LOGIN.get(application, ())


def foreign_redirects(application: str, tenant: str) -> Sequence[str]:
    """Addresses that name a foreign site to be taken to."""
    realm = f"/realms/{tenant}/protocol/openid-connect"
    return {
        "identity": (
            f"{realm}/auth?client_id=portal&response_type=code&scope=openid&redirect_uri={_ELSEWHERE}",
            f"{realm}/logout?client_id=portal&post_logout_redirect_uri={_ELSEWHERE}",
        ),
        "portal": (f"/login?came_from={_ELSEWHERE}", f"/logout?came_from={_ELSEWHERE}", f"//{FOREIGN}/%2e%2e"),
        "dms": (f"/?next={_ELSEWHERE}", f"//{FOREIGN}/%2e%2e"),
    }[application]


def all_of(application: str, tenant: str) -> tuple[str, ...]:
    """Everything that a site of this application is asked for."""
    listed = [*_OPEN[application], *login(application), *closed(application), *foreign_redirects(application, tenant)]
    return tuple(dict.fromkeys(listed))
