"""The command line: one module a verb, imported when the verb is used.

A module `einklang/cli/<verb>.py` registers itself by having a click command named `command`.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import Any

import click

from einklang.errors import EXIT_DONE, EXIT_ERROR, EXIT_INTERRUPTED, EinklangError


class LazyGroup(click.Group):
    """A group whose commands are the modules of this package, and whose exit codes are those of `einklang.errors`.

    A module that cannot be imported takes only its own verb with it.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, by the names of the modules."""
        del ctx
        return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command; imports its module."""
        if cmd_name not in self.list_commands(ctx):
            return None
        try:
            command = importlib.import_module(f"{__name__}.{cmd_name}").command
        except (ImportError, AttributeError) as error:
            return _unavailable(cmd_name, error)
        assert isinstance(command, click.Command)  # noqa: S101 - a defect of the module, not of the input
        return command

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run and exit: 1 for every error (wrong usage included), 3 when interrupted."""
        run: Any = super().main  # its overloads do not take what is only passed on
        if not standalone_mode:
            return run(*args, standalone_mode=False, **extra)
        try:
            result = run(*args, standalone_mode=False, **extra)
        except click.Abort:
            click.echo("interrupted; it is safe to run the command again", err=True)
            sys.exit(EXIT_INTERRUPTED)
        except click.ClickException as error:
            error.show()
            sys.exit(EXIT_ERROR)
        except EinklangError as error:
            click.echo(str(error), err=True)
            sys.exit(EXIT_ERROR)
        sys.exit(result if isinstance(result, int) else EXIT_DONE)


def _unavailable(name: str, error: Exception) -> click.Command:
    """A command that says why the verb cannot be used."""

    @click.command(name, help=f"(not available: {error})", context_settings={"ignore_unknown_options": True})
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def command(arguments: tuple[str, ...]) -> None:
        del arguments
        raise click.ClickException(f"{name} is not available: {error}") from error

    return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="einklang")
def main() -> None:
    """One standard tenant for every municipality.

    Exit codes: 0 done, 1 error, 2 changes pending or findings failed, 3 interrupted, 4 rollout incomplete.
    """
