"""Plain YAML files that Einklang itself or an upstream project wrote: manifests, catalogues, declarations.

Files that municipalities write are read by `einklang.inventory.reader`, which knows every trap.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from einklang.errors import UserError

# libyaml where PyYAML has it: a manifest of 20,000 lines takes 12 s without.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def documents(path: Path) -> list[Any]:
    """All documents of the file, empty ones left out. Raises UserError where it is missing or no YAML."""
    try:
        with path.open("rb") as stream:
            return [document for document in yaml.load_all(stream, Loader=_Loader) if document is not None]
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not YAML: {error}") from error
