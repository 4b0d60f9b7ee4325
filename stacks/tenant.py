"""The stack of a tenant."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pulumi

from einklang import inventory
from modules.scratch import Scratch
from modules.tenant import Tenant, TenantArgs
from stacks import providers, recovery, settings

DRILL = ".drill"
"""End of the name of a restore drill's stack; no tenant's id has a full stop."""


def declare(tenant_id: str) -> None:
    """Declare the tenant of that id. Raises UserError where no file in tenants/ has it."""
    chosen = settings.read()
    args = _args(chosen, tenant_id, scratch=False)
    resolved = args.resolved
    saved = recovery.transformations(os.environ)
    options = pulumi.ResourceOptions(provider=providers.operator(chosen), transformations=saved)
    tenant = Tenant(tenant_id, args, options)
    pulumi.export("state", resolved.tenant.status.value)
    pulumi.export("namespace", resolved.tenant.namespace)
    pulumi.export("standard", resolved.standard.version)
    pulumi.export("size", resolved.size.name.value)
    pulumi.export("urls", tenant.urls)
    # What a later plan compares with: the file as it was applied.
    pulumi.export("tenant", resolved.tenant.model_dump_json(by_alias=True))


def declare_drill(tenant_id: str) -> None:
    """Declare what a restore drill of that tenant starts."""
    chosen = settings.read()
    args = _args(chosen, tenant_id, scratch=True)
    Scratch(tenant_id, args, pulumi.ResourceOptions(provider=providers.operator(chosen)))


def _args(chosen: settings.StackSettings, tenant_id: str, *, scratch: bool) -> TenantArgs:
    now = datetime.now(UTC)
    return TenantArgs(
        resolved=inventory.load(chosen.root, today=now.date()).resolve(tenant_id),
        images=chosen.images,
        templates=chosen.root / "templates",
        issuer=settings.issuer(),
        deployer=lambda namespace, account: providers.deployer(chosen, namespace, account),
        now=now,
        random=os.urandom,
        shared_files=chosen.shared_files,
        signature_mirror=chosen.signature_mirror,
        backup_site=settings.backup_site(),
        database_archive=settings.database_archive(),
        hold=os.environ.get("EINKLANG_HOLD") == "1",
        scratch=scratch,
    )
