"""The image's own nginx with the rendered configuration, before two stand-ins of applications."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from einklang.operations.local import images, toolchain
from einklang.progress import Silent
from tests.live.front.nginx import Application, Nginx, free_port, running, unpack
from tests.live.front.sample import configuration
from tests.live.stage import Stage


@pytest.fixture(scope="session")
def root(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root file system of the image."""
    programs = toolchain.ensure(stage.settings, Silent(), environ=stage.environment)
    built = images.ensure_images(stage.settings, programs, Silent(), names=["front"])
    folder = tmp_path_factory.mktemp("front")
    folder.chmod(0o755)  # it becomes the root folder of a process without rights
    unpack(built.by_name["front"].archive, folder)
    return folder


@pytest.fixture(scope="module")
def portal() -> Iterator[Application]:
    application = Application(free_port())
    yield application
    application.stop()


@pytest.fixture(scope="module")
def dms() -> Iterator[Application]:
    application = Application(free_port())
    yield application
    application.stop()


@pytest.fixture(scope="module")
def front(root: Path, portal: Application, dms: Application) -> Iterator[Nginx]:
    """Started before its applications: it has a page to show from the first moment."""
    with running(root, configuration(portal.port, dms.port)) as nginx:
        yield nginx


@pytest.fixture(autouse=True)
def up(portal: Application, dms: Application) -> Iterator[None]:
    """Both applications answer; what they saw before is forgotten."""
    for application in (portal, dms):
        application.stop()
        application.answers.clear()
        application.seen.clear()
        application.start()
    yield
    for application in (portal, dms):
        application.stop()
