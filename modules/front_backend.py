"""What the front has to know of an application that stands behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

CACHE_PERIODS = {60: "^.{16}", 1: "^.{19}"}
"""Seconds -> what is the same for so long of a time such as `2026-11-28T03:10:47+00:00`, as a pattern (PCRE)."""

_NAME = re.compile(r"[a-z][a-z0-9]*")
_HEADER = re.compile(r"[^\x00-\x1f\x7f$\"\\]*")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~:@+-]+)*")
_PATH = re.compile(rf"/|{_PREFIX.pattern}")
_COOKIE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Backend:
    """One application under a hostname of its own.

    application: its name, `portal` or `dms`. service, port: where it is reached in the namespace. The Service has to
    stand before the front starts; its pods need not.

    body_limit_mib: the largest request. allowed_paths: what is public: `/login` stands for itself and all below it, `/`
    for itself alone; none given: every path. denied_paths: regular expressions (PCRE, upper and lower case alike),
    looked for anywhere in the decoded path; they win over what is allowed. What is not public is answered with 404.
    methods: of HTTP; the others are answered with 405.

    content_security_policy: value of the header; the front's replaces the application's own. script_cookies: cookies
    that the application's scripts read, which all others are kept from. indexed: search engines may take the pages.

    upstream_prefix: put before the path, for Zope's VirtualHostMonster. cache_seconds: pages that are the same for
    everybody are kept until the running period of so many seconds is over, one of `CACHE_PERIODS`; 0: never.
    timeout_seconds: for how long the application may be silent.
    """

    application: str
    hostname: str
    service: str
    port: int
    body_limit_mib: int
    content_security_policy: str
    allowed_paths: Sequence[str] = ()
    denied_paths: Sequence[str] = ()
    upstream_prefix: str = ""
    cache_seconds: int = 0
    methods: Sequence[str] = ("GET", "HEAD", "POST")
    script_cookies: Sequence[str] = ()
    indexed: bool = False
    timeout_seconds: int = 60

    def __post_init__(self) -> None:
        """Raises ValueError for what would not be one value of nginx's configuration."""
        checks = [
            (_NAME, [self.application]),
            (_HEADER, [self.content_security_policy]),
            (_PATH, self.allowed_paths),
            (_PREFIX, [self.upstream_prefix]),
            (re.compile("[A-Z]+"), self.methods),
            (_COOKIE, self.script_cookies),
        ]
        wrong = [value for pattern, values in checks for value in values if not pattern.fullmatch(value)]
        if wrong or self.cache_seconds not in {0, *CACHE_PERIODS}:
            raise ValueError(f"{self.application}: {wrong or self.cache_seconds}")
        for pattern in self.denied_paths:
            re.compile(pattern)
