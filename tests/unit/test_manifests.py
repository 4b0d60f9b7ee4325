"""Upstream manifests stand where the platform stack looks for them."""

from __future__ import annotations

from pathlib import Path

from einklang import inventory
from einklang.operations.local import manifests
from einklang.operations.local.toolchain import Toolchain
from einklang.settings import Settings


def test_parts_become_one_file_that_is_written_only_when_it_changes(tmp_path: Path) -> None:
    operator, traefik = tmp_path / "operator", tmp_path / "traefik"
    (traefik / "gateway-api").mkdir(parents=True)
    operator.mkdir()
    (operator / "cnpg-1.yaml").write_text("kind: Operator\n")
    (traefik / "gateway-api" / "b.yaml").write_text("kind: B\n")
    (traefik / "gateway-api" / "a.yaml").write_text("kind: A\n")
    programs = Toolchain({}, {"cloudnative-pg": operator, "traefik": traefik}, (), {}, builds_pulumi=False)
    settings = Settings(root=tmp_path, cache=tmp_path, home=tmp_path / "home")
    manifests.place(settings, programs)
    file = settings.manifests / "gateway-api.yaml"
    assert inventory.documents(file) == [{"kind": "A"}, {"kind": "B"}]
    before = file.stat().st_mtime_ns
    manifests.place(settings, programs)
    assert file.stat().st_mtime_ns == before
    (operator / "cnpg-1.yaml").write_text("kind: Newer\n")
    manifests.place(settings, programs)
    assert inventory.documents(settings.manifests / "cloudnative-pg.yaml") == [{"kind": "Newer"}]
