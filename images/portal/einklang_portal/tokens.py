"""What a verified logout token has to say. Source: OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6."""

from __future__ import annotations

import json
from collections.abc import Mapping

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_AGE_SECONDS = 300
"""A token that is older, or from the future, may be a copy."""


def user_of(token: Mapping[str, object], now: float) -> str:
    """The user whom the token names. Raises ValueError where it is another kind of token, or old."""
    events, issued, user = token.get("events"), token.get("iat"), token.get("sub")
    # pyoidc gives what is JSON in the token as text.
    events = json.loads(events) if isinstance(events, str) else events
    if not isinstance(events, Mapping) or LOGOUT_EVENT not in events or "nonce" in token:
        raise ValueError("no logout token")
    if not isinstance(issued, int | float) or abs(now - issued) > TOKEN_AGE_SECONDS:
        raise ValueError("not issued now")
    if not isinstance(user, str) or not user:
        raise ValueError("no user")
    return user
