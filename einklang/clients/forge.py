"""The platform on which proposals are made: its REST API, for one comment at a proposal that is written and updated.

GitHub REST 2022-11-28, Forgejo v1 (the same paths for issues' comments), GitLab v4 (merge request notes).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import httpx

from einklang.errors import ClientError, UserError

MARK = "<!-- einklang: answer -->"
"""The first line of our comment: by it, and by its author, it is found again."""
_PAGE, _MOST_PAGES = 100, 50
_BOT = "github-actions[bot]"


class Platform(StrEnum):
    """The platforms that are known."""

    GITHUB = "github"
    GITLAB = "gitlab"
    FORGEJO = "forgejo"


@dataclass(frozen=True)
class Proposal:
    """An open proposal: its number, and the commit at its end."""

    number: int
    head: str


class Forge:
    """One repository on its platform. api: base address of the API. repository: `owner/name`, or GitLab's path or id.

    Every method raises ClientError, which names the request and the status, never the token.
    """

    def __init__(
        self, platform: Platform, api: str, repository: str, token: str, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        header = {"PRIVATE-TOKEN": token} if platform is Platform.GITLAB else {"Authorization": f"token {token}"}
        self._http = httpx.Client(base_url=api.rstrip("/"), headers=header, timeout=60, transport=transport)
        self._platform = platform
        self._project = quote(repository, safe="") if platform is Platform.GITLAB else repository

    @classmethod
    def from_environment(cls, platform: Platform, environ: Mapping[str, str]) -> Forge:
        """By the variables that each platform gives its pipelines, and EINKLANG_FORGE_TOKEN.

        Raises UserError for one that is missing.
        """
        api, repository = (
            ("CI_API_V4_URL", "CI_PROJECT_ID")
            if platform is Platform.GITLAB
            else (
                "GITHUB_API_URL",
                "GITHUB_REPOSITORY",
            )
        )
        for name in (api, repository, "EINKLANG_FORGE_TOKEN"):
            if not environ.get(name):
                raise UserError(f"the variable {name} is not set", remedy="docs/operators/requests.md")
        return cls(platform, environ[api], environ[repository], environ["EINKLANG_FORGE_TOKEN"])

    def say(self, number: int, text: str) -> None:
        """Write our comment at the proposal, or update it where it is there already."""
        body = f"{MARK}\n{text}"
        found = next((each for each in self._comments(number) if self._is_ours(each)), None)
        if found is None:
            self._send("POST", self._comments_path(number), json={"body": body})
        elif found["body"] != body:
            patch = "PUT" if self._platform is Platform.GITLAB else "PATCH"
            self._send(patch, self._comment_path(number, int(found["id"])), json={"body": body})

    def proposals(self) -> list[Proposal]:
        """The open proposals, oldest first."""
        if self._platform is Platform.GITLAB:
            found = self._pages(f"/projects/{self._project}/merge_requests", state="opened")
            return sorted((Proposal(each["iid"], each["sha"]) for each in found), key=lambda one: one.number)
        found = self._pages(f"/repos/{self._project}/pulls", state="open")
        return sorted((Proposal(each["number"], each["head"]["sha"]) for each in found), key=lambda one: one.number)

    def _comments(self, number: int) -> Iterator[Mapping[str, Any]]:
        return self._pages(self._comments_path(number))

    def _is_ours(self, comment: Mapping[str, Any]) -> bool:
        """Ours by its mark and its author: anybody may write the mark."""
        author = comment.get("author") or comment.get("user") or {}
        name = author.get("username") or author.get("login")
        return str(comment.get("body", "")).startswith(MARK) and name == self._own_name

    @property
    def _own_name(self) -> str:
        if self._platform is Platform.GITHUB:
            return _BOT  # its token has no user that could be asked for
        own = self._send("GET", "/user").json()
        return str(own.get("username") or own.get("login"))

    def _comments_path(self, number: int) -> str:
        if self._platform is Platform.GITLAB:
            return f"/projects/{self._project}/merge_requests/{number}/notes"
        return f"/repos/{self._project}/issues/{number}/comments"

    def _comment_path(self, number: int, comment: int) -> str:
        if self._platform is Platform.GITLAB:
            return f"{self._comments_path(number)}/{comment}"
        return f"/repos/{self._project}/issues/comments/{comment}"

    def _pages(self, path: str, **query: str) -> Iterator[Mapping[str, Any]]:
        # Forgejo says `limit`, the others `per_page`; each passes over what it does not know.
        size = {"per_page": str(_PAGE), "limit": str(_PAGE)}
        for page in range(1, _MOST_PAGES + 1):
            found = self._send("GET", path, params={**size, **query, "page": str(page)}).json()
            yield from found
            if not found:
                return

    def _send(self, method: str, path: str, **rest: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **rest)
        except httpx.HTTPError as error:
            raise ClientError(f"{self._platform.value}: {method} {path}: {type(error).__name__}") from error
        if not answer.is_success:
            raise ClientError(f"{self._platform.value}: {method} {path}: {answer.status_code} {answer.reason_phrase}")
        return answer
