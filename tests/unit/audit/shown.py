"""The text of the pages in both languages, as golden files: `python -m tests.unit.audit.shown` accepts what is now."""

from __future__ import annotations

from pathlib import Path

from einklang.model.exception import StandardException
from einklang.model.messages import Language
from einklang.operations.audit import documents, reports
from einklang.operations.audit.checks import ALL
from einklang.operations.audit.judge import judge
from einklang.operations.audit.registry import Source
from tests.unit.audit import recorded, samples
from tests.unit.audit.test_documents import Text
from tests.unit.audit.violations import VIOLATIONS

_SHOWN = ("default-deny", "storage-encrypted", "backup-complete", "certificate", "packages-known", "deployer-limited")


def pages(language: Language, folder: Path) -> str:
    """Each page's name and its visible text, of some findings: passed, failed, excepted, an error."""
    facts = recorded.facts()
    VIOLATIONS["default-deny"][0](facts)
    VIOLATIONS["backup-complete"][1](facts)
    facts["pods_inside"] = None
    facts["objects"] = [each for each in facts["objects"] if each["metadata"]["name"] != "planted"]
    exception = StandardException.model_validate(
        {"control": "APP.4.4.A20", "reason": "Die Platten folgen.", "owner": "Rechenzentrum", "expires": "2027-01-31"}
    )
    VIOLATIONS["storage-encrypted"][0](facts)
    observed = recorded.observed(facts, exception)
    found = judge(observed, [ALL[name] for name in _SHOWN], samples.CATALOGUES, list(Source))
    done = samples.audit().model_copy(update={"findings": found, "tenants": {"attendorn": "Attendorn"}})
    made = documents.render(observed, found, samples.TEMPLATES, language)
    own = {"einklang-1": samples.CATALOGUES["einklang-1"]}
    reports.write(done, own, folder, samples.TEMPLATES, (), made, language)
    names = ["index.html", "attendorn.html", *sorted(made)]
    return "\n".join(f"=== {name}\n{_text((folder / name).read_text(encoding='utf-8'))}" for name in names)


def _text(page: str) -> str:
    body = page.partition("<body>")[2].replace("</td>", "</td> | ").replace("</th>", "</th> | ").replace("</dt>", ": ")
    lines = (" ".join(line.split()) for line in Text(body).text.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def file(language: Language) -> Path:
    """Where the accepted text is."""
    return Path(__file__).parent / "data" / f"pages-{language}.txt"


if __name__ == "__main__":
    import tempfile

    for each in Language:
        with tempfile.TemporaryDirectory() as scratch:
            file(each).write_text(pages(each, Path(scratch)), encoding="utf-8")
