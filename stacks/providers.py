"""Providers: the operator's own rights, and a tenant's deploying identity."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pulumi
from pulumi_kubernetes import Provider

from einklang import inventory
from einklang.errors import UserError
from stacks.settings import StackSettings

# The API server has its own fair queueing; the client's default of 5 requests a second would be the bottleneck.
_CLIENT = {"burst": 200, "qps": 100.0}
_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def operator(settings: StackSettings) -> Provider:
    """Acts with the rights of the kubeconfig's user."""
    return _provider("operator", _kubeconfig(settings))


def deployer(settings: StackSettings, namespace: str, account: str) -> Provider:
    """Acts as the namespace's own ServiceAccount: the operator impersonates it, and no token of it exists.

    Whatever the program does inside the namespace, the API server allows only what that account may
    (BSI APP.4.4.A10); its audit log names both.
    """
    kubeconfig = _kubeconfig(settings)
    kubeconfig["users"][0]["user"]["as"] = f"system:serviceaccount:{namespace}:{account}"
    return _provider("deployer", kubeconfig)


def _provider(name: str, kubeconfig: dict[str, Any]) -> Provider:
    text: pulumi.Input[str] = json.dumps(kubeconfig)
    if _embeds_credentials(kubeconfig):
        text = pulumi.Output.secret(text)
    # The identifier tells clusters apart: a renewed credential must not look like another cluster.
    identifier = kubeconfig["clusters"][0]["cluster"]["server"]
    return Provider(
        name,
        kubeconfig=text,
        cluster_identifier=identifier,
        kube_client_settings=_CLIENT,
        # Their names are fixed: replacing one would leave a moment without it.
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
    )


def _kubeconfig(settings: StackSettings) -> dict[str, Any]:
    """The chosen context of the kubeconfig, alone. Raises UserError where there is none."""
    documents = inventory.documents(settings.kubeconfig)
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise UserError(f"{settings.kubeconfig}: not a kubeconfig", remedy="einklang local up, or set KUBECONFIG")
    whole = documents[0]
    name = settings.context or whole.get("current-context")
    context = _named(whole, "contexts", name, "context")
    cluster, user = context["cluster"], context["user"]
    place = settings.kubeconfig.absolute().parent
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": context}],
        "clusters": [{"name": cluster, "cluster": _located(_named(whole, "clusters", cluster, "cluster"), place)}],
        "users": [{"name": user, "user": _located(_named(whole, "users", user, "user"), place)}],
    }


def _located(entry: dict[str, Any], place: Path) -> dict[str, Any]:
    """Files are named relative to the kubeconfig, and what is composed here has no place of its own."""
    return {key: str(place / value) if key in _FILES else value for key, value in entry.items()}


def _named(whole: Mapping[str, Any], part: str, name: str | None, key: str) -> dict[str, Any]:
    for entry in whole.get(part) or []:
        if entry["name"] == name:
            return deepcopy(dict(entry[key]))
    raise UserError(f"the kubeconfig has no {key} {name!r}", remedy="pulumi config set kubernetes:context <name>")


def _embeds_credentials(kubeconfig: Mapping[str, Any]) -> bool:
    user = kubeconfig["users"][0]["user"]
    # A credential plugin may get its own by argument or variable.
    return any(key in user for key in ("token", "password", "client-key-data", "auth-provider", "exec"))
