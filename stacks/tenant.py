"""The stack of a tenant."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pulumi

from einklang import inventory
from modules.tenant import Tenant, TenantArgs
from stacks import providers, settings


def declare(tenant_id: str) -> None:
    """Declare the tenant of that id. Raises UserError where no file in tenants/ has it."""
    chosen, now = settings.read(), datetime.now(UTC)
    resolved = inventory.load(chosen.root, today=now.date()).resolve(tenant_id)
    args = TenantArgs(
        resolved=resolved,
        images=chosen.images,
        templates=chosen.root / "templates",
        issuer=settings.issuer(),
        deployer=lambda namespace, account: providers.deployer(chosen, namespace, account),
        now=now,
        random=os.urandom,
    )
    tenant = Tenant(tenant_id, args, pulumi.ResourceOptions(provider=providers.operator(chosen)))
    pulumi.export("state", resolved.tenant.status.value)
    pulumi.export("namespace", resolved.tenant.namespace)
    pulumi.export("standard", resolved.standard.version)
    pulumi.export("size", resolved.size.name.value)
    pulumi.export("urls", tenant.urls)
