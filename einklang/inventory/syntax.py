"""Which kind of syntax error the YAML parser met, so that the message can say how to mend it."""

from __future__ import annotations

import yaml

from einklang.model.problem import Code

_KINDS = (
    ("but found '<scalar>'", Code.SYNTAX_QUOTE),
    ("mapping values are not allowed here", Code.SYNTAX_COLON),
    ("could not find expected ':'", Code.SYNTAX_COLON),
    ("unexpected ':'", Code.SYNTAX_COLON),
    ("tag handle", Code.CUSTOM_TAG),
    ("found unexpected end of stream", Code.SYNTAX_QUOTE),
    ("found unexpected document separator", Code.SYNTAX_QUOTE),
    ("unknown escape character", Code.SYNTAX_QUOTE),
    ("expected ',' or", Code.SYNTAX_BRACKET),
    ("<block end>", Code.SYNTAX_INDENTATION),
    ("sequence entries are not allowed here", Code.SYNTAX_INDENTATION),
    ("block sequence entries", Code.SYNTAX_INDENTATION),
    ("that cannot start any token", Code.SYNTAX_CHARACTER),
)


_BEGAN_EARLIER = ("could not find expected ':'", "found unexpected end of stream", "unexpected document separator")


def mark_of(error: yaml.MarkedYAMLError) -> yaml.Mark | None:
    """Where the error is: where the parser stopped, or where that began which it saw no end of."""
    if error.context_mark and any(words in (error.problem or "") for words in _BEGAN_EARLIER):
        return error.context_mark
    return error.problem_mark or error.context_mark


def code_of(error: yaml.MarkedYAMLError, text: str) -> Code:
    """The code of a scanner's or parser's error; SYNTAX where it is none of the common ones."""
    mark, problem = error.problem_mark, error.problem or ""
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        return Code.TAB
    if "<document start>" in problem:
        return Code.SYNTAX_INDENTATION
    return next((code for words, code in _KINDS if words in problem), Code.SYNTAX)
