"""`einklang audit`: look at tenants and say what holds, with evidence."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path

import click

from einklang import inventory
from einklang.clients import paper
from einklang.clients.kubernetes import Kubernetes
from einklang.errors import EXIT_CHANGES_PENDING, UserError
from einklang.model.evidence import Audit
from einklang.model.finding import Finding, Result
from einklang.model.messages import Language
from einklang.model.resolved import ResolvedTenant
from einklang.model.status import AuditStatus
from einklang.model.tenant import Status
from einklang.operations import audit, environment, seal
from einklang.operations.audit import (
    Source,
    archive,
    collect,
    documents,
    nightly,
    packages,
    reports,
    status,
    wording,
)
from einklang.operations.audit.collect import Listed
from einklang.operations.audit.observed import Observed
from einklang.operations.audit.registry import USUAL
from einklang.operations.audit.reports.words import WORDS, Words
from einklang.operations.audit.saved import Backups
from einklang.operations.audit.status import Change
from einklang.operations.audit.vulnerabilities import load
from einklang.operations.local import toolchain
from einklang.progress import Lines
from einklang.settings import Settings

_COLOURS = {Result.FAIL: "red", Result.ERROR: "yellow", Result.EXCEPTED: "blue"}


@click.command("audit")
@click.argument("tenants", nargs=-1)
@click.option("--jobs", default=2, show_default=True, help="Tenants that are audited at the same time.")
@click.option(
    "--only", "sources", multiple=True, type=click.Choice([source.value for source in Source]),
    help="Look at objects of the API, from outside, inside pods, at backups, or at packages only.",
)  # fmt: skip
@click.option("--as-myself", is_flag=True, help="Read objects as the kubeconfig's user, not as the audit identity.")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="Folder for the reports.")
@click.option(
    "--since", type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Compare with this audit. Default: the last one of each tenant.",
)  # fmt: skip
@click.option("--last", "show_last", is_flag=True, help="Show what the last audit came to, and look at nothing.")
@click.option(
    "--collect",
    "collect_nightly",
    is_flag=True,
    help="Take what the nightly audit in the cluster found, and look at nothing.",
)
@click.option("--gateway", help="Address to reach the sites at, instead of where their names lead.")
@click.option("--authority", type=click.Path(path_type=Path, dir_okay=False), help="PEM of the sites' authority.")
@click.option("--site", type=click.Path(path_type=Path, file_okay=False), help="Folder of the backup site.")
@click.option(
    "--backup-status",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="What einklang backup status --json printed at a backup site elsewhere.",
)
@click.option("--lang", type=click.Choice(["de", "en"]), default="de", show_default=True, help="Language of reports.")
@click.option("--json", "as_json", is_flag=True, help="Print all findings as JSON.")
@click.option("--pdf", "as_pdf", is_flag=True, help="Write each page as PDF too.")
@click.option("--sbom", type=click.Path(path_type=Path, file_okay=False), help="Folder with the images' SBOMs.")
@click.option(
    "--vulnerabilities", type=click.Path(path_type=Path, exists=True),
    help="Compare packages with this database: OSV records (folder, file, zip) or the Debian security tracker's JSON.",
)  # fmt: skip
@click.option("--verify", type=click.Path(path_type=Path, file_okay=False), help="Check the seal of an audit instead.")
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="With --verify: the public key to trust.")
def command(
    tenants: tuple[str, ...], jobs: int, sources: tuple[str, ...], *, as_myself: bool, output: Path | None,
    since: Path | None, gateway: str | None, authority: Path | None, site: Path | None, backup_status: Path | None,
    show_last: bool, lang: str, as_json: bool, as_pdf: bool, sbom: Path | None, vulnerabilities: Path | None,
    collect_nightly: bool, verify: Path | None, key: Path | None,
) -> None:  # fmt: skip
    """Audit TENANTS (default: all that are active) and write reports with evidence. Changes nothing.

    Exit code 0: everything holds, apart from declared exceptions; 2: something failed or could not be checked.

    \b
    Examples:
      einklang audit
      einklang audit olpe --only objects
      einklang audit --since build/audit-of-october
      einklang audit --last
      einklang audit --collect
      einklang audit --verify FOLDER --key audit-key.pub.pem
    """
    settings = Settings.from_environment(os.environ)
    if verify is not None:
        _verify(settings, verify, key)
        return
    if show_last:
        _last(settings, tenants, as_json=as_json)
        return
    catalogues = inventory.controls(settings.root)
    found = inventory.load(settings.root, today=date.today())
    chosen = [found.resolve(name) for name in tenants or _active(found)]
    language = Language(lang)
    sboms = sbom or settings.cache / "images"
    before = _read(since) if since else archive.before(settings.audits, [each.tenant.id for each in chosen])
    templates, pages = settings.root / "templates", dict[str, str]()
    if collect_nightly:
        done, doubts = _nightly(settings, tenants, chosen)
    else:
        looked_at = _looked_at(sources, vulnerabilities)
        reach = access(
            settings, looked_at, as_myself=as_myself, gateway=gateway, authority=authority, site=site,
            backup_status=backup_status,
        )  # fmt: skip
        if vulnerabilities:
            reach = replace(reach, listed=Listed(sboms, load(vulnerabilities)))
        done, doubts = audit.run(
            chosen, reach, catalogues, looked_at, lambda: datetime.now(UTC),
            Lines(), jobs=jobs, versions={"einklang": metadata.version("einklang")},
            document=lambda seen, findings: pages.update(_documents(seen, findings, templates, sboms, language)),
        ), []  # fmt: skip
    changes = _in(status.worse(before, done) if before else [], language)
    folder = output or settings.audits / done.started.strftime(archive.FORMAT)
    files = reports.write(done, catalogues, folder, templates, changes, pages, language)
    files += reports.on_paper(files, paper.pdf) if as_pdf else []
    seal.seal(folder, files, done, seal.key(settings.audit_key))
    _present(wording.audit(done, language), changes, folder, WORDS[language], as_json=as_json)
    if doubts or not status.holds(done):
        sys.exit(EXIT_CHANGES_PENDING)


def _nightly(settings: Settings, tenants: Sequence[str], chosen: Sequence[ResolvedTenant]) -> tuple[Audit, list[str]]:
    """What the cluster found of these tenants, and why not to believe it; that is printed."""
    seen = nightly.collect(_operators(settings))
    seen = seen.of(tenants) if tenants else seen
    doubts = nightly.doubts(seen, chosen)
    for doubt in doubts:
        click.secho(doubt, fg="red", err=True)
    return seen.audit, doubts


def _documents(
    seen: Observed, findings: Sequence[Finding], templates: Path, sboms: Path, language: Language
) -> dict[str, str]:
    return {**documents.render(seen, findings, templates, language), **packages.render(seen, sboms)}


def _looked_at(sources: Sequence[str], vulnerabilities: Path | None) -> list[Source]:
    """What was named, else the usual; packages wherever there is something to compare them with."""
    chosen = [Source(name) for name in sources] or list(USUAL)
    return chosen + [Source.PACKAGES] * (vulnerabilities is not None and Source.PACKAGES not in chosen)


def _active(found: inventory.Inventory) -> list[str]:
    return sorted(name for name, tenant in found.tenants.items() if tenant.status is Status.ACTIVE)


def access(
    settings: Settings,
    sources: Collection[Source],
    *,
    as_myself: bool,
    gateway: str | None = None,
    authority: Path | None = None,
    site: Path | None = None,
    backup_status: Path | None = None,
) -> audit.Access:
    """kubectl from the PATH, else the one that is built here; the local cluster's gateway and authority by default."""
    kubeconfig, kubectl = environment.kubeconfig(settings, os.environ), _kubectl(settings)
    client = Kubernetes(kubectl, kubeconfig, as_user=None if as_myself else collect.AUDITOR)
    usual = environment.way(settings, os.environ)
    way = replace(usual, address=gateway or usual.address, authority=authority or usual.authority)
    local = environment.uses_local_cluster(settings, os.environ)
    restic = _restic(settings, local=local) if Source.BACKUPS in sources else None
    trusted = seal.trusted(settings.audit_key)
    place = site or settings.backup_site
    saved = Backups(_operators(settings), restic, place, backup_status, trusted) if restic else None
    return audit.Access(client, kubeconfig, way, saved)


def _operators(settings: Settings) -> Kubernetes:
    return Kubernetes(_kubectl(settings), environment.kubeconfig(settings, os.environ))


def _kubectl(settings: Settings) -> Path:
    return Path(shutil.which("kubectl") or toolchain.ensure(settings, Lines()).binary("kubectl"))


def _restic(settings: Settings, *, local: bool) -> Path | None:
    """The one that is built here for the local cluster, else that of the PATH."""
    if local:
        return toolchain.ensure(settings, Lines()).binary("restic")
    found = shutil.which("restic")
    return Path(found) if found else None


def _read(folder: Path) -> Audit:
    try:
        return reports.read(folder)
    except (OSError, ValueError) as error:
        raise UserError(f"{folder}: no audit: {error}", remedy="name the folder that einklang audit wrote") from error


def _last(settings: Settings, tenants: Sequence[str], *, as_json: bool) -> None:
    """The newest audit of each tenant. Exit code 2 where one fails, is too old, or was never made."""
    wanted = tenants or _active(inventory.load(settings.root, today=date.today()))
    catalogues, now = inventory.controls(settings.root), datetime.now(UTC)
    kept = archive.last(settings.audits, wanted)
    found = {name: archive.standing(name, audit, catalogues, now) for name, (_, audit) in kept.items()}
    if as_json:
        data = {name: asdict(found[name]) if name in found else None for name in wanted}
        click.echo(json.dumps(data, indent=2))
    else:
        for name in wanted:
            click.echo(_told(name, found.get(name)) + (f"  {kept[name][0]}" if name in kept else ""))
    if not all(name in found and found[name].holds for name in wanted):
        sys.exit(EXIT_CHANGES_PENDING)


def _told(name: str, found: AuditStatus | None) -> str:
    if found is None:
        return f"{name}: never audited"
    old = ", older than its controls allow" if found.stale else ""
    return f"{name}: {found.ended}, {found.checks} checks, {found.failed} failed, {found.errors} unclear{old}"


def _verify(settings: Settings, folder: Path, key: Path | None) -> None:
    """The seal, and whether the evidence is still young enough. Without --key: this installation's own key."""
    own = settings.audit_key
    if key is None and not own.exists():
        raise UserError("no key to check the seal with", remedy="--key <public key of the installation>")
    seal.verify(folder, key.read_bytes() if key else seal.public(seal.key(own)))
    click.echo(f"{folder}: unchanged since the audit")
    old = status.stale(_read(folder), inventory.controls(settings.root), datetime.now(UTC))
    if old:
        click.secho(f"older than its controls allow: {', '.join(old)}", fg="red")
        sys.exit(EXIT_CHANGES_PENDING)


def _in(changes: Sequence[Change], language: Language) -> list[Change]:
    english = language is Language.ENGLISH
    return [replace(each, title=wording.worded(each.title)) if english else each for each in changes]


def _present(done: Audit, changes: Sequence[Change], folder: Path, words: Words, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(done.model_dump(mode="json"), indent=2, ensure_ascii=False))
        return
    for tenant in done.tenants:
        findings = done.of(tenant)
        summary = ", ".join(
            f"{number} {words.results[each]}" for each, number in status.counts(findings).items() if number
        )
        click.secho(f"{tenant}: {summary}", bold=True)
        for each in findings:
            if each.result not in {Result.PASS, Result.NOT_APPLICABLE}:
                _show(each.title, words.results[each.result], _COLOURS[each.result], each.observed)
                for line in [
                    *each.evidence[:5],
                    f"{words.columns[4]}: {words.severities[each.severity]}",
                    f"{words.remedy}: {each.remedy}",
                ]:
                    click.echo(f"      {line}")
                click.echo(f"      {', '.join(each.controls)}")
    for change in changes:
        click.secho(
            f"{words.worse}: {change.tenant}: {change.title}: {words.results[change.before]} -> "
            f"{words.results[change.after]}"
        )
    click.echo(f"reports: {folder / 'index.html'}")


def _show(title: str, result: str, colour: str, observed: str) -> None:
    click.echo(f"  {click.style(result, fg=colour)}  {title}: {observed}")
