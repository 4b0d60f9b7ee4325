"""Which checkout a command works on."""

from __future__ import annotations

import os
from pathlib import Path

from einklang.errors import UserError
from einklang.settings import Settings


def find_root() -> Path:
    """EINKLANG_ROOT, else the checkout around the working directory, else the one this program is installed from."""
    here = Path.cwd()
    around = [] if os.environ.get("EINKLANG_ROOT") else [here, *here.parents]
    root = next((path for path in around if (path / "tenants").is_dir() and (path / "standards").is_dir()), None)
    if root is not None:
        return root
    settings = Settings.from_environment(os.environ)
    if not (settings.root / "tenants").is_dir():
        raise UserError(f"{settings.root}: no folder tenants/", remedy="give the checkout with --root")
    return settings.root
