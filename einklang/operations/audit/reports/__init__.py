"""The audit as files: JUnit XML for pipelines, CSV for tables, HTML for people, OSCAL for tools of auditors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from einklang.model.control import Catalogue
from einklang.model.evidence import Audit
from einklang.model.messages import Language
from einklang.operations.audit import wording
from einklang.operations.audit.reports import junit, oscal, pages, table
from einklang.operations.audit.reports.words import WORDS
from einklang.operations.audit.status import Change

AUDIT = "audit.json"


def write(
    audit: Audit,
    catalogues: Mapping[str, Catalogue],
    folder: Path,
    templates: Path,
    changes: Sequence[Change] = (),
    documents: Mapping[str, str] | None = None,
    language: Language = Language.GERMAN,
) -> list[Path]:
    """Write every report into the folder; returns the files, the page to begin with first.

    documents: file name -> further pages, as `documents.render` makes them. The audit itself stays as it was recorded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words, say = WORDS[language], wording.worded if language is Language.ENGLISH else str
    shown, known = wording.audit(audit, language), wording.catalogues(catalogues, language)
    content = {
        **pages.render(shown, known, templates, changes, sorted(documents or {}), words),
        **(documents or {}),
        "findings.csv": table.render(shown, words),
        "junit.xml": junit.render(shown, words),
        "assessment-results.oscal.json": oscal.render(shown, known, say),
        AUDIT: audit.model_dump_json(indent=1) + "\n",
    }
    for name, text in content.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in content]


def on_paper(files: Iterable[Path], made: Callable[[str], bytes]) -> list[Path]:
    """A PDF beside each page; returns the PDFs. made: HTML -> PDF."""
    papers = []
    for page in (path for path in files if path.suffix == ".html"):
        paper = page.with_suffix(".pdf")
        paper.write_bytes(made(page.read_text(encoding="utf-8")))
        papers.append(paper)
    return papers


def read(folder: Path) -> Audit:
    """The audit that was written there. Raises OSError and ValueError where it is missing or no audit."""
    return Audit.model_validate_json((folder / AUDIT).read_text(encoding="utf-8"))
