"""The theme of a tenant: complete, its own, and safe with every name."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from einklang import inventory
from einklang.model.resolved import ResolvedTenant
from einklang.settings import PROJECT_ROOT
from modules.identity_theme import theme_files

TEMPLATES = PROJECT_ROOT / "templates"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


@cache
def resolved() -> ResolvedTenant:
    return inventory.load(PROJECT_ROOT, today=date(2026, 11, 23)).resolve("olpe")


def named(name: str) -> ResolvedTenant:
    return replace(resolved(), tenant=resolved().tenant.model_copy(update={"name": name}))


def text(resolved: ResolvedTenant, pattern: str) -> str:
    (found,) = [content for path, content in theme_files(TEMPLATES, resolved).items() if re.fullmatch(pattern, path)]
    return found.decode()


def test_both_parts_have_everything_they_refer_to() -> None:
    files = theme_files(TEMPLATES, resolved())
    for part in ("login", "account"):
        (stylesheet,) = re.findall(r"css/\w+-[0-9a-f]{10}\.css", files[f"{part}/theme.properties"].decode())
        assert f"{part}/resources/{stylesheet}" in files
        assert {f"{part}/messages/messages_{language}.properties" for language in ("de", "en")} <= files.keys()
    (logo,) = re.findall(r"url\(\"\.\./(.+?)\"\)", text(resolved(), r"login/.*\.css"))
    assert f"login/resources/{logo}" in files
    (logo,) = re.findall(r"^logo=/(.+)$", text(resolved(), r"account/theme\.properties"), re.MULTILINE)
    assert f"account/resources/{logo}" in files


def test_nothing_comes_from_elsewhere() -> None:
    for path, content in theme_files(TEMPLATES, resolved()).items():
        assert path.endswith(".svg") or not re.search(rb"(https?:)?//(?!id\.olpe\.example/)", content), path


def test_colours_are_the_municipalitys_and_light_ones() -> None:
    for part in ("login", "account"):
        assert "--municipality: #1a5c8e;" in text(resolved(), rf"{part}/.*\.css")
        assert "darkMode=false" in text(resolved(), rf"{part}/theme\.properties"), "contrast is checked on light pages"


def test_another_content_has_another_name() -> None:
    """Keycloak lets browsers keep these files for 30 days."""
    branding = resolved().tenant.branding.model_copy(update={"primary": "#5c1a1a"})
    other = replace(resolved(), tenant=resolved().tenant.model_copy(update={"branding": branding}), logo=PNG)
    changing = {path for path in theme_files(TEMPLATES, resolved()) if "/resources/" in path}
    assert not changing & theme_files(TEMPLATES, other).keys()


def test_a_tenant_without_a_logo_has_none() -> None:
    files = theme_files(TEMPLATES, replace(resolved(), logo=None))
    assert not [path for path in files if "/img/" in path]
    assert "url(" not in text(replace(resolved(), logo=None), r"login/.*\.css")
    assert "\nlogo=\n" in files["account/theme.properties"].decode()


def test_a_png_is_served_as_one() -> None:
    found = text(replace(resolved(), logo=PNG), r"account/theme\.properties")
    assert re.search(r"^logo=/img/logo-[0-9a-f]{10}\.png$", found, re.MULTILINE)
    assert "favIconType=image/png" in found


@pytest.mark.parametrize("name", ['O"; } body { display: none } /*', "Bad\\", "Müllheim <b>"])
def test_a_name_stays_a_string_in_the_style_sheet(name: str) -> None:
    (content,) = re.findall(r"content: (\"[^\"]*\");\n  color", text(named(name), r"account/.*\.css"))
    assert re.fullmatch(r'"(\w|\\[0-9a-f]{6})*"', content)
    unescaped = re.sub(r"\\([0-9a-f]{6})", lambda match: chr(int(match[1], 16)), content[1:-1])
    assert unescaped == name


def test_a_name_is_no_placeholder_in_properties() -> None:
    assert "${" not in text(named("${env.HOME}"), r"account/theme\.properties")
