"""What the containers run: `python -m einklang_dms web | worker | setup DOCUMENT | static`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SETTINGS = "einklang_dms.settings"
_MANAGE = [sys.executable, "-m", "django"]


def web(environ: dict[str, str]) -> None:
    """gunicorn with threads: an open page holds a stream of messages, and so a thread."""
    arguments = [
        sys.executable, "-m", "gunicorn", "mayan.wsgi:application",
        "--bind", "0.0.0.0:8080",
        "--worker-class", "gthread",
        "--workers", environ.get("DMS_WEB_PROCESSES", "1"),
        "--threads", environ.get("DMS_WEB_THREADS", "32"),
        "--timeout", "120", "--graceful-timeout", "25", "--keep-alive", "65",
        "--worker-tmp-dir", "/tmp", "--no-control-socket",
        "--forwarded-allow-ips", "*",
    ]  # fmt: skip
    os.execvpe(arguments[0], arguments, environ)  # noqa: S606


def worker(environ: dict[str, str]) -> None:
    """All queues and the clock in one pod: the main process holds the code, the others share its memory."""
    queues = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()\n"
         "from mayan.apps.task_manager.classes import CeleryQueue\n"
         "print(','.join(queue.name for queue in CeleryQueue.all()))"],
        env=environ, check=True, capture_output=True, text=True,
    ).stdout.split()[-1]  # fmt: skip
    arguments = [
        sys.executable, "-m", "celery", "-A", "mayan", "worker",
        "--beat", "--schedule", "/tmp/beat",
        "--concurrency", environ.get("DMS_WORKER_PROCESSES", "1"),
        "--max-tasks-per-child", "200",
        "--max-memory-per-child", environ.get("DMS_WORKER_CHILD_KIB", "400000"),
        "--queues", queues,
        "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
    ]  # fmt: skip
    os.execvpe(arguments[0], arguments, environ)  # noqa: S606


def setup(environ: dict[str, str], document: str) -> None:
    """Tables first, in a process that needs none of them; then what the document says."""
    first = {**environ, "DMS_DATABASE_READY": "no"}
    upgrade = [*_MANAGE, "common_perform_upgrade", "--no-dependencies"]
    subprocess.run(upgrade, env=first, check=True)
    import django

    django.setup()
    from einklang_dms.reconcile import Reconciler

    reconciler = Reconciler()
    reconciler.run(json.loads(Path(document).read_text(encoding="utf-8")))
    for line in (*reconciler.changes, *reconciler.kept):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{len(reconciler.changes)} changes, {len(reconciler.kept)} kept\n")


def main(arguments: list[str]) -> None:
    """Run what the first argument names."""
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    environ = dict(os.environ)
    program, *rest = arguments
    {"web": web, "worker": worker, "setup": setup}[program](environ, *rest)


if __name__ == "__main__":
    main(sys.argv[1:])
