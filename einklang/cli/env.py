"""`einklang env`: the environment for `pulumi` and `kubectl` by hand."""

from __future__ import annotations

import json
import os
import shlex

import click

from einklang.operations import environment
from einklang.operations.local import toolchain
from einklang.progress import Lines
from einklang.settings import Settings


@click.command("env")
@click.option("--json", "as_json", is_flag=True, help="Print the variables as JSON instead of shell lines.")
def command(as_json: bool) -> None:
    """Print the variables with which plain `pulumi` and `kubectl` work on this project.

    Use it as: eval "$(make -s env)"; pulumi stack select olpe; pulumi up
    """
    settings = Settings.from_environment(os.environ)
    programs = toolchain.ensure(settings, Lines())
    environment.prepare_state(settings, programs)
    variables = environment.environment(settings, programs, os.environ)
    if as_json:
        click.echo(json.dumps(variables, indent=2))
        return
    for name, value in sorted(variables.items()):
        click.echo(f"export {name}={shlex.quote(value)}")
