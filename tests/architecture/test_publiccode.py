"""publiccode.yml holds what its standard requires, in both languages, and no more than the project has."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((Path(__file__).parent / "data" / "publiccode-0.7.schema.json").read_text())


def violations(document: Any) -> list[str]:
    """What the standard finds wrong with the document, as `key: message`."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    errors = sorted(validator.iter_errors(document), key=lambda error: error.json_path)
    return [f"{error.json_path}: {error.message}" for error in errors]


@pytest.fixture(scope="module")
def document() -> Any:
    return yaml.safe_load((ROOT / "publiccode.yml").read_text(encoding="utf-8"))


def test_it_follows_the_standard(document: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert violations(document) == []


def test_it_is_written_in_german_and_english(document: Any) -> None:
    assert set(document["description"]) == {"de", "en"}
    assert len(document["description"]["de"]["features"]) == len(document["description"]["en"]["features"])


def test_licence_and_name_are_those_of_the_project(document: Any) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert document["legal"]["license"] == project["license"]["text"] == "EUPL-1.2"
    assert document["name"].lower() == project["name"]


def test_versions_it_names_are_those_that_are_built(document: Any) -> None:
    programs = yaml.safe_load((ROOT / "toolchain" / "toolchain.yaml").read_text())["programs"]
    for dependency in document["dependsOn"]["open"]:
        built = programs[dependency["name"].lower()]["version"].removeprefix("v")
        assert built.startswith(f"{dependency['versionMin']}."), dependency


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("publiccodeYmlVersion",), "1"),
        (("url",), None),
        (("url",), "einklang"),
        (("developmentStatus",), "finished"),
        (("softwareType",), "standalone"),
        (("categories",), ["clouds"]),
        (("intendedAudience", "scope"), ["everything"]),
        (("intendedAudience", "countries"), ["Germany"]),
        (("description",), {}),
        (("description", "de", "shortDescription"), "x" * 151),
        (("description", "de", "longDescription"), "too short"),
        (("description", "en", "features"), []),
        (("legal", "license"), None),
        (("maintenance", "type"), "community"),
        (("maintenance", "type"), "contract"),
        (("maintenance", "type"), None),
        (("localisation", "localisationReady"), "yes"),
        (("localisation", "availableLanguages"), []),
        (("unknownKey",), "x"),
    ],
)
def test_a_planted_mistake_is_found(document: Any, path: tuple[str, ...], value: Any) -> None:
    """None takes the key away, anything else takes its place."""
    broken = copy.deepcopy(document)
    target = broken
    for key in path[:-1]:
        target = target[key]
    if value is None:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    assert violations(broken)
