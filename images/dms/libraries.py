"""At the build of the image: put what pages load from npm packages where Mayan's templates look for it.

Usage: libraries.py NPM TARGET (folders: unpacked packages by name; a folder of static files). Copies the files that
pages use and nothing else. The font comes with them: no page asks a third party for anything.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

# Mayan's app -> package -> files, as in its templates.
FILES = {
    "appearance": {
        "@fancyapps/fancybox": ["dist/jquery.fancybox.min.css", "dist/jquery.fancybox.min.js"],
        "jquery": ["dist/jquery.min.js"],
        "jquery-form": ["dist/jquery.form.min.js"],
        "select2": ["dist/css/select2.min.css", "dist/js/select2.min.js", "dist/js/i18n/de.js", "dist/js/i18n/en.js"],
    },
    "appearance_bootstrap": {
        "bootstrap": ["dist/js/bootstrap.bundle.min.js"],
        "bootswatch": ["dist/flatly/bootstrap.min.css"],
    },
    "cabinets": {"jstree": ["dist/jstree.min.js", "dist/themes/default/*"]},
    "icons": {"@fortawesome/fontawesome-free": ["css/svg-with-js.min.css", "js/all.min.js"]},
    "mayan_forms": {"dropzone": ["dist/basic.css", "dist/dropzone.js"]},
    "statistics": {"chart.js": ["dist/chart.min.js"]},
    "templating": {
        "@highlightjs/cdn-assets": ["highlight.min.js", "languages/django.min.js", "styles/vs2015.min.css"],
    },
}
FONT = "@fontsource/lato"
# Says which package and version it is: the bill of materials reads it.
_NAMED = "package.json"
FACES = ("400", "700", "400-italic")
# What the theme asks a third party for.
# Maps for developers; they are not here, and collectstatic asks for each file that another one names.
_SOURCE_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/|^//# sourceMappingURL=.*$", re.MULTILINE)
_IMPORT = "https://fonts.googleapis.com/css2?family=Lato:ital,wght@0,400;0,700;1,400&display=swap"


def main(npm: Path, target: Path) -> None:
    """Copy everything; a file that a package lacks ends the build."""
    for app, packages in FILES.items():
        for package, patterns in packages.items():
            copy(npm / package, target / app / "node_modules" / package, [*patterns, _NAMED])
    copy(npm / FONT, target / "node_modules" / FONT, [_NAMED])
    fonts = target / "appearance_bootstrap" / "google_fonts" / "lato"
    copy(npm / FONT, fonts, [f"files/lato-latin*-{face}*.woff2" for face in ("400", "700")])
    faces = "".join((npm / FONT / f"{face}.css").read_text(encoding="utf-8") for face in FACES)
    # Browsers of the last ten years take woff2; the older form is not here.
    lines = [line.partition(", url(")[0] + ";" if "format('woff2'), " in line else line for line in faces.splitlines()]
    (fonts / "import.css").write_text("\n".join(lines) + "\n", encoding="utf-8")
    theme = target / "appearance_bootstrap/node_modules/bootswatch/dist/flatly/bootstrap.min.css"
    text = theme.read_text(encoding="utf-8")
    if _IMPORT not in text:
        raise SystemExit("the theme asks for its font in another way")
    theme.write_text(text.replace(_IMPORT, "../../../../google_fonts/lato/import.css"), encoding="utf-8")


def copy(source: Path, target: Path, patterns: list[str]) -> None:
    """Copy the files that the patterns name, each at least one."""
    for pattern in patterns:
        found = sorted(path for path in source.glob(pattern) if path.is_file())
        if not found:
            raise SystemExit(f"{source}: no {pattern}")
        for path in found:
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix in {".js", ".css"}:
                place.write_text(_SOURCE_MAP.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
            else:
                shutil.copyfile(path, place)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
