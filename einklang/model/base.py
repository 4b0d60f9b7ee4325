"""Base of all models, and the way a model says what is wrong with a value."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from einklang.model.problem import Code


class Model(BaseModel):
    """Frozen, closed and strict: an unknown key or a value of another type is an error, never a guess."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        populate_by_name=True,
        use_attribute_docstrings=False,
    )


def fault(code: Code, found: object = "", expected: object = "", suggestion: str = "") -> PydanticCustomError:
    """The error that a validator raises: a code of the message catalogue and what the message names."""
    context: dict[str, Any] = {"found": str(found), "expected": str(expected), "suggestion": suggestion}
    return PydanticCustomError(code.value, "{found}", context)
