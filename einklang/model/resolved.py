"""A tenant together with everything its file refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from einklang.model.service import Service
from einklang.model.standard import SizeClass, Standard
from einklang.model.tenant import Tenant


@dataclass(frozen=True)
class ResolvedTenant:
    """What a tenant's stack is made from.

    logo: content of the logo file, None where the tenant names none. services: of the catalogue, as the tenant orders
    them.
    """

    tenant: Tenant
    standard: Standard
    size: SizeClass
    logo: bytes | None = None
    services: Sequence[Service] = ()
