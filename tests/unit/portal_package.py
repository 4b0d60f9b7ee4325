"""The parts of the portal's own package that need no Plone, imported from the image's folder."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from einklang.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "images" / "portal" / "einklang_portal"


def load(name: str) -> ModuleType:
    """The module of that name in the package, by itself."""
    full = f"portal_image_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, FOLDER / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[full] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[full])
    return sys.modules[full]
