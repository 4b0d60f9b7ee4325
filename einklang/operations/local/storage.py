"""Dynamic storage in folders of this machine, as objects to apply."""

from __future__ import annotations

import json

from einklang.operations.local import objects
from einklang.operations.local.objects import Object
from einklang.operations.local.plan import Folders

NAME = "local-path-provisioner"
NAMESPACE = "local-path-storage"
_ROLE = f"einklang:{NAME}"


def declare(folders: Folders, image: str, helper_image: str) -> list[Object]:
    """Dynamic volumes in folders of this machine (rancher/local-path-provisioner); removed with their claims.

    Its helper pod makes and removes the folders and so needs the host's path: it has a namespace of its own.
    """
    metadata = {"name": NAME, "namespace": NAMESPACE}
    configuration = objects.config_map(metadata, _configuration(folders, helper_image))
    container = {
        "image": image,
        "args": [
            "start",
            "--config=/etc/config/config.json",
            f"--configmap-name={NAME}",
            f"--service-account-name={NAME}",
        ],
        "env": [
            {"name": "POD_NAMESPACE", "value": NAMESPACE},
            {"name": "CONFIG_MOUNT_PATH", "value": "/etc/config/"},
        ],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
    }
    every = ["get", "list", "watch", "create", "patch", "update", "delete"]
    cluster_rules = [
        {"apiGroups": [""], "resources": ["nodes", "persistentvolumeclaims"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["persistentvolumes"], "verbs": every},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
        {"apiGroups": ["storage.k8s.io"], "resources": ["storageclasses"], "verbs": ["get", "list", "watch"]},
    ]
    own_rules = [
        {"apiGroups": [""], "resources": ["pods"], "verbs": every},
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]},
    ]
    account = (NAMESPACE, NAME)
    privileged = {"pod-security.kubernetes.io/enforce": "privileged"}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": privileged}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        objects.cluster_role(_ROLE, cluster_rules),
        objects.cluster_role_binding(_ROLE, _ROLE, account=account),
        {"apiVersion": objects.RBAC, "kind": "Role", "metadata": metadata, "rules": own_rules},
        {
            "apiVersion": objects.RBAC,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": objects.RBAC_GROUP, "kind": "Role", "name": metadata["name"]},
            "subjects": [{"kind": "ServiceAccount", "namespace": account[0], "name": account[1]}],
        },
        configuration,
        objects.deployment(metadata, {"app.kubernetes.io/name": NAME}, container, ("/etc/config/", configuration)),
    ]


def _configuration(folders: Folders, helper_image: str) -> dict[str, str]:
    place = {"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [str(folders.volumes)]}
    return {
        "config.json": json.dumps({"nodePathMap": [place]}),
        "setup": '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
        "teardown": '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
        "helperPod.yaml": json.dumps(_helper_pod(helper_image)),
    }


def _helper_pod(image: str) -> Object:
    container = {
        "name": "helper-pod",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {"runAsUser": 0},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "helper-pod"},
        "spec": {
            "automountServiceAccountToken": False,
            "priorityClassName": "system-node-critical",
            "containers": [container],
        },
    }
