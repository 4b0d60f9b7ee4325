"""The worker of the document management: all queues (text recognition, previews, retention) and the clock in one pod.

It takes a task from the broker and gives it back to nobody else until it is done; a killed worker's tasks are handed
out again (images/dms/einklang_dms/settings.py).
"""

from __future__ import annotations

from typing import Any

from modules import dms_parts, labels
from modules.dms_parts import WORKER, Parts
from modules.kubernetes import OLD_ONES_FIRST, Manifest

# A page of a scan is read within a minute or two; what is not done in this time another worker does again.
_GRACE_SECONDS = 120
_ALIVE = ["sh", "-c", 'test -n "$(find /tmp/alive -mmin -1)"']


def deployment(parts: Parts) -> Manifest:
    """One pod: the clock must not strike twice. More documents at a time are more processes in it."""
    spec = {
        "replicas": 0 if parts.stopped else 1,
        "strategy": OLD_ONES_FIRST,
        "revisionHistoryLimit": 2,
        "progressDeadlineSeconds": 600,
        "selector": {"matchLabels": labels.selector(WORKER)},
        "template": {"metadata": {"labels": labels.workload(parts.tenant, WORKER)}, "spec": _pod(parts)},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": parts.metadata(WORKER, WORKER), "spec": spec}


def _pod(parts: Parts) -> dict[str, Any]:
    size = parts.size
    container = {
        "name": "worker",
        "image": parts.image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["worker"],
        "env": dms_parts.environment(
            parts,
            **dms_parts.uploads(parts),
            DMS_WORKER_PROCESSES=str(size.worker_processes),
            OMP_THREAD_LIMIT="1",
        ),
        "resources": dms_parts.resources(
            size.worker_cpu_request_millicores, size.worker_cpu_limit_millicores, size.worker_memory_mib
        ),
        "securityContext": labels.restricted_container(),
        "startupProbe": _probe(period_seconds=2, failures=150),
        "readinessProbe": _probe(period_seconds=10, failures=1),
        "livenessProbe": _probe(period_seconds=20, failures=3),
        "volumeMounts": dms_parts.mounts(),
    }
    spec = dms_parts.pod(WORKER, container, dms_parts.volumes(parts, files=True))
    return dms_parts.with_files(parts, {**spec, "terminationGracePeriodSeconds": _GRACE_SECONDS})


def _probe(*, period_seconds: int, failures: int) -> dict[str, Any]:
    """The worker touches a file as long as it is connected to the broker and the clock runs."""
    return {
        "exec": {"command": _ALIVE},
        "periodSeconds": period_seconds,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }
