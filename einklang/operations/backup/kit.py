"""The recovery kit: what opens the backups when cluster, state and operators' machines are gone.

A folder with one age file a tenant, each encrypted for all recovery keys of the association: any one of them opens it,
and writing needs none of them. Beside each stands a SHA-256 of its content, which tells whether it is up to date and
nothing else: the content holds 256 random bits at least.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyrage

from einklang.clients.restic import Access
from einklang.errors import UserError
from einklang.operations.backup import shares
from einklang.settings import Settings

FORMAT = 1
SUFFIX, DIGEST_SUFFIX, FORMER = ".age", ".sha256", "former"


@dataclass(frozen=True)
class Entry:
    """What one tenant's recovery needs. authority: PEM, empty for a public one. passphrase: of the stacks' secrets.

    evidence_keys: public ones (PEM) that tell whether evidence of drills is the installation's; they are no secret.
    """

    tenant: str
    repository: str
    key: str = field(repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    authority: str = ""
    more: dict[str, str] = field(default_factory=dict, repr=False)
    passphrase: str = field(default="", repr=False)
    evidence_keys: str = ""
    format: int = FORMAT

    @classmethod
    def of(cls, tenant: str, access: Access, passphrase: str, evidence_keys: str) -> Entry:
        """From a tenant's access, and what the installation has."""
        authority = access.authority.read_text() if access.authority else ""
        return cls(
            tenant,
            access.repository,
            access.key,
            access.username,
            access.password,
            authority,
            dict(access.more),
            passphrase,
            evidence_keys,
        )

    def access(self, scratch: Path) -> Access:
        """To open the repository. scratch: an existing folder, for the certificate."""
        authority = scratch / f"{self.tenant}.crt" if self.authority else None
        if authority:
            authority.write_text(self.authority)
        return Access(self.repository, self.key, self.username, self.password, authority, self.more)

    def text(self) -> str:
        """As JSON, keys sorted."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)


@dataclass(frozen=True)
class Kit:
    """A kit's folder, and the file with the recipients' public keys, one a line (`#` begins a remark)."""

    folder: Path
    recipients: Path

    @classmethod
    def of(cls, settings: Settings) -> Kit:
        """The kit that `einklang up` keeps: on the local backup site, from where it is copied to safer places."""
        return cls(settings.backup_site / "kit", settings.backup_site / "kit" / "recovery-keys.txt")

    def write(self, entry: Entry) -> bool:
        """Write the tenant's file unless it is up to date, whole or not at all; False where nothing was written.

        Without recovery keys nothing can be written: returns False. Raises UserError for a key that is none.
        """
        keys = self.keys()
        digest = hashlib.sha256("\n".join([entry.text(), *keys]).encode()).hexdigest()
        file, record = self.file(entry.tenant), self.file(entry.tenant).with_suffix(DIGEST_SUFFIX)
        if not keys or (file.exists() and record.exists() and record.read_text() == digest):
            return False
        encrypted = pyrage.encrypt(entry.text().encode(), [_recipient(key, self.recipients) for key in keys])
        record.unlink(missing_ok=True)
        if file.exists():
            # What is in the cluster may be an attacker's: nothing that once opened the backups is ever lost.
            former = file.read_bytes()
            _place(self.folder / FORMER / f"{entry.tenant}-{hashlib.sha256(former).hexdigest()[:12]}{SUFFIX}", former)
        _place(file, encrypted)
        _place(record, digest.encode())
        return True

    def keys(self) -> list[str]:
        """The recipients; none where there is no file."""
        lines = self.recipients.read_text(encoding="utf-8").splitlines() if self.recipients.exists() else []
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]

    def add_key(self, key: str, remark: str) -> None:
        """Let another recovery key open what is written from now on. Raises UserError for what is no key."""
        _recipient(key, self.recipients)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = self.recipients.read_text(encoding="utf-8") if self.recipients.exists() else ""
        if key not in self.keys():
            _place(self.recipients, f"{before}# {remark}\n{key}\n".encode())

    def tenants(self) -> list[str]:
        """Of whom the kit holds something, sorted."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self.folder.glob(f"*{SUFFIX}"))

    def read(self, tenant: str, identity: str) -> Entry:
        """A tenant's entry. identity: an age secret key. Raises UserError where it does not open the file."""
        try:
            opened = pyrage.decrypt(self.file(tenant).read_bytes(), [pyrage.x25519.Identity.from_str(identity)])
            return Entry(**json.loads(opened))
        except OSError as error:
            raise UserError(f"the kit {self.folder} has nothing of {tenant}") from error
        except (pyrage.DecryptError, pyrage.IdentityError) as error:
            raise UserError(f"{self.file(tenant)}: this recovery key does not open it: {error}") from error

    def file(self, tenant: str) -> Path:
        """Where a tenant's entry is."""
        return self.folder / f"{tenant}{SUFFIX}"


def identity(*texts: str) -> str:
    """The secret key in an identity file as age writes it, or from files with shares of it. Raises UserError."""
    found = [line.strip() for text in texts for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not found:
        raise UserError("the identity file holds no key", remedy="einklang kit key, or age-keygen")
    if all(shares.is_share(line) for line in found):
        return shares.combine(found)
    if len(found) > 1:
        raise UserError("more than one recovery key", remedy="name the file of one key, or files with its shares")
    return found[0]


def new_identity() -> tuple[str, str]:
    """A new recovery key: what is secret, and what is public."""
    made = pyrage.x25519.Identity.generate()
    return str(made), str(made.to_public())


def _recipient(key: str, file: Path) -> Any:
    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError as error:
        raise UserError(
            f"{file}: {key!r} is no public key of age: {error}", remedy="age1… from einklang kit key"
        ) from error


def _place(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
