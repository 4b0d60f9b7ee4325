"""Images as a whole, with clients of our own: no package is fetched and nothing is built here."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from einklang.cli import main
from einklang.clients import debian, maven, npm, uv
from einklang.clients.debian import Package
from einklang.errors import ClientError, UserError
from einklang.operations.local import image_archive, image_build, image_lock, images
from einklang.operations.local.images import ImageSet, ensure_images, import_images, lock_images, prune, push_images
from einklang.settings import Settings
from tests.unit.image_samples import archive, image, layer, toolchain

TODAY = date(2026, 11, 23)
HEAD = "# locked: 2026-11-23\n"


@dataclass
class Recorder:
    """A progress that remembers."""

    steps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, title: str, number: int, total: int) -> Iterator[None]:
        self.steps.append(f"{number}/{total} {title}")
        yield

    def note(self, text: str) -> None:
        self.notes.append(text)


@dataclass
class Mirror:
    """The Debian mirror: what it has now, and what was asked of it."""

    packages: dict[str, Package]
    pins: list[set[Package]] = field(default_factory=list)

    def make_root(
        self, suite: str, packages: Sequence[str], target: Path, *, pins: Iterable[Package], **rest: object
    ) -> dict[str, Package]:
        del suite, rest
        self.pins.append(set(pins))
        wanted = {name: self.packages[name] for name in ("libc6", *packages)}
        files = {f"./usr/share/doc/{name}/copyright": package.version.encode() for name, package in wanted.items()}
        target.write_bytes(layer({"./etc/apt/sources.list": b"secret", **files}))
        return wanted


class Builder:
    """Stands for buildah: the layers are the base's and the context's root file system and programs."""

    built: list[str]
    fail = False

    def __init__(self, folder: Path, log: Path) -> None:
        del log
        self.folder, self.bases = folder, dict[str, Path]()
        folder.mkdir(parents=True, exist_ok=True)

    def load(self, path: Path, name: str) -> None:
        self.bases[name] = path

    def build(self, context: Path, path: Path, labels: Mapping[str, str], epoch: int) -> str:
        Builder.built.append(labels["org.opencontainers.image.title"])
        if Builder.fail:
            raise ClientError("planted failure")
        root = context / "rootfs.tar"
        files = {f"bin/{program.name}": b"x" for program in (context / "bin").iterdir()}
        files |= {str(file.relative_to(context)): b"" for file in context.rglob("*/*.txt")}
        layers = [root.read_bytes()] if root.exists() else []
        archive(path, [*layers, layer(files, mtime=epoch)], {"Labels": dict(labels)})
        return image_archive.digest(path)

    def push(self, path: Path, target: str, *, plain_http: bool) -> str:
        assert path.exists()
        return f"sha256:{len(target):064d}" if plain_http else "sha256:secure"

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass
class Workshop:
    settings: Settings
    mirror: Mirror
    progress: Recorder
    root: Path

    def ensure(self, *names: str, strict: bool = False) -> ImageSet:
        programs = toolchain(self.root / "toolchain", "tool")
        return ensure_images(self.settings, programs, self.progress, names=names, strict=strict)

    @property
    def folders(self) -> set[str]:
        """What stands in the cache, without keys."""
        listed = (self.settings.cache / "images").iterdir()
        return {path.name.rpartition("-")[0] or path.name for path in listed if path.name not in {".lock", "logs"}}


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Three images: `base` with Debian packages, `program` from scratch, `service` on `base`."""
    mirror = Mirror({name: Package(name, "1", f"{len(name):064x}") for name in ("libc6", "bash", "python3")})
    monkeypatch.setattr(debian, "make_root", mirror.make_root)
    monkeypatch.setattr(debian, "sources", lambda *_: Path("/sources"))
    monkeypatch.setattr(image_build, "Buildah", Builder)
    monkeypatch.setattr(images, "Buildah", Builder)
    monkeypatch.setattr(Builder, "built", [], raising=False)
    image(tmp_path, "base", 'debian = ["bash"]\n', "FROM scratch\nADD rootfs.tar /\n")
    image(tmp_path, "program", 'programs = ["tool"]\n')
    image(tmp_path, "service", 'debian = ["python3"]\n', "FROM localhost/base\nADD rootfs.tar /\n")
    for name, packages in (("base", ("libc6", "bash")), ("service", ("python3",))):
        found = {package: mirror.packages[package] for package in packages}
        image_lock.write(tmp_path / "images" / name / "debian.lock", image_lock.Lock(TODAY, found))
    settings = Settings(root=tmp_path, cache=tmp_path / "cache", home=tmp_path / "home")
    return Workshop(settings, mirror, Recorder(), tmp_path)


def test_first_everything_then_nothing(workshop: Workshop) -> None:
    first = workshop.ensure()
    assert workshop.progress.steps == [
        "1/3 build image base:1",
        "2/3 build image program:1",
        "3/3 build image service:1",
    ]
    again = workshop.ensure()
    assert again.catalogue() == first.catalogue()
    assert len(Builder.built) == 3
    assert workshop.folders == {"base", "program", "service"}


def test_catalogue_names_every_image_by_digest(workshop: Workshop) -> None:
    built = workshop.ensure()
    written = json.loads(workshop.settings.image_catalogue.read_text())
    assert written == built.catalogue()
    digest = image_archive.digest(built.by_name["service"].archive)
    assert written["service:1"] == f"registry.einklang.example/service:1@{digest}" == built.reference("service")
    assert (built.by_name["service"].archive.parent / "digest").read_text() == f"{digest}\n"


def test_an_unknown_image_has_no_reference(workshop: Workshop) -> None:
    with pytest.raises(UserError, match="no image 'x'"):
        workshop.ensure().reference("x")


def test_chosen_images_come_with_their_bases_and_leave_the_catalogue_alone(workshop: Workshop) -> None:
    assert set(workshop.ensure("service").by_name) == {"base", "service"}
    assert not workshop.settings.image_catalogue.exists()


def test_an_image_holds_only_what_its_base_lacks_and_not_apts_sources(workshop: Workshop) -> None:
    built = workshop.ensure().by_name["service"]
    files = set(image_archive.collect(built.archive, bool, lambda *_: None))
    assert files == {"usr/share/doc/python3/copyright"}
    assert set(built.packages) == {"libc6", "bash", "python3"}


def test_the_bases_packages_and_the_own_locked_ones_are_pinned(workshop: Workshop) -> None:
    workshop.ensure()
    names = [{package.name for package in pins} for pins in workshop.mirror.pins]
    assert names == [{"libc6", "bash"}, {"libc6", "bash", "python3"}]


def test_bill_of_materials_stands_beside_the_archive(workshop: Workshop) -> None:
    document = json.loads(workshop.ensure().by_name["base"].sbom.read_text())
    assert {package["name"] for package in document["packages"]} == {"base", "bash", "libc6"}
    assert "comment" not in document


def test_a_newer_package_is_a_warning_and_in_the_bill_of_materials(workshop: Workshop) -> None:
    workshop.mirror.packages["python3"] = Package("python3", "2", "9" * 64)
    built = workshop.ensure()
    assert workshop.progress.notes == ["service: python3 is 2, locked is 1 (to pin it: einklang images lock)"]
    assert json.loads(built.by_name["service"].sbom.read_text())["comment"].endswith("python3 is 2, locked is 1")


def test_strict_refuses_a_newer_package_when_building_and_afterwards(workshop: Workshop) -> None:
    workshop.mirror.packages["python3"] = Package("python3", "2", "9" * 64)
    with pytest.raises(ClientError, match="service: python3 is 2"):
        workshop.ensure(strict=True)
    assert workshop.folders == {"base", "program"}
    workshop.ensure()
    with pytest.raises(ClientError, match="service: python3 is 2"):
        workshop.ensure(strict=True)


def test_another_content_of_a_locked_version_is_always_refused(workshop: Workshop) -> None:
    workshop.mirror.packages["bash"] = Package("bash", "1", "0" * 64)
    with pytest.raises(ClientError, match="bash 1: SHA-256"):
        workshop.ensure()
    assert workshop.folders == set()


def test_a_failed_build_leaves_nothing(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Builder, "fail", True)
    with pytest.raises(ClientError, match="planted failure"):
        workshop.ensure()
    assert workshop.folders == set()


def test_what_a_killed_build_left_is_removed(workshop: Workshop) -> None:
    left = workshop.settings.cache / "images" / ".building-base-0123456789abcdef" / "storage"
    left.mkdir(parents=True)
    workshop.ensure()
    assert workshop.folders == {"base", "program", "service"}


def test_a_second_builder_waits_and_builds_nothing(workshop: Workshop) -> None:
    with ThreadPoolExecutor(3) as pool:
        catalogues = [future.result(30).catalogue() for future in [pool.submit(workshop.ensure) for _ in range(3)]]
    assert catalogues[0] == catalogues[1] == catalogues[2]
    assert sorted(Builder.built) == ["base", "program", "service"]


def test_a_package_that_was_never_locked_names_the_remedy(workshop: Workshop) -> None:
    (workshop.root / "images" / "base" / "debian.lock").unlink()
    with pytest.raises(UserError, match=r"debian\.lock"):
        workshop.ensure()


def test_maven_artifacts_are_unpacked(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(coordinates: str, sha256: str, folder: Path, log: Path) -> Path:
        assert (coordinates, sha256) == ("g:a:1:zip", "e" * 64)
        del log
        with zipfile.ZipFile(folder / "a-1.zip", "w") as content:
            content.writestr("a-1/readme.txt", "")
        return folder / "a-1.zip"

    monkeypatch.setattr(maven, "fetch", fetch)
    image(workshop.root, "java", f'[[maven]]\nartifact = "g:a:1:zip"\nsha256 = "{"e" * 64}"\n')
    built = workshop.ensure("java").by_name["java"]
    assert set(image_archive.collect(built.archive, bool, lambda *_: None)) == {"maven/a-1/readme.txt"}


PYTHON = '[python]\nrequirements = ["gunicorn==23.0"]\nbuilt = ["docopt"]\nuntil = 2026-02-15\n'
NPM = f'[[npm]]\npackage = "@font/lato@5.0.0"\nintegrity = "sha512-{"A" * 86}=="\n'


def test_packages_of_python_and_npm_stand_in_the_context(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    def install(lock: Path, target: Path, built: Sequence[str], until: date | None, log: Path) -> None:
        assert (lock.read_text(), built, until) == ("locked\n", ("docopt",), date(2026, 2, 15))
        (target / "gunicorn").mkdir(parents=True)
        (target / "gunicorn" / "a.txt").touch()

    def fetch(package: str, integrity: str, target: Path, work: Path, log: Path) -> None:
        assert (package, integrity) == ("@font/lato@5.0.0", f"sha512-{'A' * 86}==")
        target.mkdir(parents=True)
        (target / "b.txt").touch()

    monkeypatch.setattr(uv, "install", install)
    monkeypatch.setattr(npm, "fetch", fetch)
    image(workshop.root, "web", PYTHON + NPM, python_lock="locked\n")
    built = workshop.ensure("web").by_name["web"]
    found = set(image_archive.collect(built.archive, bool, lambda *_: None))
    assert found == {"python/gunicorn/a.txt", "npm/@font/lato/b.txt"}


def test_python_packages_that_were_never_locked_name_the_remedy(workshop: Workshop) -> None:
    image(workshop.root, "web", PYTHON)
    with pytest.raises(UserError, match=r"python\.lock: is missing"):
        workshop.ensure("web")


def test_python_packages_are_locked(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(
        requirements: Sequence[str], overrides: Sequence[str], until: date | None, folder: Path, log: Path
    ) -> str:
        assert (requirements, overrides, until, folder.is_dir()) == (("gunicorn==23.0",), (), date(2026, 2, 15), True)
        return "new\n"

    monkeypatch.setattr(uv, "resolve", resolve)
    image(workshop.root, "web", PYTHON, python_lock="old\n")
    programs = toolchain(workshop.root / "toolchain", "tool")
    files = lock_images(workshop.settings, programs, workshop.progress, TODAY, ["web"])
    assert [file.name for file in files] == ["python.lock"]
    assert files[0].read_text() == "new\n"


def test_locks_are_looked_up_bases_first(workshop: Workshop) -> None:
    workshop.mirror.packages["bash"] = Package("bash", "2", "9" * 64)
    programs = toolchain(workshop.root / "toolchain", "tool")
    files = lock_images(workshop.settings, programs, workshop.progress, date(2026, 12, 1))
    assert [file.parent.name for file in files] == ["base", "service"]
    base, service = (image_lock.read(file) for file in files)
    assert base.packages["bash"].version == "2"
    assert base.locked == date(2026, 12, 1)
    assert set(service.packages) == {"python3"}
    assert service.locked == TODAY, "what is the same stays the same, its day included"


def test_import_brings_what_is_missing_smallest_first(workshop: Workshop) -> None:
    imported: list[str] = []

    @dataclass
    class Containerd:
        there: set[str]

        def image_names(self) -> set[str]:
            return self.there

        def import_image(self, path: Path, reference: str) -> None:
            assert path.exists()
            imported.append(reference)

    built = workshop.ensure()
    digest = built.by_name["base"].digest
    import_images(built, Containerd({f"registry.einklang.example/base@{digest}"}), workshop.progress)  # type: ignore[arg-type]
    assert sorted(name.partition("@")[0].rpartition("/")[2] for name in imported) == ["program", "service"]
    assert all("@sha256:" in name for name in imported)


def test_push_writes_a_catalogue_of_the_registry(workshop: Workshop, tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.json"
    push_images(workshop.settings, workshop.ensure(), "r.example/e", catalogue, workshop.progress, plain_http=False)
    assert json.loads(catalogue.read_text())["base:1"] == "r.example/e/base:1@sha256:secure"
    assert ".building-push" not in workshop.folders


def test_prune_removes_only_what_is_no_longer_made(workshop: Workshop) -> None:
    built = workshop.ensure()
    (workshop.root / "images" / "program" / "new").touch()
    newer = workshop.ensure()
    removed = prune(workshop.settings, newer, workshop.progress)
    assert removed == [built.by_name["program"].archive.parent]
    assert all(image.archive.exists() for image in newer.by_name.values())


def test_another_home_gets_its_own_catalogue(workshop: Workshop, tmp_path: Path) -> None:
    workshop.ensure()
    workshop.settings = replace(workshop.settings, home=tmp_path / "second")
    workshop.ensure()
    assert workshop.settings.image_catalogue.exists()


@pytest.mark.parametrize("verb", ["build", "list", "lock", "push", "prune"])
def test_every_verb_explains_itself(verb: str) -> None:
    finished = CliRunner().invoke(main, ["images", verb, "--help"], prog_name="einklang")
    assert finished.exit_code == 0
    assert f"images {verb}" in finished.output
