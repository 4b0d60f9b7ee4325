"""How the REST API knows who asks."""

from __future__ import annotations

from rest_framework.authentication import SessionAuthentication


class Session(SessionAuthentication):
    """The session of a logged-in browser, with Django's protection against forged requests."""

    def authenticate_header(self, request: object) -> str:
        """Whoever has no session gets 401 instead of 403: nobody asks a browser for a password, the scheme is ours."""
        return "Session"
