"""What no tracked file may hold: addresses of package registries, paths of one machine, keys, leftovers."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tests.architecture.guards.project import Finding, files, texts

# Host names in pieces, so that this file does not hold them itself.
_REGISTRIES = tuple(
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("anaconda", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("repo1", "maven", "org"),
        ("repo", "maven", "apache", "org"),
        ("central", "sonatype", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("ftp", "debian", "org"),
        ("snapshot", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("security", "ubuntu", "com"),
        ("proxy", "golang", "org"),
        ("sum", "golang", "org"),
        ("index", "golang", "org"),
        ("goproxy", "io"),
        ("docker", "io"),
        ("hub", "docker", "com"),
        ("quay", "io"),
        ("ghcr", "io"),
        ("gcr", "io"),
        ("registry", "k8s", "io"),
        ("pkg", "dev"),
        ("mcr", "microsoft", "com"),
        ("public", "ecr", "aws"),
        ("rubygems", "org"),
        ("crates", "io"),
        ("get", "pulumi", "com"),
        ("dl", "k8s", "io"),
    )
)
_HOST = re.compile(r"(?<![\w-])(?:[\w-]+\.)*(?:" + "|".join(map(re.escape, _REGISTRIES)) + r")(?![\w-]|\.[a-z])")
_INDEX_VARIABLES = re.compile(r"(?i)^(pip|uv|goproxy|gosumdb|npm_config|maven|.*(index_url|registry|proxy|mirror)$)")

_MACHINE_PATHS = re.compile(r"(?<![\w.$}])/(?:home/[\w-]+|Users/\w+|root|work)/[\w.-]+")
_CONTAINER_PATHS = re.compile(r"(?<![\w.$}])/(?:work)/[\w.-]+")
_PRIVATE_KEY = re.compile("-----BEGIN [A-Z ]*" + "PRIVATE" + " KEY")
_TOKENS = re.compile(r"\b(?:ghp_[A-Za-z0-9]{36}|AKIA[0-9A-Z]{16}|AGE-SECRET" + r"-KEY-1[0-9A-Z]+|pul-[0-9a-f]{40})\b")
_NOTES = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
_MERGE = re.compile(r"^(?:<{7} |>{7} |\|{7} |={7}$)")
_GENERATED = frozenset({"go.sum", "requirements.lock"})
_EXECUTABLE_FOLDERS = frozenset({".ci", "images"})


def registries(root: Path, environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Host names of package registries, the well-known ones and those this environment is set to use."""
    local = _hosts_of(environ)
    for path, text in texts(root):
        for number, line in enumerate(text.splitlines(), 1):
            named = _HOST.search(line)
            if named:
                yield Finding(str(path), number, "registry", f"names {named[0]}; addresses are settings")
            yield from (
                Finding(str(path), number, "registry", "names a registry of this environment")
                for host in local
                if host in line
            )


def _hosts_of(environ: Mapping[str, str]) -> set[str]:
    values = [value for name, value in environ.items() if _INDEX_VARIABLES.match(name)]
    urls = [part for value in values for part in re.split(r"[\s,|]+", value)]
    hosts = {urlsplit(url).hostname or "" for url in urls if "://" in url}
    return {host for host in hosts if "." in host and not re.fullmatch(r"[\d.]+", host)}


def machine_paths(root: Path) -> Iterator[Finding]:
    """Paths of one machine: a home folder or this project's place on it. Inside an image a home folder is fine."""
    for path, text in texts(root):
        pattern = _CONTAINER_PATHS if path.parts[0] == "images" else _MACHINE_PATHS
        for number, line in enumerate(text.splitlines(), 1):
            found = pattern.search(line)
            if found:
                yield Finding(str(path), number, "machine path", f"names {found[0]}")


def secrets(root: Path) -> Iterator[Finding]:
    """Private keys and access tokens."""
    for path, text in texts(root):
        for number, line in enumerate(text.splitlines(), 1):
            if _PRIVATE_KEY.search(line) or _TOKENS.search(line):
                yield Finding(str(path), number, "secret", "a private key or an access token")


def leftovers(root: Path) -> Iterator[Finding]:
    """Merge markers, notes of things to do, blanks at line ends, wrong line ends, no newline at the end."""
    for path, text in texts(root):
        yield from _whole(str(path), text)
        if path.name not in _GENERATED:
            for number, line in enumerate(text.split("\n"), 1):
                yield from _line(str(path), number, line)


def _whole(path: str, text: str) -> Iterator[Finding]:
    if "\ufffd" in text:
        yield Finding(path, 1, "encoding", "is not UTF-8")
    if "\r" in text:
        yield Finding(path, 1, "line ends", "has a carriage return")
    if text and not text.endswith("\n"):
        yield Finding(path, text.count("\n") + 1, "line ends", "no newline at the end")


def _line(path: str, number: int, line: str) -> Iterator[Finding]:
    if _MERGE.match(line):
        yield Finding(path, number, "merge marker", line[:20])
    if _NOTES.search(line):
        yield Finding(path, number, "note", "a thing to do belongs in an issue")
    if line != line.rstrip():
        yield Finding(path, number, "blank", "blank at the end of the line")


def executables(root: Path) -> Iterator[Finding]:
    """Scripts are executable, nothing else is, and they stand only where they are wanted. No symbolic links."""
    for path in files(root):
        full = root / path
        if full.is_symlink():
            yield Finding(str(path), 1, "symbolic link", "a checkout holds files only")
            continue
        executable = bool(full.stat().st_mode & 0o100)
        script = full.read_bytes()[:2] == b"#!"
        if executable and path.parts[0] not in _EXECUTABLE_FOLDERS:
            yield Finding(str(path), 1, "executable", f"only {', '.join(sorted(_EXECUTABLE_FOLDERS))} hold programs")
        elif executable != script:
            text = "executable without #!" if executable else "#! but not executable"
            yield Finding(str(path), 1, "executable", text)


_WORD = re.compile(r"[a-zäöüß]+")
_GERMAN = frozenset(
    (
        "der",
        "die",
        "das",
        "und",
        "ist",
        "nicht",
        "ein",
        "eine",
        "einen",
        "sie",
        "wird",
        "werden",
        "mit",
        "für",
        "auf",
        "von",
        "zu",
        "den",
        "dem",
        "auch",
    )
)
_ENGLISH = frozenset(
    (
        "the",
        "and",
        "is",
        "not",
        "a",
        "an",
        "it",
        "of",
        "to",
        "with",
        "for",
        "on",
        "in",
        "that",
        "this",
        "are",
        "be",
        "by",
        "from",
        "which",
        "they",
    )
)


def is_german(path: Path) -> bool:
    """Files that municipalities read."""
    template = path.parts[0] in {".github", ".gitlab", ".forgejo"}
    pages = {"tenants/README.md", "services/README.md"}
    return path.parts[:2] == ("docs", "municipalities") or str(path) in pages or template


def languages(root: Path) -> Iterator[Finding]:
    """German where municipalities read, English elsewhere; judged by the small words of prose outside code blocks."""
    for path, text in texts(root):
        if path.suffix != ".md":
            continue
        prose = re.sub(r"```.*?```|`[^`\n]*`", " ", text, flags=re.DOTALL).lower()
        words = _WORD.findall(prose)
        german = sum(word in _GERMAN for word in words)
        english = sum(word in _ENGLISH for word in words)
        if is_german(path) and german <= english:
            yield Finding(str(path), 1, "language", "municipalities read this: it has to be German")
        if not is_german(path) and german > english:
            yield Finding(str(path), 1, "language", "engineers read this: it has to be English")


# SHA-256 of the words in lower case; equal in the copies of several projects.
EUPL_DIGEST = "7718466afa7e13afafe2acc2edd2f73ac7fa41ee5a2982df3934dd1fc702940c"


def licence(root: Path) -> Iterator[Finding]:
    """LICENSE is the whole text of the EUPL 1.2, word for word."""
    path = root / "LICENSE"
    words = re.findall(r"\w+", path.read_text(encoding="utf-8").lower()) if path.is_file() else []
    if hashlib.sha256(" ".join(words).encode()).hexdigest() != EUPL_DIGEST:
        yield Finding("LICENSE", 1, "licence", "is not the text of the EUPL 1.2")
