"""Proposals are read from commits: what concerns whom, and nothing of them is checked out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from einklang.clients.git import Git
from einklang.errors import UserError
from einklang.operations import proposal
from tests.unit.repository import commit, commit_tree, git, make_repository
from tests.unit.tenant_folder import GOOD, other, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository")


@pytest.fixture
def reader(root: Path) -> Git:
    return Git(root, os.environ)


def test_changed_files_between_commits_and_against_the_working_tree(root: Path, reader: Git) -> None:
    base = reader.commit("main")
    write(root, "attendorn", other("attendorn", "05966004"))
    assert reader.changed(base, None) == ["tenants/attendorn.yaml"]
    head = commit(root)
    (root / "tenants" / "olpe.yaml").touch()
    assert reader.changed(base, head) == ["tenants/attendorn.yaml"]
    assert reader.changed(head, None) == []
    write(root, "olpe", GOOD.replace("ring: pilot", "ring: early"))
    assert reader.changed(head, None) == ["tenants/olpe.yaml"]
    assert reader.merge_base(base, head) == base
    assert reader.head() == head


@pytest.mark.parametrize(
    "reference", ["--output=/tmp/x", "-h", "main..other", "", "a b", "main;id", "nowhere", "$(id)", "x" * 300]
)
def test_only_names_of_commits_are_references(reader: Git, reference: str) -> None:
    with pytest.raises(UserError):
        reader.commit(reference)


def test_a_hooks_variables_do_not_lead_elsewhere(root: Path, tmp_path: Path) -> None:
    elsewhere = Git(root, {**os.environ, "GIT_DIR": str(tmp_path / "other"), "GIT_EXTERNAL_DIFF": "false"})
    assert elsewhere.commit("main")


def test_histories_without_a_common_commit(root: Path, reader: Git) -> None:
    tree = git(root, "rev-parse", "HEAD^{tree}")
    alone = git(root, "commit-tree", tree, "-m", "Alone")
    with pytest.raises(UserError, match="no commit in common"):
        reader.merge_base(reader.commit("main"), alone)


def test_files_are_told_apart_by_their_place() -> None:
    difference = proposal.sort_out(
        [
            "tenants/olpe.yaml",
            "tenants/logos/olpe.svg",
            "standards/2026.1.yaml",
            "services/hund-anmelden.yaml",
            "tenants/README.md",
            "tenants/deep/olpe.yaml",
            "modules/tenant.py",
            ".github/workflows/requests.yml",
        ]
    )
    assert difference.tenants == {"olpe"}
    assert difference.logos == {"logos/olpe.svg"}
    assert difference.shared == {"2026.1", "hund-anmelden"}
    assert difference.elsewhere == (
        "tenants/README.md",
        "tenants/deep/olpe.yaml",
        "modules/tenant.py",
        ".github/workflows/requests.yml",
    )


def test_whom_a_shared_file_concerns(root: Path) -> None:
    write(root, "attendorn", other("attendorn", "05966004").replace("services: [hund-anmelden]\n", ""))
    assert proposal.concerned(proposal.sort_out(["services/hund-anmelden.yaml"]), root) == {"olpe"}
    assert proposal.concerned(proposal.sort_out(["standards/2026.1.yaml"]), root) == {"olpe", "attendorn"}
    assert proposal.concerned(proposal.sort_out(["tenants/logos/olpe.svg"]), root) == {"olpe", "attendorn"}
    assert proposal.concerned(proposal.sort_out(["README.md"]), root) == set()


def test_only_what_is_wanted_is_written(root: Path, reader: Git, tmp_path: Path) -> None:
    write(root, "attendorn", other("attendorn", "05966004"))
    (root / "tenants" / "logos" / "unused.svg").write_text("<svg/>")
    head = commit(root)
    proposal.write_out(reader, head, tmp_path / "some", {"attendorn", "nowhere"})
    some = {str(path.relative_to(tmp_path / "some")) for path in (tmp_path / "some").rglob("*.*")}
    assert "tenants/attendorn.yaml" in some
    assert "tenants/logos/olpe.svg" in some
    assert "standards/2026.1.yaml" in some
    assert not {"tenants/olpe.yaml", "tenants/logos/unused.svg"} & some
    proposal.write_out(reader, head, tmp_path / "all")
    assert (tmp_path / "all" / "tenants" / "olpe.yaml").read_text() == GOOD
    assert (tmp_path / "all" / "tenants" / "logos" / "unused.svg").is_file()


def test_a_link_leads_nowhere_and_a_huge_file_is_not_read(root: Path, reader: Git, tmp_path: Path) -> None:
    head = commit_tree(
        root,
        {
            "tenants/link.yaml": ("120000", b"/etc/passwd"),
            "tenants/huge.yaml": ("100644", b"#" * (proposal.MOST_BYTES + 1)),
        },
    )
    proposal.write_out(reader, head, tmp_path / "out")
    folder = tmp_path / "out" / "tenants"
    assert str((folder / "link.yaml").readlink()) == "refused"
    assert (folder / "huge.yaml").stat().st_size == proposal.MOST_BYTES + 1
    assert (folder / "huge.yaml").read_bytes().strip(b"\0") == b""


def test_a_folder_that_is_a_link_is_refused(root: Path, reader: Git, tmp_path: Path) -> None:
    git(root, "rm", "-rq", "--cached", "tenants")
    blob = git(root, "hash-object", "-w", "--stdin", stdin=b"/etc")
    git(root, "update-index", "--add", "--cacheinfo", f"120000,{blob},tenants")
    tree = git(root, "write-tree")
    head = git(root, "commit-tree", tree, "-p", "main", "-m", "Link")
    with pytest.raises(UserError, match="cannot have this name"):
        proposal.write_out(reader, head, tmp_path / "out")


def test_the_program_is_the_checkouts(root: Path, reader: Git, tmp_path: Path) -> None:
    (root / "Pulumi.yaml").write_text("name: einklang\n")
    (root / "modules").mkdir()
    head = commit_tree(root, {"modules/evil.py": ("100644", b"raise SystemExit"), "Pulumi.yaml": ("100644", b"evil")})
    data = tmp_path / "out"
    proposal.write_out(reader, head, data, {"olpe"})
    proposal.with_program(data, root)
    assert (data / "Pulumi.yaml").read_text() == "name: einklang\n"
    assert list((data / "modules").iterdir()) == []
    assert not (data / "tenants").is_symlink()
