"""Which connections a tenant's workloads may open and accept; everything else is denied.

The list is the whole truth: the guardrails turn it into NetworkPolicies, the platform derives from it what the
gateway and the database operator may reach (BSI APP.4.4.A7, A18; NET.1.1.A33).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from einklang.model.standard import SizeClass
from einklang.model.tenant import Modules


class Outside(StrEnum):
    """Who may stand at the other end besides the tenant's own workloads."""

    GATEWAY = "gateway"
    DATABASE_OPERATOR = "database operator"
    API_SERVER = "API server"
    NAME_SERVICE = "name service"
    SIGNATURE_MIRROR = "signature mirror"
    BACKUP_SITE = "backup site"


@dataclass(frozen=True)
class Flow:
    """TCP connections from source to target on a port of the target's pods; reason: why they are needed.

    networks: CIDRs of a target that is no pod of the cluster.
    """

    source: str | Outside
    target: str | Outside
    port: int
    reason: str
    networks: tuple[str, ...] = ()


HTTP, POSTGRESQL, REDIS, SCANNER, INSTANCE_STATUS, DNS = 8080, 5432, 6379, 3310, 8000, 53

FLOWS = (
    Flow(Outside.GATEWAY, "identity", HTTP, "citizens and staff log in"),
    Flow(Outside.GATEWAY, "front", HTTP, "citizens and staff use portal and DMS"),
    Flow("front", "portal", HTTP, "pages of the portal"),
    Flow("portal", "database", POSTGRESQL, "content and files"),
    Flow("portal", "identity", HTTP, "codes of logins become tokens"),
    Flow("identity", "portal", HTTP, "who logs out elsewhere is logged out of the portal (back-channel logout)"),
    Flow("portal-setup", "database", POSTGRESQL, "the site is made and brought up to date"),
    Flow("front", "dms", HTTP, "pages of the DMS"),
    Flow("identity", "database", POSTGRESQL, "users and sessions"),
    Flow("identity", "identity", 7800, "replicas share their caches (JGroups)"),
    Flow("identity", "identity", 57800, "replicas notice each other's failure (JGroups)"),
    Flow("identity-setup", "identity", HTTP, "the realm is brought up to date"),
    Flow("identity", "dms", HTTP, "whoever logs out is logged out of the DMS too (back-channel logout)"),
    Flow("dms", "identity", HTTP, "a login's code is turned into a token, and its signature is checked"),
    Flow("dms", "database", POSTGRESQL, "documents, their facts and texts"),
    Flow("dms", "dms-broker", REDIS, "work is handed on, messages to browsers"),
    Flow("dms", "scanner", SCANNER, "an uploaded file is looked at"),
    Flow("dms-worker", "scanner", SCANNER, "a file is looked at again before it is stored"),
    Flow("dms-worker", "database", POSTGRESQL, "texts that were read, retention"),
    Flow("dms-worker", "dms-broker", REDIS, "work is taken"),
    Flow("dms-setup", "database", POSTGRESQL, "tables, file plan, roles"),
    Flow("dms-setup", "dms-broker", REDIS, "work that follows from a change of the file plan"),
    Flow(Outside.DATABASE_OPERATOR, "database", INSTANCE_STATUS, "state of the instances"),
    Flow(Outside.DATABASE_OPERATOR, "database", POSTGRESQL, "roles and databases"),
    Flow("database", "database", POSTGRESQL, "replicas follow the primary"),
    Flow("database", "database", INSTANCE_STATUS, "replicas ask the primary"),
    Flow("backup", "database", POSTGRESQL, "every database is read and dumped"),
    Flow("database", Outside.API_SERVER, 0, "CloudNativePG's instance manager reads its cluster"),
)


_PARTS: Mapping[str, frozenset[str]] = {
    "portal": frozenset({"portal", "portal-setup"}),
    "dms": frozenset({"dms", "dms-worker", "dms-broker", "dms-setup", "scanner"}),
}
"""Module that a tenant may leave out -> its workloads. Without any of these modules there is no front either."""


def flows_of(
    modules: Modules, size: SizeClass, flows: Iterable[Flow] = FLOWS, *, backups: bool = True
) -> tuple[Flow, ...]:
    """The flows of a tenant with these modules in this size.

    A module that is off leaves no flow, and so no policy and no account. Replicas speak with each other where there is
    more than one. backups: there is a backup site.
    """
    off = [name for name in _PARTS if not getattr(modules, name).enabled]
    absent = frozenset[str]().union(*(_PARTS[name] for name in off))
    if len(off) == len(_PARTS):
        absent |= {"front"}
    if not backups:
        absent |= {"backup"}
    several = {"identity": size.identity.replicas > 1, "database": size.database.instances > 1}
    return tuple(
        flow
        for flow in flows
        if not absent & {flow.source, flow.target} and (flow.source != flow.target or several[flow.source])
    )


def for_drill(flows: Iterable[Flow]) -> tuple[Flow, ...]:
    """Those among what a restore drill starts, to the backup site and to the API server; nobody comes in."""
    absent = {"portal", "portal-setup", "front", "scanner", Outside.GATEWAY, Outside.SIGNATURE_MIRROR}
    return tuple(flow for flow in flows if not absent & {flow.source, flow.target})


def to_site(port: int, networks: Iterable[str]) -> Flow:
    """The one way out of a tenant's backup: to the site, where there is one."""
    return Flow("backup", Outside.BACKUP_SITE, port, "what is saved goes to the site", tuple(networks))


def to_archive(port: int, networks: Iterable[str]) -> Flow:
    """The flow that there is besides where databases have an archive."""
    return Flow("database", Outside.BACKUP_SITE, port, "what is written is archived at the site", tuple(networks))


def to_mirror(port: int, networks: tuple[str, ...]) -> Flow:
    """The flow that there is besides FLOWS where signatures come from a mirror."""
    return Flow("scanner", Outside.SIGNATURE_MIRROR, port, "signatures of malware are kept new", networks)


def workloads(flows: Iterable[Flow] = FLOWS) -> list[str]:
    """All workloads that a flow names, sorted."""
    ends = {end for flow in flows for end in (flow.source, flow.target)}
    return sorted(end for end in ends if not isinstance(end, Outside))


def ports_from(source: Outside, flows: Iterable[Flow] = FLOWS) -> list[int]:
    """The ports of tenants' pods that somebody outside may reach, sorted."""
    return sorted({flow.port for flow in flows if flow.source is source})
