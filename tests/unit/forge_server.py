"""A stand-in for a platform's API on the loopback: comments of proposals, kept in memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "the-token-of-the-forge"


@dataclass
class Server:
    """url: base address of the API. comments, proposals: what it holds. requests: method and path of each request."""

    url: str = ""
    me: str = "einklang"
    comments: list[dict[str, Any]] = field(default_factory=list)
    proposals: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def comment(self, author: str, body: str) -> None:
        """A comment of somebody, in every platform's form."""
        who = {"login": author, "username": author}
        self.comments.append({"id": len(self.comments) + 1, "body": body, "user": who, "author": who})


@contextmanager
def serve() -> Iterator[Server]:
    """Run it."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
            if path.endswith("/user"):
                self._answer({"login": state.me, "username": state.me})
            else:
                found = state.comments if path.endswith(("/comments", "/notes")) else state.proposals
                self._answer(found if query.get("page") == ["1"] else [])

        def do_POST(self) -> None:
            state.comment(state.me, self._body())
            self._answer({})

        def do_PATCH(self) -> None:
            number = int(self.path.rpartition("/")[2])
            next(each for each in state.comments if each["id"] == number)["body"] = self._body()
            self._answer({})

        do_PUT = do_PATCH  # noqa: N815 - the protocol's name

        def _body(self) -> str:
            return str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])

        def _answer(self, data: Any) -> None:
            state.requests.append(f"{self.command} {urlsplit(self.path).path}")
            given = self.headers.get("Authorization") or f"token {self.headers.get('PRIVATE-TOKEN')}"
            state.tokens.add(given.removeprefix("token "))
            body = json.dumps(data).encode()
            self.send_response(200 if TOKEN in given else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
