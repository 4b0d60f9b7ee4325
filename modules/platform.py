"""The platform: what all tenants share and none administers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from modules import admission, audit_job, auditor, database_operator, gateway, labels
from modules.audit_job import AuditArgs
from modules.gateway import GatewayArgs
from modules.kubernetes import Manifest, Object
from modules.network_policies import GATEWAY_NAMESPACE, ApiServer, api_server

STORAGE_CLASS = "einklang"
_CLUSTER_WIDE_FIRST = ("Namespace", "CustomResourceDefinition")
_LAST = ("Deployment", "CronJob")


@dataclass(frozen=True)
class PlatformArgs:
    """database_operator, gateway_definitions: upstream documents. database_operator_image: by digest.

    registries: prefixes from which tenants' images may come. storage: provisioner and parameters of the storage class.
    protect: `pulumi destroy` refuses. With the operator's definitions the databases of all tenants would go.
    """

    database_operator: Sequence[Manifest]
    database_operator_image: str
    gateway_definitions: Sequence[Manifest]
    gateway: GatewayArgs
    audit: AuditArgs
    registries: Sequence[str]
    storage_provisioner: str
    storage_parameters: Mapping[str, str]
    protect: bool


class Platform(pulumi.ComponentResource):
    """Database operator, gateway, admission policies, storage class, the identity for audits and its nightly one."""

    def __init__(self, name: str, args: PlatformArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("einklang:platform:Platform", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        api = api_server(child)
        rules = [storage_class(args), *admission.manifests(args.registries, STORAGE_CLASS)]
        made: list[pulumi.Resource] = [Object(manifest, child) for manifest in rules]
        operator = database_operator.manifests(args.database_operator, args.database_operator_image, api)
        made += self._in_order(operator, protect=args.protect)
        entrance = [*args.gateway_definitions, gateway.namespace(args.gateway), *_gateway(args, api)]
        made += self._in_order(entrance, protect=args.protect)
        made += self._in_order([*auditor.manifests(), *audit_job.manifests(args.audit, api)], protect=args.protect)
        # As with a tenant's record: destroying begins here, and so stops before anything is gone.
        Object(_record(), pulumi.ResourceOptions(parent=self, depends_on=made, protect=args.protect))
        self.register_outputs({"storage_class": STORAGE_CLASS})

    def _in_order(self, manifests: Sequence[Manifest], *, protect: bool) -> list[pulumi.Resource]:
        """Namespaces and definitions, then accounts, rights, services and webhooks, then what runs with them.

        The database operator writes its authority into its webhooks when it starts: they stand before it.
        """
        made: list[pulumi.Resource] = []
        for stage in _stages(manifests):
            before = list(made)
            for manifest in stage:
                # A definition takes all objects of its kind along.
                guarded = protect and manifest["kind"] == "CustomResourceDefinition"
                opts = pulumi.ResourceOptions(parent=self, depends_on=before, protect=guarded)
                made.append(Object(manifest, opts))
        return made


def storage_class(args: PlatformArgs) -> Manifest:
    """The only class from which tenants get volumes; a volume goes with its claim."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": STORAGE_CLASS, "labels": {"app.kubernetes.io/part-of": labels.PART_OF}},
        "provisioner": args.storage_provisioner,
        "parameters": dict(args.storage_parameters),
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _record() -> Manifest:
    """What the cluster is, for whoever looks at it."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "platform",
            "namespace": GATEWAY_NAMESPACE,
            "labels": {"app.kubernetes.io/part-of": labels.PART_OF},
        },
        "data": {"storage-class": STORAGE_CLASS},
    }


def _gateway(args: PlatformArgs, api: ApiServer) -> list[Manifest]:
    return gateway.manifests(args.gateway, api)


def _stages(manifests: Sequence[Manifest]) -> list[list[Manifest]]:
    def stage(manifest: Manifest) -> int:
        kind = manifest["kind"]
        return 0 if kind in _CLUSTER_WIDE_FIRST else 2 if kind in _LAST else 1

    return [[manifest for manifest in manifests if stage(manifest) == number] for number in range(3)]
