"""`einklang images`: build, list, lock and push the images of `images/`."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import click

from einklang.operations.local import images, packages, toolchain
from einklang.progress import Lines
from einklang.settings import Settings


@click.group("images")
def command() -> None:
    """Build, list, lock, push and prune the container images that tenants and platform run."""


@command.command()
@click.argument("names", nargs=-1)
@click.option("--strict", is_flag=True, help="Fail where a Debian package is not in the locked version.")
def build(names: tuple[str, ...], strict: bool) -> None:
    """Build the images NAMES (default: all) that are not in the cache yet."""
    settings, progress = Settings.from_environment(os.environ), Lines()
    packages.ensure(packages.IMAGES, settings, progress)
    programs = toolchain.ensure(settings, progress)
    built = images.ensure_images(settings, programs, progress, names=names, strict=strict)
    for name in sorted(built.by_name):
        click.echo(built.reference(name))


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_(as_json: bool) -> None:
    """List the images: reference by digest, size, bill of materials. Builds those that are missing."""
    settings, progress = Settings.from_environment(os.environ), Lines()
    built = images.ensure_images(settings, toolchain.ensure(settings, progress), progress)
    rows = [
        {
            "name": name,
            "reference": built.reference(name),
            "mebibytes": round(image.archive.stat().st_size / 2**20),
            "archive": str(image.archive),
            "sbom": str(image.sbom),
        }
        for name, image in sorted(built.by_name.items())
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{row['reference']}  {row['mebibytes']} MiB\n  bill of materials: {row['sbom']}")


@command.command()
@click.argument("names", nargs=-1)
def lock(names: tuple[str, ...]) -> None:
    """Write the locks of the images NAMES (default: all) anew from what the registries of packages have now."""
    settings, progress = Settings.from_environment(os.environ), Lines()
    packages.ensure(packages.IMAGES, settings, progress)
    programs = toolchain.ensure(settings, progress)
    for file in images.lock_images(settings, programs, progress, date.today(), names):
        click.echo(file)


@command.command()
def prune() -> None:
    """Remove from the cache the images that this checkout does not make any more."""
    settings, progress = Settings.from_environment(os.environ), Lines()
    built = images.ensure_images(settings, toolchain.ensure(settings, progress), progress)
    for folder in images.prune(settings, built, progress):
        click.echo(folder)


@command.command()
@click.option("--registry", required=True, help="Where to push: host/path. Log in with `buildah login` first.")
@click.option(
    "--catalogue", required=True, type=click.Path(path_type=Path), help="File to write: name:version -> reference."
)
@click.option("--plain-http", is_flag=True, help="The registry has no TLS.")
def push(registry: str, catalogue: Path, plain_http: bool) -> None:
    """Push all images to a registry, and write the catalogue that the stacks then read.

    Name the catalogue in the setting einklang:imageCatalogue and the registry in einklang:allowedRegistries.
    """
    settings, progress = Settings.from_environment(os.environ), Lines()
    built = images.ensure_images(settings, toolchain.ensure(settings, progress), progress, strict=True)
    images.push_images(settings, built, registry, catalogue, progress, plain_http=plain_http)
