"""Text of a tenant file is text in everything that is made from it: no template, page, style or setting obeys it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml

from einklang.model.resolved import ResolvedTenant
from einklang.operations.request_file import Answers, text
from einklang.settings import PROJECT_ROOT
from tests.components import cases, plans, programs
from tests.components.recording import objects, record

PAYLOADS = {
    "Jinja expression": "{{ 7 * 191 }}",
    "Jinja statement": "{% for x in range(9) %}x{% endfor %}",
    "Jinja comment and line statement": "{# x #} ## x",
    "Jinja attribute": "{{ tenant.__class__.__mro__ }}",
    "script": "</script><script>alert(1)</script>",
    "event handler": "\"'><img src=x onerror=alert(1)>",
    "style": "</style><style>*{display:none}",
    "style string": '"; } body { background: url(https://evil.example) } a { b: "',
    "nginx": '"; return 302 https://evil.example; #',
    "nginx variable": "$host ${http_cookie}",
    "JSON": '", "admin": true, "x": "',
    "JSON escape": '\\", \\u0022 \\\\',
    "properties": "x\\nadmin=true ${kc.secret} \\u000a",
    "Keycloak's variable": "${env.KC_DB_PASSWORD} $(env:SECRET)",
    "shell": "`id` $(id) ; id | id",
    "TAL": 'structure python:1 <tal:x content="structure here">',
    "YAML": "a: b # c - [d] {e} & * !x",
    "format": "%s %(name)s {0} {name!r}",
}
FIELDS = (
    "name",
    "notice",
    "address__street",
    "address__city",
    "contacts__operations__name",
    "contacts__security__name",
    "contacts__data_protection__name",
    "contacts__citizens__name",
)
PLAIN = "Unauffällig"


def hostile(value: str, fields: tuple[str, ...] = FIELDS) -> ResolvedTenant:
    base = plans.edited(cases.tenant(), notice=PLAIN)
    return plans.edited(base, **dict.fromkeys(fields, value[:100]))


def documents(resolved: ResolvedTenant) -> Iterator[tuple[str, str]]:
    """Every file that is made for the tenant: name of the ConfigMap and the key, and the text."""
    for each in objects(record(programs.tenant(resolved)), "ConfigMap"):
        for key, content in (each.manifest.get("data") or {}).items():
            yield f"{each.key[2]}/{key}", content
        for key, content in (each.manifest.get("binaryData") or {}).items():
            if not key.endswith(("png", "svg")):
                yield f"{each.key[2]}/{key}", base64.b64decode(content).decode()


class Skeleton(HTMLParser):
    """Elements and names of attributes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, [name for name, _ in attrs]))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(f"/{tag}")


def html(content: str) -> object:
    parser = Skeleton()
    parser.feed(content)
    return parser.seen


def structure(name: str, content: str) -> object:
    """What a reader of this format makes of it, without the texts themselves."""
    if name.endswith(".json"):
        return shape(json.loads(content))
    if name.endswith(".html"):
        return html(content)
    if name.endswith(".properties"):
        return [re.split(r"(?<!\\)[=:]", line)[0] for line in content.splitlines() if line.strip()]
    if name.endswith(".css"):
        # A CSS string: whatever stands in it, without an escaped quotation mark, is no rule.
        return re.findall(r"[{};]|@\w+|url\(|</", re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', content))
    return content.count("\n")


def shape(value: Any) -> object:
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    # The pages of the portal are HTML inside JSON.
    return html(value) if isinstance(value, str) and "<" in value and ">" in value else type(value).__name__


def stable(name: str) -> str:
    """The name without the hash that follows the content."""
    return re.sub(r"-[0-9a-f]{10}\.", "-hash.", name)


@pytest.fixture(scope="module")
def harmless() -> dict[str, object]:
    return {stable(name): structure(name, content) for name, content in documents(hostile(PLAIN))}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_stays_text_in_everything_that_is_made(payload: str, harmless: dict[str, object]) -> None:
    made = dict(documents(hostile(PAYLOADS[payload])))
    assert {stable(name) for name in made} == set(harmless)
    for name, content in made.items():
        assert "1337" not in content, f"{name}: a template evaluated it"
        found, expected = structure(name, content), harmless[stable(name)]
        if name.endswith(".json"):
            # In JSON a text with angle brackets is looked at as HTML; a plain one was not.
            assert keys(found) == keys(expected), name
        else:
            assert found == expected, name


def keys(value: object) -> object:
    """The keys alone."""
    if isinstance(value, dict):
        return {key: keys(inner) for key, inner in value.items()}
    return [keys(inner) for inner in value] if isinstance(value, list) and value and isinstance(value[0], dict) else ""


def test_pages_inside_json_keep_their_elements() -> None:
    """The portal's pages: the same elements, whatever the texts say."""

    def pages(resolved: ResolvedTenant) -> list[object]:
        (content,) = [text for name, text in documents(resolved) if name.endswith("site.json")]
        return [html(found) for found in values(json.loads(content), "text")]

    expected = pages(hostile(PLAIN))
    assert expected
    for value in PAYLOADS.values():
        assert pages(hostile(value)) == expected


def values(value: Any, key: str) -> Iterator[str]:
    """What stands under the key, wherever it is."""
    if isinstance(value, dict):
        yield from (str(inner) for name, inner in value.items() if name == key and inner)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from values(inner, key)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_new_tenant_file_holds_it_as_it_was_given(payload: str) -> None:
    value = PAYLOADS[payload]
    given = Answers("05966024", value, 25_036, "olpe.example", value, "it@olpe.example", "+49 2761 83-0", id="olpe")
    data = yaml.safe_load(text(given, PROJECT_ROOT))
    assert (data["name"], data["contacts"]["security"]["name"]) == (value, value)


def test_every_template_is_among_what_is_looked_at() -> None:
    """Each template makes at least one of the documents, or is rendered by a test of its own."""
    templates = PROJECT_ROOT / "templates"
    folders = {path.relative_to(templates).parts[0] for path in templates.rglob("*.j2")}
    names = {name.partition("/")[0].partition("-")[0] for name, _ in documents(hostile(PLAIN))}
    assert folders - {"request", "audit"} <= names


def test_the_comparison_bites() -> None:
    plain, script, css = "<p>x</p>", f"<p>{PAYLOADS['script']}</p>", PAYLOADS["style string"]
    assert structure("a.html", plain) != structure("a.html", script)
    assert structure("a.css", 'a { b: "x"; }') != structure("a.css", f'a {{ b: "{css}"; }}')
    assert structure("a.properties", "a=x") != structure("a.properties", "a=x\nadmin=true")
    assert structure("a.json", '{"a": "x"}') != structure("a.json", '{"a": "", "admin": true}')
