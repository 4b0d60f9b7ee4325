"""The image of the set-up job holds exactly what its program needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from einklang.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "images" / "identity-setup"
SOURCES = tomllib.loads((FOLDER / "image.toml").read_text())["sources"]
LOADED = """
import sys
sys.path.insert(0, sys.argv[1])
import identity_setup
print("\\n".join(sorted(module.__file__ for name, module in sys.modules.items() if name.startswith("einklang"))))
"""


def copied(target: Path) -> Path:
    for source in SOURCES:
        (target / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT_ROOT / source, target / source)
    shutil.copy(FOLDER / "identity_setup.py", target)
    return target


def loaded(folder: Path) -> subprocess.CompletedProcess[str]:
    # -P: nothing of this checkout on the path, as in the image; the installed package comes after the folder.
    return subprocess.run(
        [sys.executable, "-P", "-c", LOADED, str(folder)], capture_output=True, text=True, check=False, cwd=folder
    )


def test_the_sources_are_complete_and_nothing_else(tmp_path: Path) -> None:
    done = loaded(copied(tmp_path))
    assert done.returncode == 0, done.stderr
    assert {Path(line).relative_to(tmp_path).as_posix() for line in done.stdout.split()} == set(SOURCES)


def test_a_source_that_is_missing_is_noticed(tmp_path: Path) -> None:
    (copied(tmp_path) / "einklang" / "planning" / "flows.py").unlink()
    assert loaded(tmp_path).returncode != 0
