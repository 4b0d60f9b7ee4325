"""Jinja2: text in, text out. The only place that knows Jinja2.

A name that a template uses and nobody gave is an error (StrictUndefined), never an empty string. Templates hold no
logic beyond `if` and `for`; what needs more is computed before and given to them.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from einklang.errors import UserError


def render(templates: Path, name: str, /, **values: object) -> str:
    """Render the template `name` below the folder `templates` with the given values.

    `{{ value | tojson }}` writes a value as JSON, with the characters that HTML gives a meaning to escaped. In a
    template called `*.html.j2` every value is escaped for HTML.
    Raises UserError, which names the template, when it is missing, malformed, or uses a name that was not given.
    """
    try:
        return _environment(templates).get_template(name).render(values)
    except TemplateError as error:
        line = f":{error.lineno}" if hasattr(error, "lineno") else ""
        raise UserError(f"{templates / name}{line}: {type(error).__name__}: {error.message or error}") from error


@lru_cache(maxsize=8)
def _environment(templates: Path) -> Environment:
    # JSON, CSS and configuration have escapes of their own: there it is the templates', by `tojson`, or the caller's.
    return Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False, default_for_string=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
