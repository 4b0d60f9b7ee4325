"""The checks, one function each, by subject. A new one belongs into the module of its subject, nothing else is needed
but a catalogue in standards/controls that names it and a planted violation in tests/unit/audit/violations.py."""

from __future__ import annotations

from collections.abc import Mapping

from einklang.operations.audit.checks import (
    admission,
    backup,
    backup_site,
    identity,
    images,
    inside,
    network,
    pods,
    rights,
    secrets,
    space,
    web,
)
from einklang.operations.audit.registry import Check

_MODULES = (space, pods, images, secrets, network, rights, admission, identity, backup, backup_site, web, inside)

ALL: Mapping[str, Check] = {
    each.name: each for module in _MODULES for each in vars(module).values() if isinstance(each, Check)
}
"""Name -> check, in the order of the modules."""
