"""Permissions asked for once. A page that lists documents asks hundreds of times whether its user may see something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_KNOWN = "_einklang_permissions"

Ask = Callable[[Any, Any], bool]


def once(ask: Ask) -> Ask:
    """`ask(permission, user)`, with its answers kept on the user object: that is one request's, and ends with it."""

    def remembered(permission: Any, user: Any) -> bool:
        known: dict[Any, bool] = user.__dict__.setdefault(_KNOWN, {})
        if permission.pk not in known:
            known[permission.pk] = ask(permission, user)
        return known[permission.pk]

    return remembered
