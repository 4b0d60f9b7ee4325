"""The front's nginx out of its image, without a cluster: in its own root file system, as its own user."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import shutil
import socket
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

from einklang.operations.local import image_archive
from modules.flows import HTTP
from modules.front_configuration import HEALTH_PORT

USER = 65532
WITHIN_SECONDS = 10


def unpack(archive: Path, folder: Path) -> None:
    """Write the image's files below the folder."""

    def take(member: tarfile.TarInfo, stream: IO[bytes] | None) -> None:
        target = folder / image_archive.normal(member.name)
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
        elif member.issym():
            target.symlink_to(member.linkname)
        elif stream:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(stream.read())
            target.chmod(member.mode & 0o755)

    image_archive.collect(archive, bool, take)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, list[str]]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def header(self, name: str) -> str:
        """The header's one value, nothing where there is none."""
        values = self.headers.get(name.lower(), [])
        assert len(values) < 2, f"{name} came {len(values)} times"
        return values[0] if values else ""

    def is_emergency_page(self) -> bool:
        """Whether it is the page for an application that is down."""
        return self.status == 503 and "zurzeit nicht erreichbar" in self.text


@dataclass
class Application:
    """A stand-in for an application. answers: path -> status, headers, body; others get 200 and the request's number.

    seen: method, path and headers of every request.
    """

    port: int
    answers: dict[str, tuple[int, Sequence[tuple[str, str]], bytes]] = field(default_factory=dict)
    seen: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Answer from now on."""
        self.released.set()
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Be down."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.seen]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def _handler(application: Application) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "Application/1.0"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            application.seen.append((self.command, self.path, dict(self.headers.items())))
            default = (200, [("Content-Type", "text/html")], f"page {len(application.seen)}".encode())
            status, headers, body = application.answers.get(self.path.partition("?")[0], default)
            application.released.wait(30)
            self.send_response(status)
            for name, value in [*headers, ("Content-Length", str(len(body)))]:
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(b"" if self.command == "HEAD" else body)

        do_GET = do_HEAD = do_POST = do_PUT = _answer  # noqa: N815 - as the base class calls them

        def log_message(self, *_: Any) -> None:
            """Nothing on the test's stderr."""

    return Handler


@dataclass(frozen=True)
class Nginx:
    """A running nginx. port, health_port: where it listens. root: its root file system."""

    port: int
    health_port: int
    root: Path

    def ask(
        self,
        host: str,
        path: str = "/",
        *,
        method: str = "GET",
        body: bytes | Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> Answer:
        """Send one request as the gateway would."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            chunked = body is not None and not isinstance(body, bytes)
            size = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(len(body or b""))}  # type: ignore[arg-type]
            for name, value in {"Host": host, **({} if body is None else size), **(headers or {})}.items():
                connection.putheader(name, value)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.endheaders(body, encode_chunked=chunked)
            response = connection.getresponse()
            found: dict[str, list[str]] = {}
            for name, value in response.getheaders():
                found.setdefault(name.lower(), []).append(value)
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def log(self) -> list[dict[str, str]]:
        """The access log's lines, each written whole."""
        lines = (self.root / "dev" / "stdout").read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def logged(self, paths: Collection[str]) -> list[dict[str, str]]:
        """The access log's lines for these paths, once each is there: nginx writes a line after its answer."""
        deadline = time.monotonic() + WITHIN_SECONDS
        while not set(paths) <= {line["path"] for line in self.log()}:
            assert time.monotonic() < deadline, f"the log has no line for one of {', '.join(paths)}"
            time.sleep(0.05)
        return [line for line in self.log() if line["path"] in paths]


@contextlib.contextmanager
def running(root: Path, files: Mapping[str, str]) -> Iterator[Nginx]:
    """nginx in the root file system `root`, with these files below /etc/front; free ports in place of the pod's."""
    nginx = Nginx(free_port(), free_port(), root)
    configuration = root / "etc" / "front"
    shutil.rmtree(configuration, ignore_errors=True)
    for path, text in files.items():
        (configuration / path).parent.mkdir(parents=True, exist_ok=True)
        for old, new in ((HTTP, nginx.port), (HEALTH_PORT, nginx.health_port)):
            text = text.replace(f"listen {old}", f"listen 127.0.0.1:{new}")
        (configuration / path).write_text(text)
    _writable(root)
    argv = ["chroot", f"--userspec={USER}:{USER}", str(root), "/usr/sbin/nginx", "-e", "stderr"]
    argv += ["-c", "/etc/front/nginx.conf"]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE)
    try:
        _wait(process, lambda: nginx.ask("any", "/health", port=nginx.health_port).status == 200)
        yield nginx
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert said == b"", said.decode()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _writable(root: Path) -> None:
    """What the pod brings: an empty /tmp, and a /dev/stdout, here a file."""
    shutil.rmtree(root / "tmp", ignore_errors=True)
    for folder in ("tmp", "dev"):
        (root / folder).mkdir(exist_ok=True)
        shutil.chown(root / folder, USER, USER)
    (root / "dev" / "stdout").write_text("")
    shutil.chown(root / "dev" / "stdout", USER, USER)


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while True:
        with contextlib.suppress(OSError):
            if ready():
                return
        assert process.poll() is None, "nginx did not start: " + io.TextIOWrapper(process.stderr).read()  # type: ignore[type-var]
        assert time.monotonic() < deadline, "nginx does not answer"
        time.sleep(0.05)
