"""The rebuild of everything: cluster, disks, state and keys are destroyed, and what people had is there again.

Three tenants: the stage's two, and one that the inventory only has as a request, which is saved in an object store.
Destroys the stage and leaves a whole one. Prints times and the ratio to restic and pg_restore alone.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from einklang import inventory
from einklang.clients import network
from einklang.clients.restic import Access, Opened, Restic
from einklang.errors import ClientError
from einklang.model.backup import Manifest
from einklang.model.tenant import Tenant
from einklang.operations.backup.repository import Site
from einklang.operations.local import plan
from einklang.operations.local.site import SiteFolders
from einklang.operations.restore.choosing import choose
from einklang.settings import PROJECT_ROOT
from tests.live import belongings, object_store, people, plainly, test_backups
from tests.live import stage as staging
from tests.live.belongings import Belongings
from tests.live.killing import killed
from tests.live.object_store import Store
from tests.live.postgres import checksums
from tests.live.stage import EINKLANG, Stage
from tests.live.visitor import one_time_password

pytestmark = pytest.mark.rehearsal

THIRD = "lennestadt"
LETTERS, BRING_SECONDS = 300, 240.0
RECOVER_SECONDS = 900
AT_ONCE = 2
"""Tenants, as `einklang recover` does it: what is compared with its times is measured alike."""


@dataclass(frozen=True)
class Lost:
    """What there was before everything went. manifests: of each tenant's last run. plain: seconds that restic and
    pg_restore alone take for the same data.
    """

    kept: dict[str, Belongings]
    manifests: dict[str, Manifest]
    plain: dict[str, float]
    secrets: dict[str, dict[str, str]]
    kit: Path
    identity: Path


@pytest.fixture(scope="module")
def stage(stage: Stage) -> Iterator[Stage]:
    """With a third tenant, which goes afterwards."""
    if stage.settings.root == PROJECT_ROOT:
        left_out = pytest.fail if stage.settings.ci else pytest.skip
        left_out("it destroys its cluster and changes a tenant file: bring down yours, and it starts its own")
    third = change(stage.settings.root, "requested", "active")
    town = replace(stage, tenants=(*stage.tenants, third))
    town.run(str(EINKLANG), "up", THIRD)
    yield town
    leave(town)
    for status in ("active", "leaving"):
        change(town.settings.root, status, "requested")


def leave(stage: Stage) -> None:
    """The third tenant goes, where it is there."""
    if any(found["name"] == THIRD for found in json.loads(stage.run("pulumi", "stack", "ls", "--json").stdout)):
        change(stage.settings.root, "active", "leaving")
        stage.run(str(EINKLANG), "up", THIRD)
        stage.run("pulumi", "destroy", "--stack", THIRD, "--yes", "--skip-preview", "--non-interactive")
        stage.run("pulumi", "stack", "rm", THIRD, "--yes", "--non-interactive")


def change(root: Path, old: str, new: str) -> Tenant:
    """The third tenant's file with another state."""
    file = root / "tenants" / f"{THIRD}.yaml"
    file.write_text(file.read_text().replace(f"status: {old}", f"status: {new}"))
    return inventory.load(root, today=date.today()).tenants[THIRD]


@pytest.fixture(scope="module")
def site(stage: Stage) -> Site:
    return Site(SiteFolders(stage.settings.backup_site), stage.program("restic"))


@pytest.fixture(scope="module")
def store(stage: Stage, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The third tenant is saved there."""
    with object_store.running(tmp_path_factory.mktemp("store"), site.folders, [THIRD]) as found:
        object_store.move(stage, stage.tenants[-1], found, tmp_path_factory.mktemp("access"))
        yield found
        leave(stage)


@pytest.fixture(scope="module")
def lost(stage: Stage, site: Site, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Lost:
    """People work, a backup runs, the kit is written; then nothing is left but the site, the kit and the checkout."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        brought = pool.map(lambda tenant: belongings.bring(stage, tenant, LETTERS, BRING_SECONDS), stage.tenants)
        kept = {each.tenant.id: each for each in brought}
    assert min(len(each.letters) for each in kept.values()) == LETTERS
    folder = tmp_path_factory.mktemp("recovery")
    # Other tests applied these stacks with plain `pulumi up`; this saves the state that they have now.
    stage.run(str(EINKLANG), "up", *kept)
    kit, identity = folder / "kit", folder / "identity"
    stage.run(str(EINKLANG), "kit", "key", str(identity), "--name", "live test", "--kit", str(kit))
    stage.run(str(EINKLANG), "kit", "write", *kept, "--kit", str(kit))
    known, access = {}, stage.accesses(folder)
    for tenant in stage.tenants:
        test_backups.run(stage, tenant)
        known[tenant.id] = people.secret_values(stage, tenant)
    manifests = {name: choose(Restic(site.restic, each), name).manifest for name, each in access.items()}

    def alone(tenant: Tenant) -> float:
        target, manifest = folder / tenant.id, manifests[tenant.id]
        return plainly.restore(stage, tenant, site.restic, access[tenant.id], manifest, target)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        plain = dict(zip(kept, pool.map(alone, stage.tenants), strict=True))
    destroy(stage, folder)
    return Lost(kept, manifests, plain, known, kit, identity)


def destroy(stage: Stage, elsewhere: Path) -> None:
    """The cluster with its disks, the state backend, its passphrase, every key: the home folder is gone.

    What operators have set for a stack stands in Git. elsewhere: an existing folder, of nobody.
    """
    file = settings_file(stage)
    settings = file.read_text()
    stage.run(str(EINKLANG), "local", "down")
    stage.run(str(EINKLANG), "local", "clean", "--yes")
    # A store elsewhere is reached without a cluster. This one's address went with it, and stays as if a dead cluster of
    # another home had left it, which `einklang local up` clears away.
    network.make_bridge(plan.NODE_BRIDGE, plan.NODE_ADDRESS, str(elsewhere / "cluster"))
    assert not stage.settings.pulumi_state.exists()
    assert not stage.settings.passphrase.exists()
    if not stage.settings.root.exists():
        # Where the stage has a project of its own it lies in its home; it stands for the repository.
        staging.project_copy(PROJECT_ROOT, stage.settings.root, ("tenants", "standards", "services"))
        change(stage.settings.root, "requested", "active")
        file.write_text(settings)


def settings_file(stage: Stage) -> Path:
    return stage.settings.root / f"Pulumi.{THIRD}.yaml"


def recover(stage: Stage, lost: Lost, *more: str, names: Iterable[str] = (), check: bool = True) -> Any:
    """Its report. names: of tenants, none for all."""
    words = [str(EINKLANG), "recover", "--kit", str(lost.kit), "--identity", str(lost.identity), "--json", *more]
    done = stage.run(*words, *(names or lost.kept), check=False, timeout=RECOVER_SECONDS)
    assert not check or done.returncode == 0, f"code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def recovered(stage: Stage, lost: Lost) -> dict[str, Any]:
    shown = recover(stage, lost, check=False)
    assert {each["run"] for each in shown["tenants"]} == {manifest.run for manifest in lost.manifests.values()}
    assert not stage.settings.kubeconfig.exists(), "without --yes nothing is begun"
    report: dict[str, Any] = recover(stage, lost, "--yes")
    for each in report["tenants"]:
        told(each, lost)
    print(f"all: {report['seconds']:.0f} s")
    return {each["tenant"]: each for each in report["tenants"]}


def told(outcome: dict[str, Any], lost: Lost) -> None:
    name, plain = outcome["tenant"], lost.plain[outcome["tenant"]]
    print(
        f"{name}: ready after {outcome['ready_seconds']:.0f} s, itself {outcome['seconds']:.0f} s, of that its data "
        f"{outcome['restore_seconds']:.1f} s for {outcome['bytes'] / 1e6:.1f} MB and {len(lost.kept[name].letters)} "
        f"letters, restic and pg_restore alone {plain:.1f} s: {outcome['restore_seconds'] / plain:.2f} times; "
        f"{outcome['checks']} comparisons, the run was {outcome['age_seconds']:.0f} s old"
    )


def test_one_of_them_comes_from_an_object_store(stage: Stage, recovered: dict[str, Any], tmp_path: Path) -> None:
    places = {name: each.repository.partition(":")[0] for name, each in stage.accesses(tmp_path).items()}
    assert places == {**dict.fromkeys(staging.TENANTS, "rest"), THIRD: "s3"}


@pytest.fixture(params=[*staging.TENANTS, THIRD])
def kept(request: pytest.FixtureRequest, lost: Lost) -> Belongings:
    return lost.kept[request.param]


def test_every_tenant_is_back_with_its_newest_run(lost: Lost, recovered: dict[str, Any], kept: Belongings) -> None:
    name = kept.tenant.id
    outcome, manifest = recovered[name], lost.manifests[name]
    assert (outcome["state"], outcome["run"]) == ("recovered", manifest.run)
    tables = sum(len(facts.tables) for facts in manifest.databases.values())
    assert outcome["checks"] >= tables + len(manifest.parts) + min(len(kept.letters), 200)


def test_people_have_what_they_had(stage: Stage, recovered: dict[str, Any], kept: Belongings) -> None:
    """With their passwords, their second factors and their roles."""
    assert belongings.letters_of(stage, kept) >= kept.letters
    assert belongings.news_of(stage, kept)
    assert belongings.citizen_of(stage, kept)
    with people.connected(stage, kept.tenant) as keycloak:
        (user,) = keycloak.get(f"/{kept.tenant.id}/users", email=kept.clerk.email, exact="true")
        roles = keycloak.get(f"/{kept.tenant.id}/users/{user['id']}/role-mappings/realm")
        factors = keycloak.get(f"/{kept.tenant.id}/users/{user['id']}/credentials")
    assert "clerk" in {role["name"] for role in roles}
    assert {"password", "otp"} <= {factor["type"] for factor in factors}


def test_the_secrets_are_those_that_the_kit_opens(
    stage: Stage, lost: Lost, recovered: dict[str, Any], kept: Belongings
) -> None:
    # Names only: what a failure prints is read by many.
    now, then = people.secret_values(stage, kept.tenant), lost.secrets[kept.tenant.id]
    assert then
    assert [name for name in {**now, **then} if now.get(name) != then.get(name)] == []


def test_afterwards_nothing_is_left_to_do(stage: Stage, recovered: dict[str, Any], kept: Belongings) -> None:
    stage.run("pulumi", "preview", "--stack", kept.tenant.id, "--expect-no-changes", "--non-interactive")
    if kept.tenant.id == THIRD:
        return  # `backup status` reads a site's folder
    (found,) = json.loads(stage.run(str(EINKLANG), "backup", "status", kept.tenant.id, "--json", check=False).stdout)
    # Evidence of older drills was signed with a key that went with the home: it proves nothing here.
    assert {each["check"] for each in found["findings"] if each["result"] != "pass"} <= {"drill"}


def test_a_repetition_leaves_everything_as_it_is(stage: Stage, lost: Lost, recovered: dict[str, Any]) -> None:
    report = recover(stage, lost, "--yes")
    assert {each["state"] for each in report["tenants"]} == {"present"}


def test_after_an_attack_nothing_old_is_valid(
    stage: Stage, site: Site, store: Store, lost: Lost, recovered: dict[str, Any], tmp_path: Path
) -> None:
    """Destroyed once more; killed somewhere on the way, then all are recovered with every secret new."""
    before = old_secrets(stage, tmp_path)
    destroy(stage, tmp_path)
    killed_on_the_way(stage, lost, "--yes", "--rotate")
    for _ in range(4):
        # What the dead one had started may still hold its stack for a moment.
        report = recover(stage, lost, "--yes", "--rotate", check=False)
        failed = {each["tenant"]: each["error"] for each in report["tenants"] if each["state"] != "recovered"}
        if not failed:
            break
        if set(failed) == {THIRD} and "incorrect passphrase" in failed[THIRD]:
            set_again(stage, store)
    for each in report["tenants"]:
        assert each["state"] == "recovered", each["error"]
        told(each, lost)
    assert stage.settings.passphrase.read_text() != before.passphrase
    assert (stage.settings.certificate_authority / "ca.crt").read_text() != before.authority
    now = stage.accesses(tmp_path)
    for tenant in stage.tenants:
        values = people.secret_values(stage, tenant)
        assert [name for name in values if values[name] == lost.secrets[tenant.id].get(name)] == []
        assert now[tenant.id].key != before.access[tenant.id].key
        users_renew_theirs(stage, lost.kept[tenant.id])
    for name in staging.TENANTS:
        refused(site, before.access[name])


def set_again(stage: Stage, store: Store) -> None:
    """By the commands of docs/operators/recovery.md: what was encrypted with the lost passphrase opens no more."""
    commands = (PROJECT_ROOT / "docs/operators/recovery.md").read_text().partition("### Settings that are secret")[2]
    script = commands.partition("```sh\n")[2].partition("```")[0].replace("olpe", THIRD)
    stage.run(
        "bash", "-euo", "pipefail", "-c", script.replace("…", store.keys[THIRD]),
        PATH=f"{EINKLANG.parent}:{stage.environment['PATH']}",
    )  # fmt: skip


@dataclass(frozen=True)
class Before:
    """What an attacker has read."""

    passphrase: str
    authority: str
    access: dict[str, Access]


def old_secrets(stage: Stage, folder: Path) -> Before:
    authority = (stage.settings.certificate_authority / "ca.crt").read_text()
    return Before(stage.settings.passphrase.read_text(), authority, stage.accesses(folder))


def killed_on_the_way(stage: Stage, lost: Lost, *more: str) -> None:
    """A recovery that dies some time after it has begun with a tenant."""
    journal, after = stage.settings.home / "recovery" / "journal.json", secrets.randbelow(60)
    begun = list[float]()

    def when() -> bool:
        if not begun and journal.exists() and json.loads(journal.read_text())["tenants"]:
            begun.append(time.monotonic())
        return bool(begun) and time.monotonic() >= begun[0] + after

    killed(stage, when, "recover", "--kit", str(lost.kit), "--identity", str(lost.identity), *more, *staging.TENANTS)
    print(f"killed {after} s after the first tenant was begun")


def refused(site: Site, old: Access) -> None:
    """Neither the account nor the key opens anything."""
    with pytest.raises(ClientError):
        Restic(site.restic, old).open()
    by_folder = Access(str(site.folders.repositories / old.username), old.key)
    assert Restic(site.restic, by_folder).open() is Opened.WRONG_KEY


def users_renew_theirs(stage: Stage, kept: Belongings) -> None:
    """The standard says: staff is invited again, with a second factor to set up; citizens choose another password."""
    tenant, clerk = kept.tenant, people.visit(stage, kept.tenant)
    clerk.log_in(kept.clerk.email, kept.clerk.password)
    assert not clerk.code
    assert not clerk.shows("otp")
    clerk.log_in(kept.clerk.email, people.invite(stage, tenant, kept.clerk.email, "clerk", "--again"))
    seen = set()
    for _ in range(2):
        if clerk.shows("password-new"):
            seen.add("password")
            new = f"Neu-{people.PASSWORD}"
            clerk.submit(**{"password-new": new, "password-confirm": new})
        else:
            seen.add("factor")
            clerk.submit(totp=one_time_password(clerk.otp_secret(), time.time()), userLabel="Telefon")
    assert (seen, bool(clerk.code)) == ({"password", "factor"}, True)
    citizen = people.visit(stage, tenant)
    citizen.log_in(*kept.citizen)
    assert citizen.shows("password-new")
    assert checksums(stage, tenant) >= kept.letters
