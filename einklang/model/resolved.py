"""A tenant together with everything its file refers to."""

from __future__ import annotations

from dataclasses import dataclass

from einklang.model.standard import SizeClass, Standard
from einklang.model.tenant import Tenant


@dataclass(frozen=True)
class ResolvedTenant:
    """What a tenant's stack is made from.

    logo: content of the logo file, None where the tenant names none.
    """

    tenant: Tenant
    standard: Standard
    size: SizeClass
    logo: bytes | None = None
