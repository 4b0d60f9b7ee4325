"""The environment in which plain `pulumi` and `kubectl` work on this project's stacks."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from einklang.clients.outside import Way
from einklang.operations.local.toolchain import Toolchain, install_plugins
from einklang.settings import Settings

LOCAL_GATEWAY = "127.0.0.1"


def environment(settings: Settings, toolchain: Toolchain, environ: Mapping[str, str]) -> dict[str, str]:
    """Variables to add to `environ`, so that `pulumi stack select <tenant> && pulumi up` works.

    What the operator has set already (another backend, passphrase or cluster) stays as it is. The virtual
    environment comes first on the PATH: the Python language host takes `python3` from there.
    """
    defaults = {
        "EINKLANG_ROOT": str(settings.root),
        "EINKLANG_HOME": str(settings.home),
        "EINKLANG_CACHE": str(settings.cache),
        "EINKLANG_BACKUP_SITE": str(settings.backup_site),
        "KUBECONFIG": str(settings.kubeconfig),
        # Without files of attributes beside each file: they are not written as a whole, and with an empty one, of a run
        # that was killed, every command ends with "EOF".
        "PULUMI_BACKEND_URL": f"file://{settings.pulumi_state}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(settings.passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    if toolchain.builds_pulumi:
        # Our plugins stand in a home folder of Pulumi's own: used without a warning, and none is fetched.
        defaults |= {
            "PULUMI_HOME": str(settings.pulumi_home),
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
    if "PULUMI_CONFIG_PASSPHRASE" in environ:
        del defaults["PULUMI_CONFIG_PASSPHRASE_FILE"]
    added = {name: environ.get(name, value) for name, value in defaults.items()}
    folders = [settings.virtual_environment / "bin", *toolchain.folders]
    added["PATH"] = ":".join([*map(str, folders), environ.get("PATH", "")])
    added["VIRTUAL_ENV"] = str(settings.virtual_environment)
    return added | _bytecode(settings, environ)


def _bytecode(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Let Python keep its bytecode, in the cache, where the environment forbids it beside the sources.

    Containers often set PYTHONDONTWRITEBYTECODE. Every `pulumi up` would then compile Pulumi's SDK and pip again,
    which takes longer than all the rest of a run that changes nothing (docs/operators/performance.md).
    """
    if not environ.get("PYTHONDONTWRITEBYTECODE") or environ.get("PYTHONPYCACHEPREFIX"):
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(settings.bytecode)}


def prepare_state(settings: Settings, toolchain: Toolchain) -> None:
    """Make the local state backend's folder and the passphrase of its secrets, once; put Pulumi's plugins in place."""
    install_plugins(toolchain, settings.pulumi_home)
    if toolchain.builds_pulumi:
        _keep_no_debug_log(settings.pulumi_home / "logs")
    settings.pulumi_state.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not settings.passphrase.exists():
        write_private(settings.passphrase, secrets.token_urlsafe(32))


def _keep_no_debug_log(folder: Path) -> None:
    """Put a file where Pulumi would make the folder of its debug logs: it does without them then.

    Pulumi 3.259 writes every property of every resource into a log of each run, secrets too: 64 MB and half of the time
    of a platform's update, and nothing switches it off (its source: pkg/logging, StartLogging).
    """
    if folder.is_dir():
        shutil.rmtree(folder)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_text("Einklang keeps no debug logs of Pulumi: they hold all properties and take half of a run.\n")


def kubeconfig(settings: Settings, environ: Mapping[str, str]) -> Path:
    """That of the operator's own cluster, which KUBECONFIG names, or of the local one."""
    return Path(environ.get("KUBECONFIG") or settings.kubeconfig)


def uses_local_cluster(settings: Settings, environ: Mapping[str, str]) -> bool:
    """True unless KUBECONFIG names a cluster of the operator's own."""
    return kubeconfig(settings, environ) == settings.kubeconfig


def way(settings: Settings, environ: Mapping[str, str]) -> Way:
    """How this machine reaches the tenants' sites: through the local cluster's gateway, or as their names lead."""
    if not uses_local_cluster(settings, environ):
        return Way()
    return Way(LOCAL_GATEWAY, settings.certificate_authority / "ca.crt")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(text)
    temporary.replace(path)
