"""A problem in a file: data only, so that it reads the same in a terminal, in JSON and in a test."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Code(StrEnum):
    """What can be wrong. The texts are in `einklang.model.messages`; the codes are stable."""

    # The folder and the file
    NOT_FOUND = "not-found"
    SUFFIX = "suffix"
    FILE_NAME = "file-name"
    SYMLINK = "symlink"
    NOT_A_FILE = "not-a-file"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too-large"
    EMPTY = "empty"
    BOM = "bom"
    ENCODING = "encoding"
    CONTROL_CHARACTER = "control-character"
    # YAML
    TAB = "tab"
    SYNTAX = "syntax"
    SYNTAX_COLON = "syntax-colon"
    SYNTAX_INDENTATION = "syntax-indentation"
    SYNTAX_QUOTE = "syntax-quote"
    SYNTAX_BRACKET = "syntax-bracket"
    SYNTAX_CHARACTER = "syntax-character"
    SEVERAL_DOCUMENTS = "several-documents"
    DIRECTIVE = "directive"
    ANCHOR = "anchor"
    ALIAS = "alias"
    MERGE_KEY = "merge-key"
    CUSTOM_TAG = "custom-tag"
    TOO_DEEP = "too-deep"
    DUPLICATE_KEY = "duplicate-key"
    KEY_NOT_TEXT = "key-not-text"
    AMBIGUOUS_BOOLEAN = "ambiguous-boolean"
    AMBIGUOUS_NUMBER = "ambiguous-number"
    AMBIGUOUS_DATE = "ambiguous-date"
    # Shape
    MAPPING_EXPECTED = "mapping-expected"
    LIST_EXPECTED = "list-expected"
    TEXT_EXPECTED = "text-expected"
    WHOLE_NUMBER_EXPECTED = "whole-number-expected"
    BOOLEAN_EXPECTED = "boolean-expected"
    DATE_EXPECTED = "date-expected"
    KEY_MISSING = "key-missing"
    VALUE_MISSING = "value-missing"
    KEY_UNKNOWN = "key-unknown"
    CHOICE = "choice"
    NUMBER_TOO_SMALL = "number-too-small"
    NUMBER_TOO_LARGE = "number-too-large"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    REPEATED = "repeated"
    WHITESPACE = "whitespace"
    # Meaning
    ID_FORM = "id-form"
    ID_RESERVED = "id-reserved"
    ID_NOT_FILE_NAME = "id-not-file-name"
    VERSION_NOT_FILE_NAME = "version-not-file-name"
    VERSION_FORM = "version-form"
    AGS_FORM = "ags-form"
    AGS_STATE = "ags-state"
    AGS_DISTRICT = "ags-district"
    AGS_MUNICIPALITY = "ags-municipality"
    ARS_FORM = "ars-form"
    ARS_NOT_AGS = "ars-not-ags"
    HOSTNAME_FORM = "hostname-form"
    HOSTNAME_OUTSIDE_DOMAIN = "hostname-outside-domain"
    HOSTNAME_REPEATED = "hostname-repeated"
    EMAIL_FORM = "email-form"
    PHONE_FORM = "phone-form"
    TIME_FORM = "time-form"
    TIME_ORDER = "time-order"
    POSTAL_CODE_FORM = "postal-code-form"
    COLOUR_FORM = "colour-form"
    CONTRAST = "contrast"
    LOGO_PATH = "logo-path"
    LOGO_CONTENT = "logo-content"
    LOGO_DAMAGED = "logo-damaged"
    STANDARD_UNKNOWN = "standard-unknown"
    SERVICE_UNKNOWN = "service-unknown"
    BACKUP_CLASS_UNKNOWN = "backup-class-unknown"
    CONTROL_UNKNOWN = "control-unknown"
    OPTION_NOT_OFFERED = "option-not-offered"
    EXCEPTION_EXPIRED = "exception-expired"
    APPROVAL_TOO_LONG = "approval-too-long"
    IMAGE_FORM = "image-form"
    SIZE_CLASSES = "size-classes"
    QUOTA_TOO_SMALL = "quota-too-small"
    SLUG_FORM = "slug-form"
    ALREADY_USED = "already-used"
    DOMAIN_NESTED = "domain-nested"
    DOMAIN_AROUND = "domain-around"
    OTHER = "other"


@dataclass(frozen=True, order=True)
class Problem:
    """One problem, at one place; sorted by place.

    file: path relative to the checkout, with `/`. line, column: from 1; both 1 where the whole file is meant.
    key: dotted path of the key, "" where the whole file is meant. found: what stands there.
    expected, suggestion: values that the message names (choices, a limit, the nearest correct word), not sentences.
    related: another place that belongs to it, as `file:line`.
    """

    file: str
    line: int
    column: int
    key: str
    code: Code
    found: str = ""
    expected: str = ""
    suggestion: str = ""
    related: str = ""

    def as_dict(self) -> dict[str, str | int]:
        """The problem as plain data for JSON."""
        return {**asdict(self), "code": self.code.value}
