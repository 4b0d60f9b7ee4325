"""The Pulumi engine, out of process, through Pulumi's own Automation API.

Everything here can be done by hand with the `pulumi` command in the environment that `einklang env` prints.
What is added: typed results, a log file for each run, and the release of a lock whose holder is dead.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import unquote, urlsplit

from pulumi import automation
from pulumi.automation import errors as automation_errors

from einklang.clients import pulumi_preview
from einklang.errors import ClientError
from einklang.model.plan import ResourceAction

PROJECT_NAME = "einklang"
_DIAGNOSTIC_LINES = 25
_INCORRECT = "incorrect passphrase"
_SET_AGAIN = "its secrets are of another one: docs/operators/recovery.md, settings that are secret"
T = TypeVar("T")


@dataclass(frozen=True)
class Changes:
    """What one update did, as counts of resources."""

    created: int = 0
    updated: int = 0
    replaced: int = 0
    deleted: int = 0
    same: int = 0

    @property
    def none(self) -> bool:
        """True when the update changed nothing."""
        return not (self.created or self.updated or self.replaced or self.deleted)

    def __str__(self) -> str:
        names = ("created", "updated", "replaced", "deleted")
        told = [f"{getattr(self, name)} {name}" for name in names if getattr(self, name)]
        return f"{', '.join(told) or 'no changes'} ({self.same} unchanged)"


class PulumiEngine:
    """Runs the project's stacks.

    root: the folder with Pulumi.yaml. environment: what `pulumi` needs besides this process's environment (PATH,
    KUBECONFIG, backend, passphrase file). logs: folder that gets one `<stack>.log` a stack, appended.
    """

    def __init__(self, root: Path, environment: Mapping[str, str], logs: Path) -> None:
        self._root = root
        # The Kubernetes provider leaves its kubeconfigs in the temporary folder. This one goes with the engine.
        self._scratch = tempfile.TemporaryDirectory(prefix="einklang-")
        self._environment = {**environment, "TMPDIR": self._scratch.name}
        self._logs = logs

    def up(
        self,
        stack: str,
        on_line: Callable[[str], None] = lambda _: None,
        *,
        more: Mapping[str, str] | None = None,
    ) -> Changes:
        """`pulumi up` of a stack, which is made where it does not exist yet.

        on_line gets Pulumi's output line by line. more: variables of this run alone. Raises ClientError with Pulumi's
        diagnostics.
        """
        self.release_dead_lock(stack)
        with self._log(stack) as sink, tempfile.TemporaryDirectory(dir=self._scratch.name) as folder:

            def both(line: str) -> None:
                sink.write(line.rstrip("\n") + "\n")
                on_line(line)

            self._guarded(stack, lambda: self._up(stack, Path(folder) / "events", both, more or {}))
            return _changes(_counts(Path(folder) / "events"))

    def preview(self, stack: str) -> Changes:
        """`pulumi preview` of an existing stack, as counts; applies nothing."""
        self.release_dead_lock(stack)
        result = self._guarded(stack, lambda: self._select(stack).preview(color="never"))
        return _changes({op.value: count for op, count in result.change_summary.items()})

    def plan(self, stack: str) -> tuple[ResourceAction, ...]:
        """What `pulumi up` would do to the resources of a stack, whether it exists yet or not. Leaves no trace.

        Where something protected would be deleted, Pulumi stops in the middle: then a copy of the stack without
        protection is looked at, so that the plan is whole. Raises ClientError with Pulumi's diagnostics.
        """
        self.release_dead_lock(stack)
        document = self._guarded(stack, lambda: self._looked_at(stack))
        found = pulumi_preview.errors(document)
        if found:
            raise ClientError(f"stack {stack}: {_diagnostics(os.linesep.join(found))}")
        return pulumi_preview.actions(document)

    def unprotect(self, stack: str, urns: Sequence[str]) -> None:
        """Lift the protection of these resources, so that the next update may delete them."""
        for urn in urns:
            self._guarded(stack, functools.partial(self._run, "state", "unprotect", urn, "--yes", "--stack", stack))

    def last_update(self, stack: str) -> Mapping[str, Any] | None:
        """The newest record of the stack's history; None where there is no stack or no update yet."""
        try:
            told = self._run("stack", "history", "--json", "--page-size", "1", "--stack", stack).stdout
        except automation_errors.StackNotFoundError:
            return None
        updates = json.loads(told or "[]")
        return updates[0] if updates else None

    def applied(self, stack: str) -> dict[str, Any]:
        """The stack's outputs as they were last applied, read without a run of the program; empty without a stack."""
        try:
            outputs: dict[str, Any] = json.loads(self._run("stack", "output", "--json", "--stack", stack).stdout)
        except automation_errors.StackNotFoundError:
            return {}
        return outputs

    def destroy(self, stack: str, on_line: Callable[[str], None] = lambda _: None) -> None:
        """`pulumi destroy` of a stack and removal of its record. Raises ClientError on what is protected."""
        self.release_dead_lock(stack)
        selected = self._select(stack)
        self._guarded(stack, lambda: selected.destroy(on_output=on_line, color="never", show_secrets=False))
        self._guarded(stack, lambda: selected.workspace.remove_stack(stack))

    def outputs(self, stack: str) -> dict[str, Any]:
        """The stack's outputs; secret ones are left out."""
        values = self._guarded(stack, lambda: self._select(stack).outputs())
        return {name: output.value for name, output in values.items() if not output.secret}

    def export(self, stack: str) -> str:
        """The stack's state as `pulumi stack export` prints it: JSON, secrets encrypted as in the backend.

        The Automation API's own `export_stack` decrypts them (`--show-secrets`).
        """
        command = ["stack", "export", "--stack", stack]
        return self._guarded(stack, lambda: self._command.run(command, str(self._root), self._environment)).stdout

    def decrypted(self, stack: str, state: str, passphrase: str) -> dict[str, Any]:
        """An exported state with its secrets in clear, by the passphrase under which it was saved. Leaves no trace.

        Raises ClientError where the passphrase is another one.
        """
        with tempfile.TemporaryDirectory(dir=self._scratch.name) as name:
            folder, file = Path(name), Path(name) / "state.json"
            (folder / "Pulumi.yaml").write_text(f"name: {PROJECT_NAME}\nruntime: python\n", encoding="utf-8")
            (folder / "backend").mkdir()
            file.write_text(state, encoding="utf-8")
            backend = f"file://{folder}/backend?metadata=skip"
            variables = {
                **self._environment, "PULUMI_BACKEND_URL": backend, "PULUMI_CONFIG_PASSPHRASE": passphrase
            }  # fmt: skip

            def run(*argv: str) -> str:
                return self._command.run([*argv, "--stack", stack], str(folder), variables).stdout

            def opened() -> str:
                self._command.run(["stack", "init", stack, "--no-select"], str(folder), variables)
                run("stack", "import", "--file", str(file))
                return run("stack", "export", "--show-secrets")

            document: dict[str, Any] = json.loads(self._guarded(stack, opened))
            return document

    def forget(self, stack: str) -> None:
        """Take a stack whose resources are gone out of the backend; its settings stay. Nothing is deleted elsewhere."""
        self.release_dead_lock(stack)
        self._guarded(
            stack, functools.partial(self._run, "stack", "rm", stack, "--force", "--yes", "--preserve-config")
        )

    def stacks(self) -> list[str]:
        """Names of all stacks in the backend."""
        workspace = self._guarded("", self._workspace)
        return [summary.name for summary in self._guarded("", workspace.list_stacks)]

    def release_dead_lock(self, stack: str) -> bool:
        """Remove the stack's lock when the process that holds it ran on this machine and is gone.

        A killed `pulumi` leaves its lock in a file backend, and the next one refuses to start until somebody says
        `pulumi cancel`. The lock names host and process id: a lock of another host or of a live process stays.
        Returns True when a lock was removed.
        """
        url = urlsplit(self._environment.get("PULUMI_BACKEND_URL", ""))
        if url.scheme != "file":
            return False
        folder = Path(unquote(url.path)) / ".pulumi" / "locks" / "organization" / PROJECT_NAME / stack
        dead = [lock for lock in folder.glob("*.json") if _holder_is_dead(lock)]
        for lock in dead:
            lock.unlink(missing_ok=True)
        return bool(dead)

    def _looked_at(self, stack: str) -> dict[str, Any]:
        try:
            document = self._preview_json(stack, self._environment)
        except automation_errors.StackNotFoundError:
            return self._preview_of_copy(stack, "")
        if pulumi_preview.stopped_by_protection(document):
            return self._preview_of_copy(stack, self._run("stack", "export", "--stack", stack).stdout)
        return document

    def _preview_json(self, stack: str, environment: Mapping[str, str]) -> dict[str, Any]:
        """What `pulumi preview --json` prints, also where it ends with errors: they stand in it."""
        lines: list[str] = []
        try:
            self._run("preview", "--json", "--stack", stack, environment=environment, on_line=lines.append)
        except (automation_errors.StackNotFoundError, automation_errors.ConcurrentUpdateError):
            raise
        except automation_errors.CommandError as error:
            if not lines:
                raise ClientError(f"stack {stack}: {_diagnostics(str(error))}") from error
        return pulumi_preview.parse("\n".join(lines))

    def _preview_of_copy(self, stack: str, exported: str) -> dict[str, Any]:
        """Preview in a backend of its own that goes afterwards. exported: the stack's state; empty for a new stack."""
        settings = self._root / f"Pulumi.{stack}.yaml"
        before = settings.read_bytes() if settings.is_file() else None
        with tempfile.TemporaryDirectory(dir=self._scratch.name) as folder:
            environment = {**self._environment, "PULUMI_BACKEND_URL": f"file://{folder}?metadata=skip"}
            if not exported:
                self._forget_salt(stack)
            try:
                self._run("stack", "init", stack, "--no-select", environment=environment)
                if exported:
                    file = Path(folder) / "state.json"
                    file.write_text(_unprotected(exported), encoding="utf-8")
                    self._run("stack", "import", "--stack", stack, "--file", str(file), environment=environment)
                return self._preview_json(stack, environment)
            finally:
                if before is None:
                    settings.unlink(missing_ok=True)
                else:
                    settings.write_bytes(before)

    def _run(
        self,
        *argv: str,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> automation.CommandResult:
        return self._command.run(list(argv), str(self._root), dict(environment or self._environment), on_line)

    def _up(self, stack: str, events: Path, on_line: Callable[[str], None], more: Mapping[str, str]) -> None:
        """One run of the program where the Automation API's `up` needs six: it asks for the version, selects the stack,
        and reads outputs, the secret ones too, and the history afterwards; together they take as long as the update.
        """
        update = ["up", "--yes", "--skip-preview", "--color", "never", "--stack", stack, "--event-log", str(events)]
        # The option for the events is one of those that are meant for programs.
        environment = {**self._environment, **more, "PULUMI_DEBUG_COMMANDS": "true"}
        try:
            self._command.run(update, str(self._root), environment, on_line)
        except automation_errors.StackNotFoundError:
            self._forget_salt(stack)
            automation.Stack.create_or_select(stack, self._workspace())
            self._command.run(update, str(self._root), environment, on_line)

    def _forget_salt(self, stack: str) -> None:
        """Take the salt of an earlier stack of this name out of `Pulumi.<stack>.yaml`.

        The file outlives the state and the passphrase that it belongs to (`make clean`), and Pulumi then calls the new
        passphrase incorrect. Where the file holds secrets of that passphrase, they and the salt stay.
        """
        settings = self._root / f"Pulumi.{stack}.yaml"
        lines = settings.read_text(encoding="utf-8").splitlines(keepends=True) if settings.is_file() else []
        kept = [line for line in lines if not line.startswith("encryptionsalt:")]
        if kept != lines and not any(line.strip().startswith("secure:") for line in kept):
            settings.write_text("".join(kept), encoding="utf-8")

    def _workspace(self) -> automation.LocalWorkspace:
        return automation.LocalWorkspace(
            work_dir=str(self._root),
            env_vars=self._environment,
            secrets_provider="passphrase",
            pulumi_command=self._command,
        )

    @functools.cached_property
    def _command(self) -> automation.PulumiCommand:
        # The Automation API asks the program for its version with this process's PATH: the toolchain is not on that.
        found = shutil.which("pulumi", path=self._environment.get("PATH"))
        if found is None:
            raise ClientError("there is no program `pulumi`", remedy="einklang up builds it")
        folder = Path(found).parent
        return automation.PulumiCommand(root=str(folder.parent) if folder.name == "bin" else None)

    def _select(self, stack: str) -> automation.Stack:
        workspace = self._guarded(stack, self._workspace)
        return self._guarded(stack, lambda: automation.Stack.create_or_select(stack, workspace))

    def _log(self, stack: str) -> IO[str]:
        self._logs.mkdir(parents=True, exist_ok=True)
        return (self._logs / f"{stack}.log").open("a", encoding="utf-8")

    def _guarded(self, stack: str, call: Callable[[], T]) -> T:
        try:
            return call()
        except automation_errors.ConcurrentUpdateError as error:
            raise ClientError(
                f"stack {stack}: another update is under way",
                remedy=f"wait for its end; if its machine is gone: pulumi cancel --stack {stack}",
            ) from error
        except automation_errors.CommandError as error:
            raise ClientError(
                f"stack {stack}: {_diagnostics(str(error))}",
                remedy=_SET_AGAIN if _INCORRECT in str(error) else None,
                log=self._logs / f"{stack}.log",
            ) from error


def _counts(events: Path) -> dict[str, int]:
    """How many resources each operation met, from the summary at the end of an update's events (one JSON a line)."""
    counts: dict[str, int] = {}
    for line in events.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if "summaryEvent" in event:
            counts = event["summaryEvent"]["resourceChanges"] or {}
    return counts


def _changes(counts: Mapping[str, int]) -> Changes:
    def total(*operations: str) -> int:
        return sum(counts.get(operation, 0) for operation in operations)

    return Changes(
        created=total("create"),
        updated=total("update"),
        replaced=total("replace", "create-replacement"),
        deleted=total("delete"),
        same=total("same"),
    )


def _diagnostics(output: str) -> str:
    """The part of Pulumi's output that says what went wrong: from `Diagnostics:` on, else the last lines."""
    _, found, after = output.partition("Diagnostics:")
    lines = (after if found else output).strip().splitlines()
    kept = lines[:_DIAGNOSTIC_LINES] if found else lines[-_DIAGNOSTIC_LINES:]
    return "\n  ".join(line.rstrip() for line in kept if line.strip())


def _unprotected(exported: str) -> str:
    """The exported state with nothing protected in it."""
    state = json.loads(exported)
    for resource in state["deployment"].get("resources") or []:
        resource.pop("protect", None)
    return json.dumps(state)


def _holder_is_dead(lock: Path) -> bool:
    try:
        holder = json.loads(lock.read_text())
    except (OSError, ValueError):
        return False
    if holder.get("hostname") != socket.gethostname():
        return False
    process = Path("/proc") / str(holder.get("pid"))
    try:
        return (process / "comm").read_text().strip() != "pulumi"
    except OSError:
        return not process.exists()
