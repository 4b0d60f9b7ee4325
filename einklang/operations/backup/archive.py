"""PostgreSQL as it was at a moment, from its archive (modules/database_archive.py), beside the one that runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from einklang.errors import UserError
from einklang.model.backup import DATABASE_THEN

_KEPT = ("imageName", "imagePullPolicy", "inheritedMetadata", "resources", "seccompProfile", "smartShutdownTimeout")


def beside(cluster: Mapping[str, Any], moment: datetime, name: str = "") -> dict[str, Any]:
    """The CloudNativePG cluster to apply. cluster: the one that runs, as the API gives it. moment: with a time zone.

    name: of the archive, where it is not the one that is being written. Raises UserError where there is none.
    """
    metadata, spec = cluster["metadata"], cluster["spec"]
    try:
        store = dict(spec["backup"]["barmanObjectStore"])
    except KeyError:
        remedy = "docs/operators/backups.md, Databases by the minute"
        raise UserError(f"the database in {metadata['namespace']} has no archive", remedy=remedy) from None
    if name:
        store["serverName"] = name
    target = {"targetTime": moment.isoformat(sep=" ", timespec="seconds")}
    return {
        "apiVersion": cluster["apiVersion"],
        "kind": "Cluster",
        "metadata": {"name": DATABASE_THEN, "namespace": metadata["namespace"]},
        "spec": {
            **{key: spec[key] for key in _KEPT if key in spec},
            "instances": 1,
            "storage": spec["storage"],
            "enableSuperuserAccess": False,
            "bootstrap": {"recovery": {"source": "archive", "recoveryTarget": target}},
            "externalClusters": [{"name": "archive", "barmanObjectStore": store}],
        },
    }
