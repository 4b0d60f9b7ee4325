"""Let a tenant save at a site: its account, its repository, and the keys that open it.

Runs where the site's folder is, as the user to whom it belongs. Safe to repeat and to interrupt: each step looks first.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import bcrypt

from einklang.clients.restic import Access, Opened, Restic
from einklang.errors import CheckError, UserError
from einklang.operations.backup.access import KEYS_SUFFIX, known_keys, of_site
from einklang.operations.backup.upkeep import alone, clear_keys, reopen
from einklang.operations.local.site import SiteFolders

_ROUNDS = 10  # the passwords are 256 random bits; the server asks for this work once a minute and account
_KEY_BYTES = 32
SITE_KEY, TENANT_KEY = "site", "tenant"


@dataclass(frozen=True)
class Registration:
    """What the site has to know of a tenant. password_hash: bcrypt. key: of the repository, to hand over safely."""

    tenant: str
    password_hash: str
    key: str = field(repr=False)


def registration(tenant: str, access: Access) -> Registration:
    """Of a tenant's own access."""
    hashed = bcrypt.hashpw(access.password.encode(), bcrypt.gensalt(_ROUNDS)).decode()
    return Registration(tenant, hashed, access.key)


def fits(folders: SiteFolders, tenant: str, password: str) -> bool:
    """Whether the site has an account of the tenant with this password."""
    known = _accounts(folders).get(tenant, "")
    return bool(known) and bcrypt.checkpw(password.encode(), known.encode())


def knows(folders: SiteFolders, tenant: str, key: str) -> bool:
    """Whether `accept` has let this key open the repository that is there now; cheap, by a note that it leaves."""
    note = _note(folders, tenant)
    there = (folders.repository(tenant) / "config").exists() and (folders.keys / tenant).exists()
    there = there and bool(known_keys(folders, tenant))
    return there and note.exists() and note.read_text(encoding="ascii") == _digest(key)


def accept(
    folders: SiteFolders, wanted: Registration, restic: Path, random: Callable[[int], bytes] = os.urandom
) -> list[str]:
    """Bring the site to know the tenant; returns what was done, nothing where all was so already.

    A stack that was made anew gets its key added: what older keys saved is opened by all of them.
    Raises UserError where a repository is there that neither the site's key nor the tenant's opens.
    """
    with alone(folders):
        reopen(folders, wanted.tenant)
        done = _account(folders, wanted)
        site = _site_key(folders, wanted.tenant, random)
        clear_keys(folders, wanted.tenant)
        by_site = Restic(restic, of_site(folders, wanted.tenant))
        by_tenant = Restic(restic, Access(str(folders.repository(wanted.tenant)), wanted.key))
        done += _repository(by_site, by_tenant, wanted, site)
        _note_keys(folders, wanted.tenant, by_site, by_tenant)
        _write(_note(folders, wanted.tenant), _digest(wanted.key))
        return done


def retire(folders: SiteFolders, tenant: str, key: str, restic: Path) -> int:
    """Let no key open the tenant's repository any more but the site's and this one; returns how many went.

    After a rotation: what an attacker has read opens nothing. Whoever copied the repository's files too has read what
    they hold. Raises CheckError where a key is there still.
    """
    with alone(folders):
        by_site = Restic(restic, of_site(folders, tenant))
        own, there = by_site.keys()
        kept = [own, Restic(restic, Access(str(folders.repository(tenant)), key)).keys()[0]]
        gone = sorted(set(there) - set(kept))
        for each in gone:
            by_site.remove_key(each)
        if set(by_site.keys()[1]) != set(kept):
            raise CheckError(f"the repository of {tenant} has other keys than the site's and the tenant's")
        _write(folders.keys / f"{tenant}{KEYS_SUFFIX}", "\n".join(kept))
        return len(gone)


def _repository(by_site: Restic, by_tenant: Restic, wanted: Registration, site: str) -> list[str]:
    opened = by_site.open()
    if opened is Opened.WRONG_KEY:
        if by_tenant.open() is not Opened.YES:
            raise UserError(
                f"the repository of {wanted.tenant} is there, and neither the site's key nor the tenant's opens it",
                remedy="put the site's key back, or move the repository away after you know what it holds",
            )
        by_tenant.add_key(site, SITE_KEY)
        return ["the site's key added"]
    done = []
    if opened is Opened.ABSENT:
        by_site.make()
        done.append("repository made")
    if by_tenant.open() is not Opened.YES:
        by_site.add_key(wanted.key, TENANT_KEY)
        done.append("the tenant's key added")
    return done


def _account(folders: SiteFolders, wanted: Registration) -> list[str]:
    known = _accounts(folders)
    if known.get(wanted.tenant) == wanted.password_hash:
        return []
    known[wanted.tenant] = wanted.password_hash
    _write(folders.accounts, "".join(f"{name}:{value}\n" for name, value in sorted(known.items())))
    return ["account written"]


def _accounts(folders: SiteFolders) -> dict[str, str]:
    lines = folders.accounts.read_text(encoding="ascii").splitlines() if folders.accounts.exists() else []
    return dict(line.split(":", 1) for line in lines if ":" in line)


def _note_keys(folders: SiteFolders, tenant: str, by_site: Restic, by_tenant: Restic) -> None:
    """Remember which keys are right: these two, and those before. Where nothing was noted yet, all that are there."""
    (own, all_there), (tenants, _) = by_site.keys(), by_tenant.keys()
    known = list(dict.fromkeys([own, tenants, *(known_keys(folders, tenant) or all_there)]))
    _write(folders.keys / f"{tenant}{KEYS_SUFFIX}", "\n".join(known) + "\n")


def _site_key(folders: SiteFolders, tenant: str, random: Callable[[int], bytes]) -> str:
    path = folders.keys / tenant
    if not path.exists():
        folders.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(path, random(_KEY_BYTES).hex() + "\n")
    return path.read_text(encoding="ascii").strip()


def _note(folders: SiteFolders, tenant: str) -> Path:
    return folders.keys / f"{tenant}.opens"


def _digest(key: str) -> str:
    """Of 256 random bits: it gives nothing away."""
    return hashlib.sha256(key.encode()).hexdigest()


def _write(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text, encoding="ascii")
    new.replace(path)
