"""CODEOWNERS: who has to agree to a change of which file, in the form of each platform."""

from __future__ import annotations

import re
from collections.abc import Sequence

from einklang.clients.forge import Platform

OPERATORS = "@zweckverband/betrieb"
TEAM = "@zweckverband/kommune-{tenant}"
_HEAD = "# Who has to agree to a change of what. Made by: einklang request owners --forge {platform}\n"


def text(platform: Platform, tenants: Sequence[str], operators: str = OPERATORS, team: str = TEAM) -> str:
    """The file. On GitHub and Forgejo the last line that fits counts; on GitLab each section has to agree.

    Forgejo's patterns are regular expressions over the path, GitHub's and GitLab's are those of .gitignore.
    """
    head = _HEAD.format(platform=platform.value)
    if platform is Platform.GITLAB:
        lines = ["[Betrieb]", f"* {operators}", "", "[Kommune]"]
        lines += [f"{path} {team.format(tenant=each)}" for each in tenants for path in _paths(each)]
        return head + "\n".join(lines) + "\n"
    everything = "* " if platform is Platform.GITHUB else ".* "
    lines = [everything + operators]
    for each in tenants:
        paths = _paths(each) if platform is Platform.GITHUB else [_expression(each)]
        lines += [f"{path} {operators} {team.format(tenant=each)}" for path in paths]
    return head + "\n".join(lines) + "\n"


def _paths(tenant: str) -> list[str]:
    return [f"/tenants/{tenant}.yaml", f"/tenants/logos/{tenant}.*"]


def _expression(tenant: str) -> str:
    return rf"^tenants/(logos/)?{re.escape(tenant)}\.[a-z]+$"
