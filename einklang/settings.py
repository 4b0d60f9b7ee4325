"""Where Einklang keeps its files, and the few settings that come from the environment.

No I/O here: the folders are made by whoever writes into them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Folders and switches of one run.

    root: the checkout (tenants/, standards/, templates/, images/, toolchain/).
    cache: what can be built again: programs and images, keyed by what they are built from (`make clean` removes it).
    home: what cannot: cluster data, certificate authority, Pulumi state, passphrase (`make clean` removes it).
    site: the local backup site with all backups, beside the home, so that the loss of one leaves the other
    (`make clean` never removes it); read it as `backup_site`.
    keep_build_cache: keep the Go build and module caches after a complete build.
    ci: a live test that cannot run is a failure, not a skip.
    """

    root: Path
    cache: Path
    home: Path
    site: Path | None = None
    keep_build_cache: bool = False
    ci: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read EINKLANG_ROOT, _CACHE, _HOME, _BACKUP_SITE, _KEEP_BUILD_CACHE, and CI; XDG defaults."""
        user_home = Path(environ.get("HOME", "/root"))
        cache_home = Path(environ.get("XDG_CACHE_HOME") or user_home / ".cache")
        data_home = Path(environ.get("XDG_DATA_HOME") or user_home / ".local" / "share")
        return cls(
            root=Path(environ.get("EINKLANG_ROOT") or PROJECT_ROOT),
            cache=Path(environ.get("EINKLANG_CACHE") or cache_home / "einklang"),
            home=Path(environ.get("EINKLANG_HOME") or data_home / "einklang"),
            site=Path(environ["EINKLANG_BACKUP_SITE"]) if environ.get("EINKLANG_BACKUP_SITE") else None,
            keep_build_cache=environ.get("EINKLANG_KEEP_BUILD_CACHE") == "1",
            ci=environ.get("CI", "").lower() in {"1", "true"},
        )

    @property
    def cluster(self) -> Path:
        """Folder of the local cluster: PKI, etcd, kubelet and containerd data, logs, process records."""
        return self.home / "cluster"

    @property
    def certificate_authority(self) -> Path:
        """Folder with `ca.crt` and `ca.key` of the local authority that signs the tenants' certificates."""
        return self.home / "authority"

    @property
    def kubeconfig(self) -> Path:
        """The operators' kubeconfig of the local cluster; names files for its credentials, embeds none."""
        return self.home / "kubeconfig"

    @property
    def image_catalogue(self) -> Path:
        """YAML made by the image build: image name -> reference by digest."""
        return self.home / "images.yaml"

    @property
    def manifests(self) -> Path:
        """Upstream manifests that the platform stack applies: `cloudnative-pg.yaml`, `gateway-api.yaml`."""
        return self.home / "manifests"

    @property
    def pulumi_state(self) -> Path:
        """The local file backend of Pulumi."""
        return self.home / "pulumi"

    @property
    def pulumi_home(self) -> Path:
        """Pulumi's own folder, where the plugins that were built here stand."""
        return self.home / "pulumi-home"

    @property
    def bytecode(self) -> Path:
        """Python's compiled modules, where they must not stand beside their sources."""
        return self.cache / "bytecode"

    @property
    def logs(self) -> Path:
        """Logs of Pulumi runs, one file a stack."""
        return self.home / "logs"

    @property
    def virtual_environment(self) -> Path:
        """The Python environment that `make` keeps in step with requirements.lock."""
        return PROJECT_ROOT / ".venv"

    @property
    def audit_key(self) -> Path:
        """The installation's private key, with which audits and drills' evidence are signed."""
        return self.home / "audit-key.pem"

    @property
    def audits(self) -> Path:
        """Folder of the audits' reports, one folder an audit."""
        return self.home / "audits"

    @property
    def backup_site(self) -> Path:
        """Folder of the local backup site, with all backups."""
        return self.site or self.home.with_name(f"{self.home.name}-backup-site")

    @property
    def passphrase(self) -> Path:
        """File with the passphrase of Pulumi's secrets provider (mode 0600)."""
        return self.home / "passphrase"
