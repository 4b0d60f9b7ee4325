"""Hostnames and domains (RFC 1123, section 2.1; lengths as in RFC 1035, section 2.3.4)."""

from __future__ import annotations

import re

PATTERN = r"^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$"


def is_hostname(text: str) -> bool:
    """Whether the text is a fully qualified hostname: lower case, ASCII, at least two labels, no dot at the end."""
    return re.fullmatch(PATTERN, text, re.ASCII) is not None


def is_inside(hostname: str, domain: str) -> bool:
    """Whether the hostname is the domain or lies below it."""
    return hostname == domain or hostname.endswith(f".{domain}")
