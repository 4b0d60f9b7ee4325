"""From a document to a model, and from a model's complaints to problems with a place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from einklang.inventory.document import Document, Path
from einklang.model.base import Model
from einklang.model.problem import Code

M = TypeVar("M", bound=Model)

_CODES = {
    "missing": Code.KEY_MISSING,
    "extra_forbidden": Code.KEY_UNKNOWN,
    "string_type": Code.TEXT_EXPECTED,
    "int_type": Code.WHOLE_NUMBER_EXPECTED,
    "int_from_float": Code.WHOLE_NUMBER_EXPECTED,
    "bool_type": Code.BOOLEAN_EXPECTED,
    "date_type": Code.DATE_EXPECTED,
    "enum": Code.CHOICE,
    "literal_error": Code.CHOICE,
    "model_type": Code.MAPPING_EXPECTED,
    "dict_type": Code.MAPPING_EXPECTED,
    "mapping_type": Code.MAPPING_EXPECTED,
    "tuple_type": Code.LIST_EXPECTED,
    "greater_than_equal": Code.NUMBER_TOO_SMALL,
    "less_than_equal": Code.NUMBER_TOO_LARGE,
    "string_too_short": Code.TOO_SHORT,
    "string_too_long": Code.TOO_LONG,
    "too_short": Code.TOO_SHORT,
    "too_long": Code.TOO_LONG,
}
_FAULTS = frozenset(code.value for code in Code)
_LONGEST_GUESS = 40  # comparing longer words costs time and finds nothing
_LIMITS = {
    Code.NUMBER_TOO_SMALL: "ge",
    Code.NUMBER_TOO_LARGE: "le",
    Code.TOO_SHORT: "min_length",
    Code.TOO_LONG: "max_length",
}


def validated(document: Document, model: type[M]) -> M | None:
    """The document as a model; None where it has problems, which are added to the document."""
    if document.problems and document.value is None:
        return None
    try:
        result = model.model_validate(document.value)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            _add(document, model, details)
        return None
    return None if document.problems else result


def nearest(word: str, choices: Iterable[str]) -> str:
    """The choice that was probably meant, or nothing."""
    if len(word) > _LONGEST_GUESS:
        return ""
    by_lower = {choice.lower(): choice for choice in choices}
    matches = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else ""


def _add(document: Document, model: type[Model], details: Any) -> None:
    path: Path = tuple(part for part in details["loc"] if part != "[key]")
    if path in document.refused:
        return
    code, words = _code_and_words(document, model, path, details)
    about_key = code is Code.KEY_UNKNOWN or "[key]" in details["loc"]
    if code is Code.KEY_MISSING and details["type"] == "missing":
        place = document.key_place(path[:-1])
    else:
        place = document.key_place(path) if about_key else document.value_place(path)
    document.add(code, path, place, *words)


def _code_and_words(
    document: Document, model: type[Model], path: Path, details: Any
) -> tuple[Code, tuple[str, str, str]]:
    """The problem's code, and what its message names: found, expected, suggestion."""
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind in _FAULTS:
        return Code(kind), (context["found"], context["expected"], context["suggestion"])
    code = _CODES.get(kind, Code.OTHER)
    if code is Code.KEY_MISSING:
        return code, ("", str(path[-1]), "")
    if code is Code.KEY_UNKNOWN:
        word, choices = str(path[-1]), keys_at(model, path[:-1])
        return code, (word, ", ".join(choices), nearest(word, choices))
    if value is None:
        return Code.VALUE_MISSING, ("", "", "")
    written = str(path[-1]) if "[key]" in details["loc"] else document.texts.get(path, _shape(value))
    return code, _words(code, written, value, context)


def _words(code: Code, written: str, value: Any, context: dict[str, Any]) -> tuple[str, str, str]:
    if code is Code.CHOICE:
        choices = re.findall(r"'([^']*)'", str(context["expected"])) or [str(context["expected"])]
        word = value if isinstance(value, str) else written
        return word, ", ".join(choices), nearest(word, choices)
    if code in _LIMITS:
        found = written if isinstance(value, int) else str(len(value))
        return found, str(context[_LIMITS[code]]), ""
    if code is Code.TEXT_EXPECTED and not isinstance(value, dict | tuple):
        return written, "", f'"{written}"'
    return written, "", ""


def _shape(value: Any) -> str:
    """A collection as a reader would sketch it."""
    return "{…}" if isinstance(value, dict) else "[…]" if isinstance(value, tuple | list) else str(value)


def keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that may stand at a path of a model's document."""
    current: Any = model
    for part in path:
        field = _field(current, str(part))
        if field is not None:
            current = _model_in(field.annotation)
        if current is None:
            return []
    return [field.alias or name for name, field in current.model_fields.items()]


def _field(model: type[BaseModel], key: str) -> FieldInfo | None:
    return next((field for name, field in model.model_fields.items() if key in {name, field.alias}), None)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation holds, alone or in a tuple or mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
