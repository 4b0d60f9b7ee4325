"""A citizen service of the shared catalogue, which every tenant may choose."""

from __future__ import annotations

from pydantic import Field

from einklang.model.base import Model
from einklang.model.vocabulary import Slug, Text


class Translated(Model):
    """A text in each language of the pages."""

    de: Text = Field(description="German.")
    en: Text = Field(description="English.")


class Service(Model):
    """One service, the same for every municipality."""

    id: Slug = Field(description="Name in tenant files, equal to the file's name.")
    title: Translated = Field(description="What the service is called.")
    summary: Translated = Field(description="What it is for, in one sentence.")
