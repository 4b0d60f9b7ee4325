"""A container registry on this machine, as small as `buildah push` lets it be (OCI distribution specification 1.1)."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_UPLOAD = "/upload"


class Registry(ThreadingHTTPServer):
    """blobs: digest -> content. manifests: `name:tag` -> digest."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, str] = {}
        self.parts: dict[str, bytes] = {}

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


@contextmanager
def running() -> Iterator[Registry]:
    """A registry that ends with the context."""
    with Registry() as registry:
        thread = threading.Thread(target=registry.serve_forever, daemon=True)
        thread.start()
        yield registry
        registry.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Registry

    def do_GET(self) -> None:
        if self.path == "/v2/":
            self._answer(200)
            return
        found = re.fullmatch(r"/v2/(.+)/(?:blobs|manifests)/(.+)", self.path)
        digest = self.server.manifests.get(f"{found[1]}:{found[2]}", found[2]) if found else ""
        content = self.server.blobs.get(digest)
        self._answer(200 if content is not None else 404, content or b"", {"Docker-Content-Digest": digest})

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        name = f"{_UPLOAD}/{len(self.server.parts)}"
        self.server.parts[name] = b""
        self._answer(202, headers={"Location": name})

    def do_PATCH(self) -> None:
        self.server.parts[self.path] += self._body()
        self._answer(202, headers={"Location": self.path})

    def do_PUT(self) -> None:
        target, body = urlsplit(self.path), self._body()
        if target.path.startswith(_UPLOAD):
            content, expected = self.server.parts.pop(target.path) + body, parse_qs(target.query)["digest"][0]
        else:
            name, tag = target.path.removeprefix("/v2/").split("/manifests/")
            content, expected = body, f"sha256:{hashlib.sha256(body).hexdigest()}"
            self.server.manifests[f"{name}:{tag}"] = expected
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.server.blobs[digest] = content
        self._answer(201 if digest == expected else 400, headers={"Docker-Content-Digest": digest})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def _answer(self, code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
