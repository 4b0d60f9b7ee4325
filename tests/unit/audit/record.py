"""Record the facts anew from the running cluster: `python -m tests.unit.audit.record`, then read the difference.

Kept is what checks look at. Left out: what changes with every run, paths of this machine, long texts, other tenants'
objects but what one of them listens on. Secrets are not among the objects that the audit lists.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from einklang import inventory
from einklang.cli.audit import access
from einklang.operations.audit import collect
from einklang.operations.audit.registry import USUAL
from einklang.settings import Settings
from tests.unit.audit.recorded import FILE

_METADATA = ("name", "namespace", "labels", "annotations", "ownerReferences")
_SPEC_NOISE = (
    "affinity", "dnsPolicy", "enableServiceLinks", "preemptionPolicy", "priority", "schedulerName",
    "terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints",
)  # fmt: skip
_CONTAINER_NOISE = ("terminationMessagePath", "terminationMessagePolicy", "volumeMounts")
_STATUS = ("name", "image", "imageID", "ready")
_LONGEST = 400


def main(tenant: str) -> None:
    """Write data/recorded.json."""
    settings = Settings.from_environment(os.environ)
    resolved = inventory.load(settings.root, today=date.today()).resolve(tenant)
    reach, now = access(settings, USUAL, as_myself=True), datetime.now(UTC)
    seen = collect.cluster(reach.client)
    found = collect.tenant(resolved, seen, reach, now, USUAL)
    if found.troubles:
        raise SystemExit(str(dict(found.troubles)))
    wanted = _wanted(resolved.tenant.namespace, collect.neighbours(seen, resolved.tenant.namespace))
    facts = {
        "tenant": tenant,
        "taken": now.isoformat(),
        "version": seen.version,
        "encryption": seen.encryption,
        "anonymous_status": seen.anonymous_status,
        "objects": [_kept(each) for each in seen.objects if wanted(each)],
        "sites": [asdict(site) for site in found.sites or []],
        "pods_inside": [{**asdict(pod), "packages": pod.packages[:3]} for pod in found.pods_inside or []],
        "saved": asdict(found.saved) if found.saved else None,
        "crossings": asdict(found.crossings) if found.crossings else None,
    }
    text = json.dumps(facts, indent=1, ensure_ascii=False, sort_keys=True, default=str)
    FILE.write_text(text + "\n", encoding="utf-8")


def _wanted(own: str, neighbours: list[str]) -> Callable[[Mapping[str, Any]], bool]:
    def wanted(each: Mapping[str, Any]) -> bool:
        kind, place = each["kind"], each["metadata"].get("namespace", "")
        if place in neighbours[:1]:
            return kind in {"Pod", "Service"}
        if place or kind not in {"ClusterRole", "ClusterRoleBinding", "PersistentVolume"}:
            return place in {own, "default", ""}
        if kind == "PersistentVolume":
            return bool(each["spec"]["claimRef"]["namespace"] == own)
        return not each["metadata"]["name"].startswith("system:controller:")

    return wanted


def _kept(each: Mapping[str, Any]) -> dict[str, Any]:
    """The object without what no check looks at."""
    kept = json.loads(json.dumps(each))
    more = {"Namespace": "uid", "PersistentVolumeClaim": "uid", "CronJob": "creationTimestamp"}
    identified = (*_METADATA, more.get(kept["kind"], "name"))
    metadata = {key: value for key, value in kept["metadata"].items() if key in identified}
    notes = {key: value for key, value in metadata.get("annotations", {}).items() if _is_said(key, value)}
    kept["metadata"] = {**metadata, "annotations": notes}
    status = kept.pop("status", {})
    if kept["kind"] == "Pod":
        containers = [{key: one[key] for key in _STATUS} for one in status.get("containerStatuses", [])]
        kept["status"] = {"phase": status["phase"], "podIP": status.get("podIP"), "containerStatuses": containers}
    if kept["kind"] == "CronJob":
        kept["status"] = status
    if kept["kind"] == "PersistentVolume":
        kept["spec"] = {key: kept["spec"][key] for key in ("claimRef", "storageClassName") if key in kept["spec"]}
    if kept["kind"] == "ConfigMap":
        kept.pop("binaryData", None)
        kept["data"] = {key: _shortened(key, text) for key, text in kept.get("data", {}).items()}
    _without_noise(kept.get("spec", {}))
    return dict(kept)


def _is_said(key: str, value: str) -> bool:
    return not any(word in key for word in ("pulumi", "last-applied", "cnpg")) and len(value) < _LONGEST


def _shortened(key: str, text: str) -> str:
    return text if key in {"realm.json", "repository.json"} or len(text) <= _LONGEST else text[:100]


def _without_noise(spec: dict[str, Any]) -> None:
    for key in _SPEC_NOISE:
        spec.pop(key, None)
    for container in [*spec.get("containers", []), *spec.get("initContainers", [])]:
        for key in _CONTAINER_NOISE:
            container.pop(key, None)
    for below in ("template", "jobTemplate"):
        if isinstance(spec.get(below), dict):
            _without_noise(spec[below].get("spec", {}))


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["attendorn"]))
