"""What a restore drill starts: a tenant's database, identity service and document management, in a scratch namespace.

The same components as the tenant's, in the same size, with secrets of their own. Nothing leads to the tenant, nobody
comes in: no route, no front, and of the flows only those among what stands here, and to the backup site.
"""

from __future__ import annotations

from dataclasses import replace

import pulumi

from einklang.errors import UserError
from modules.backup import Backup
from modules.database import Database
from modules.dms import Dms
from modules.flows import for_drill, workloads
from modules.guardrails import DEPLOYER, Guardrails, GuardrailsArgs
from modules.identity import Identity
from modules.kubernetes import unawaited
from modules.tenant import TenantArgs, backup_args, database_args, dms_args, guardrails_args, identity_args


class Scratch(pulumi.ComponentResource):
    """Everything of it goes with its namespace. The CronJob of the backup never runs: restores are made from it."""

    def __init__(self, name: str, args: TenantArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("einklang:scratch:Scratch", name, None, unawaited(opts) if args.hold else opts)
        if args.backup_site is None:
            raise UserError("there is no backup site, so nothing to rehearse", remedy="einklang:backupSite")
        guardrails = Guardrails("guardrails", _guardrails(args), pulumi.ResourceOptions(parent=self))
        provider = args.deployer(args.namespace, DEPLOYER)
        inside = pulumi.ResourceOptions(parent=self, provider=provider, depends_on=list(guardrails.ready))
        database = Database("database", database_args(args), inside)
        after = pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=[database]))
        Identity("identity", identity_args(args, database), after)
        if args.resolved.tenant.modules.dms.enabled:
            Dms("dms", dms_args(args, database), after)
        saved = replace(backup_args(args, args.backup_site, database), suspended=True)
        Backup("backup", saved, after)
        self.register_outputs({"namespace": args.namespace})


def _guardrails(args: TenantArgs) -> GuardrailsArgs:
    whole = guardrails_args(args)
    flows = for_drill(whole.flows)
    accounts = [name for name in workloads(flows) if name != "database"]
    return replace(whole, flows=flows, service_accounts=accounts, hostnames=(), drill=True)
