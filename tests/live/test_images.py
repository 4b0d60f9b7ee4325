"""Every image as it is in the cache and in the cluster: what it must not hold, what it must say of itself."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tarfile import TarInfo
from typing import IO, Any

import pytest
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from einklang.clients import network
from einklang.operations.local import image_archive, image_parts, images, toolchain
from einklang.operations.local.image_definition import load_all
from einklang.progress import Silent
from einklang.settings import PROJECT_ROOT
from tests.live import registry
from tests.live.stage import EINKLANG, Stage
from tests.unit.image_samples import archive, layer

NAMES = tuple(load_all(PROJECT_ROOT / "images"))
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{100,}-----END")
TEXT_BYTES = 200_000  # keys stand in small files
LEFT_BEHIND = re.compile(r"^(etc/apt|var/lib/apt|var/cache|var/log|tmp|run/einklang|root/.+|usr/share/man)/")
KEY = b"-----BEGIN " + b"PRIVATE KEY-----\n" + b"MIIE" * 40 + b"\n-----END " + b"PRIVATE KEY-----\n"


@dataclass(frozen=True)
class File:
    """What is looked at in a file of an image."""

    mode: int
    regular: bool
    key: bool


@dataclass(frozen=True)
class Image:
    """One image of the cache: the row of `einklang images list`, its configuration and its files."""

    row: dict[str, Any]
    configuration: dict[str, Any]
    files: dict[str, File]

    @property
    def name(self) -> str:
        return str(self.row["name"])


def _look(member: TarInfo, stream: IO[bytes] | None) -> File:
    key = stream is not None and member.size < TEXT_BYTES and PRIVATE_KEY.search(stream.read()) is not None
    return File(member.mode, member.isreg(), key)


def violations(files: Mapping[str, File]) -> list[str]:
    """What an image must not hold, as `path: reason`."""
    reasons: dict[str, Callable[[str, File], bool]] = {
        "runs with another user's rights": lambda _, file: bool(file.mode & 0o6000),
        "everyone can change it": lambda _, file: bool(file.mode & 0o002),
        "a private key": lambda _, file: file.key,
        "left behind": lambda path, _: LEFT_BEHIND.match(path) is not None,
    }
    regular = {path: file for path, file in files.items() if file.regular}
    return [f"{path}: {why}" for why, is_so in reasons.items() for path, file in regular.items() if is_so(path, file)]


@pytest.fixture(scope="module")
def rows(stage: Stage) -> dict[str, dict[str, Any]]:
    listed = json.loads(stage.run(str(EINKLANG), "images", "list", "--json").stdout)
    return {row["name"]: row for row in listed}


@pytest.fixture(scope="module", params=NAMES)
def image(rows: dict[str, dict[str, Any]], request: pytest.FixtureRequest) -> Image:
    row = rows[request.param]
    archive = Path(row["archive"])
    configuration = dict(image_archive.configuration(archive)["config"])
    return Image(row, configuration, image_archive.collect(archive, bool, _look))


def test_it_does_not_run_as_root(image: Image) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", image.configuration["User"])


def test_it_holds_nothing_unwanted(image: Image) -> None:
    assert violations(image.files) == []


@pytest.mark.parametrize(
    ("path", "content", "attributes", "found"),
    [
        ("usr/bin/su", b"", {"mode": 0o4755}, "runs with another user's rights"),
        ("usr/bin/wall", b"", {"mode": 0o2755}, "runs with another user's rights"),
        ("opt/program", b"", {"mode": 0o757}, "everyone can change it"),
        ("etc/ssl/private/a.key", KEY, {"mode": 0o600}, "a private key"),
        ("etc/apt/sources.list", b"", {"mode": 0o644}, "left behind"),
        ("var/lib/apt/lists/x_Packages", b"", {"mode": 0o644}, "left behind"),
        ("root/.cache/x", b"", {"mode": 0o644}, "left behind"),
    ],
)
def test_a_planted_violation_is_found(
    tmp_path: Path, path: str, content: bytes, attributes: dict[str, int], found: str
) -> None:
    planted = archive(tmp_path / "image.tar", [layer({path: content}, **attributes)])
    assert violations(image_archive.collect(planted, bool, _look)) == [f"{path}: {found}"]


def test_it_says_what_it_is(image: Image) -> None:
    prefix = "org.opencontainers.image."
    assert {"title", "version", "licenses", "source"} <= {
        label.removeprefix(prefix) for label in image.configuration["Labels"]
    }


def test_digest_is_the_catalogues(image: Image, stage: Stage) -> None:
    catalogue = json.loads(stage.settings.image_catalogue.read_text())
    reference = image.row["reference"]
    tag = reference.partition("/")[2].partition("@")[0]
    assert catalogue[tag] == reference
    assert reference.endswith(image_archive.digest(Path(image.row["archive"])))


def test_bill_of_materials_is_spdx_and_complete(image: Image) -> None:
    document = parse_file(image.row["sbom"])
    assert [message.validation_message for message in validate_full_spdx_document(document)] == []
    named = {package.name for package in document.packages}
    whole = Path(image.row["archive"])
    status = image_archive.collect(whole, lambda path: path == image_parts.STATUS, lambda _, stream: stream.read())  # type: ignore[union-attr]
    for text in status.values():
        assert set(re.findall(r"^Package: (\S+)$", text.decode(), re.MULTILINE)) <= named
    jars = [path for path in image.files if path.endswith(".jar") and re.search(r"-\d", path.rpartition("/")[2])]
    assert len(named) > len(jars) * 0.9


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("postgresql", {"postgresql-15", "libc6", "tzdata"}),
        ("front", {"nginx", "libnginx-mod-http-headers-more-filter", "libssl3", "libpcre2-8-0", "libc6"}),
        ("keycloak", {"openjdk-17-jre-headless", "org.keycloak:keycloak-services", "libc6"}),
        ("traefik", {"github.com/traefik/traefik/v3", "stdlib", "ca-certificates"}),
        ("cloudnative-pg", {"github.com/cloudnative-pg/cloudnative-pg", "stdlib"}),
    ],
)
def test_bill_of_materials_names_what_matters(rows: dict[str, dict[str, Any]], name: str, expected: set[str]) -> None:
    document = json.loads(Path(rows[name]["sbom"]).read_text())
    assert expected <= {package["name"] for package in document["packages"]}


def test_images_on_a_base_share_its_layer(rows: dict[str, dict[str, Any]]) -> None:
    base, *_ = image_archive.layers(Path(rows["base"]["archive"]))
    for name in ("keycloak", "postgresql", "identity-setup"):
        first, *rest = image_archive.layers(Path(rows[name]["archive"]))
        assert first == base
        assert len(rest) == 1


def test_every_pod_runs_an_image_of_the_catalogue(stage: Stage) -> None:
    catalogue = set(json.loads(stage.settings.image_catalogue.read_text()).values())
    pods = stage.get("pods", "--all-namespaces")["items"]
    used = {
        container["image"]
        for pod in pods
        for kind in ("containers", "initContainers")
        for container in pod["spec"].get(kind, [])
    }
    assert used
    assert used <= catalogue


def test_a_warm_run_builds_nothing(stage: Stage) -> None:
    start = time.monotonic()
    done = stage.run(str(EINKLANG), "images", "build")
    assert "build image" not in done.stderr
    assert time.monotonic() - start < 5


def test_push_brings_an_image_to_a_registry_and_names_it_there(
    stage: Stage, rows: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    catalogue = tmp_path / "catalogue.json"
    with registry.running() as target:
        programs = toolchain.ensure(stage.settings, Silent(), environ=stage.environment)
        chosen = images.ensure_images(stage.settings, programs, Silent(), names=["pause"])
        images.push_images(stage.settings, chosen, f"{target.address}/einklang", catalogue, Silent(), plain_http=True)
        tag = rows["pause"]["reference"].partition("/")[2].partition("@")[0]
        digest = target.manifests[f"einklang/{tag}"]
        assert json.loads(catalogue.read_text()) == {tag: f"{target.address}/einklang/{tag}@{digest}"}
        assert {layer["digest"] for layer in json.loads(target.blobs[digest])["layers"]} <= set(target.blobs)


BUILD = """
import os, sys
from pathlib import Path
from dataclasses import replace
from einklang.operations.local import images, toolchain
from einklang.progress import Silent
from einklang.settings import Settings
settings = Settings.from_environment(os.environ)
programs = toolchain.ensure(settings, Silent())
elsewhere = replace(settings, cache=Path(sys.argv[1]) / "cache", home=Path(sys.argv[1]) / "home")
built = images.ensure_images(elsewhere, programs, Silent(), names=["base", "pause"])
print(*(built.reference(name) for name in ("base", "pause")))
"""


@pytest.fixture
def elsewhere(stage: Stage) -> Iterator[Path]:
    """A cache folder of its own, on the file system of the real one."""
    folder = stage.settings.cache / "images-test"
    yield folder
    stage.run("rm", "-rf", str(folder))


def test_a_killed_build_leaves_nothing_and_the_next_gives_the_same_bytes(
    stage: Stage, elsewhere: Path, rows: dict[str, dict[str, Any]]
) -> None:
    argv = [sys.executable, "-c", BUILD, str(elsewhere)]
    child = subprocess.Popen(argv, env=dict(stage.environment), cwd=PROJECT_ROOT, start_new_session=True)
    deadline = time.monotonic() + 60
    while not list((elsewhere / "cache" / "images").glob(".building-base-*/tmp*/mmdebstrap.*/usr/bin/bash")):
        assert child.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.2)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert not list((elsewhere / "cache" / "images").glob("base-*"))
    built = stage.run(*argv).stdout.split()
    assert built == [rows["base"]["reference"], rows["pause"]["reference"]]
    assert not list((elsewhere / "cache" / "images").glob(".building-*"))
    assert network.mounts_below(elsewhere) == []
    assert not [line for line in _command_lines() if str(elsewhere) in line]


def _command_lines() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
