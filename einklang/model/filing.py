"""How documents are filed: file plans, kinds of documents and of facts about them. Data of the standard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator

from einklang.model.base import Model, fault
from einklang.model.problem import Code
from einklang.model.vocabulary import Slug, Text

NUMBER_PATTERN = r"^[0-9]{1,6}$"
KEY_PATTERN = r"^[a-z][a-z0-9_]{0,47}$"
MIME_PATTERN = r"^[a-z]+/[a-z0-9.+-]+$"
NUMBER_LENGTH = 6

Number = Annotated[str, Field(pattern=NUMBER_PATTERN)]
Key = Annotated[str, Field(pattern=KEY_PATTERN)]
MimeType = Annotated[str, Field(pattern=MIME_PATTERN)]


class FilePlan(Model):
    """A file plan (Aktenplan): numbers and titles. A number stands below the one that lacks its last digit."""

    title: Text = Field(description="German name.")
    entries: Mapping[Number, Text] = Field(min_length=1, description="Number -> title.")

    @field_validator("entries")
    @classmethod
    def _no_gap(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for number in value:
            if number[:-1] and number[:-1] not in value:
                raise fault(Code.CHOICE, number, number[:-1])
        return value

    def parent(self, number: str) -> str | None:
        """The entry that a number stands below; None for a main group."""
        return number[:-1] or None


class MetadataType(Model):
    """A fact about a document."""

    title: Text = Field(max_length=48, description="German name, shown beside the value.")
    pattern: Text | None = Field(default=None, description="Regular expression that a value has to match.")


class DocumentType(Model):
    """A kind of documents."""

    title: Text = Field(max_length=196, description="German name.")
    retention: Slug = Field(description="Retention class: how long documents are kept after their file is closed.")
    metadata: tuple[Key, ...] = Field(default=(), strict=False, description="Facts that may be given.")
    required: tuple[Key, ...] = Field(default=(), strict=False, description="Facts that have to be given.")


class Upload(Model):
    """What the document management takes in (APP.4.4 and OPS.1.1.4: malware)."""

    max_mib: Annotated[int, Field(ge=1)] = Field(description="Largest file, in MiB.")
    types: tuple[MimeType, ...] = Field(min_length=1, strict=False, description="Allowed types, told by the content.")
