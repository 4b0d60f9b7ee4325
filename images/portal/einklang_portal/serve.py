"""Serve the portal: Zope under waitress, in one process, with answers for the pod's probes.

Usage: python3 -m einklang_portal.serve CONFIGURATION. Environment: PORTAL_PORT, PORTAL_THREADS, PORTAL_URL.
"""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

SITE = "Plone"
LIVE, READY = "/.einklang/live", "/.einklang/ready"
_STOP_SECONDS = 20

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]
logger = logging.getLogger(__name__)


class NotSetUpError(Exception):
    """The database holds no site yet."""


class Portal:
    """The application with its probes; what fails because the database is away is an answer 503, not 500.

    ready: raises an exception when no page can be shown. down: the exceptions that mean that.
    """

    def __init__(self, pages: Application, ready: Callable[[], None], down: tuple[type[BaseException], ...]) -> None:
        self._pages, self._ready, self._down = pages, ready, down

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """One request."""
        path = environ.get("PATH_INFO", "")
        if path == LIVE:
            return _answer(start, "200 OK")
        try:
            if path == READY:
                self._ready()
                return _answer(start, "200 OK")
            return self._pages(environ, start)
        except self._down as error:
            logger.error("database: %s", type(error).__name__)
            return _answer(start, "503 Service Unavailable", sys.exc_info())


def _answer(start: Start, status: str, failure: Any = None) -> list[bytes]:
    headers = [("Content-Type", "text/plain"), ("Cache-Control", "no-store"), ("Content-Length", "0")]
    start(status, headers, failure)
    return [b""]


def warm_up(pages: Application, url: str) -> None:
    """Ask for the start page once: templates are compiled and the registry is read before the first visitor comes."""
    parts = urlsplit(url)
    path = f"/VirtualHostBase/{parts.scheme}/{parts.hostname}:443/{SITE}/VirtualHostRoot/"
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": str(parts.hostname),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    seen: list[str] = []
    body = pages(environ, lambda status, *_: seen.append(status))
    size = sum(len(part) for part in body)
    logger.info("warmed up: %s, %d bytes", seen[-1] if seen else "no answer", size)


def main(configuration: str) -> None:
    """Serve until SIGTERM; requests under way are answered first."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s", stream=sys.stdout)
    # It writes whole tokens, and so who logs in and out when.
    logging.getLogger("oic").setLevel(logging.WARNING)
    # Below, because Zope takes seconds to import, and the tests of this module need none of it.
    import waitress
    import Zope2
    from psycopg2 import Error as DatabaseError
    from ZODB.POSException import StorageError
    from Zope2.Startup.run import make_wsgi_app

    def ready() -> None:
        connection = Zope2.DB.open()
        try:
            if SITE not in connection.root()["Application"].objectIds():
                raise NotSetUpError
        finally:
            connection.close()

    pages = make_wsgi_app({}, configuration)
    warm_up(pages, os.environ["PORTAL_URL"])
    server = waitress.create_server(
        Portal(pages, ready, (DatabaseError, StorageError, NotSetUpError)),
        host="0.0.0.0",  # noqa: S104 - the pod's address; who reaches it says the network policy
        port=int(os.environ["PORTAL_PORT"]),
        threads=int(os.environ["PORTAL_THREADS"]),
        ident=None,
        channel_timeout=130,
        connection_limit=500,
        clear_untrusted_proxy_headers=False,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    logger.info("serving")
    try:
        server.run()
    finally:
        server.task_dispatcher.shutdown(cancel_pending=False, timeout=_STOP_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1])
