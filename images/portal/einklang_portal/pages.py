"""The pages that are computed: the start page, the header's links and the footer."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from plone import api
from plone.app.layout.viewlets.common import ViewletBase
from Products.CMFPlone.browser.search import Search
from Products.Five.browser import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from einklang_portal.state import texts

NEWS_ON_START_PAGE = 3
LONGEST_QUESTION = 100
RESULTS_ON_A_PAGE = 10


def language_of(context: Any) -> str:
    """The language of the part of the site in which the context is: that of its navigation root."""
    return str(api.portal.get_navigation_root(context).Language())


class StartPage(BrowserView):
    """What a town shows first: services, news, whom to ask and when."""

    @property
    def texts(self) -> dict[str, Any]:
        """All words and data of the page, from the set-up's document."""
        return texts(language_of(self.context))

    @property
    def root_url(self) -> str:
        """Address of the part of the site in this language."""
        return str(api.portal.get_navigation_root(self.context).absolute_url())

    def news(self) -> list[dict[str, str]]:
        """The newest published news of this language."""
        root = api.portal.get_navigation_root(self.context)
        found = api.content.find(
            context=root,
            portal_type="News Item",
            review_state="published",
            Language=language_of(self.context),
            sort_on="effective",
            sort_order="descending",
            sort_limit=NEWS_ON_START_PAGE,
        )[:NEWS_ON_START_PAGE]
        return [
            {
                "url": brain.getURL(),
                "title": brain.Title,
                "summary": brain.Description,
                "day": api.portal.get_localized_time(brain.effective, long_format=False),
            }
            for brain in found
        ]


class SearchPage(Search):
    """What is found in the part of the site in this language."""

    @property
    def words(self) -> dict[str, str]:
        """The page's words."""
        found: dict[str, str] = texts(language_of(self.context))["words"]
        return found

    @property
    def asked(self) -> str:
        """What was typed."""
        text = self.request.form.get("SearchableText", "")
        return text.strip()[:LONGEST_QUESTION] if isinstance(text, str) else ""

    def found(self) -> Any:
        """A batch of results, nothing without a question."""
        start = self.request.form.get("b_start", 0)
        query = {"SearchableText": self.asked, "Language": language_of(self.context)}
        number = int(start) if str(start).isdecimal() else 0
        return self.results(query=query, b_start=number, b_size=RESULTS_ON_A_PAGE) if self.asked else None

    def links(self, found: Any) -> list[dict[str, str]]:
        """To the results before and after these."""
        page, address = found.pagenumber, f"{self.context.absolute_url()}/@@search"
        targets = [("prev", "earlier", page - 2, found.has_previous), ("next", "later", page, found.has_next)]
        return [
            {
                "rel": rel,
                "text": self.words[word],
                "url": f"{address}?SearchableText={quote(self.asked)}&b_start={number * RESULTS_ON_A_PAGE}",
            }
            for rel, word, number, there in targets
            if there
        ]

    def count_text(self, number: int) -> str:
        """How many there are, in words."""
        return self.words["found_one" if number == 1 else "found_many"].replace("{number}", str(number))


class Contents(BrowserView):
    """What is in a folder, for editors.

    In place of Plone's page of that name, which compiles scripts in the browser: the portal's Content-Security-Policy
    lets nobody do that. Cutting, copying, renaming and the state of a page are in the tool bar.
    """

    @property
    def words(self) -> dict[str, str]:
        """The page's words."""
        found: dict[str, str] = texts(language_of(self.context))["words"]
        return found

    def rows(self) -> list[dict[str, str]]:
        """A row for each page that the user may see."""
        return [self._row(item) for item in self.context.objectValues() if _may(item, "View")]

    def _row(self, item: Any) -> dict[str, str]:
        workflow, title, url = api.portal.get_tool("portal_workflow"), item.Title(), item.absolute_url()
        state = workflow.getInfoFor(item, "review_state", "")
        return {
            "url": f"{url}/view",
            "title": title,
            "state": api.portal.translate(workflow.getTitleForStateOnType(state, item.portal_type), domain="plone"),
            "edit": f"{url}/edit" if _may(item, "Modify portal content") else "",
            "edit_label": f"{self.words['edit']}: {title}",
            "delete": f"{url}/delete_confirmation" if _may(item, "Delete objects") else "",
            "delete_label": f"{self.words['delete']}: {title}",
        }


def _may(item: Any, permission: str) -> bool:
    return bool(api.user.has_permission(permission, obj=item))


class Header(ViewletBase):
    """Name of the municipality with its logo, the other languages, the way to log in or out."""

    index = ViewPageTemplateFile("header.pt")

    def update(self) -> None:
        """Gather what the template shows."""
        super().update()
        self.language = language_of(self.context)
        self.texts = texts(self.language)
        self.languages = [
            {"id": language, "url": self._address(language), "name": texts(language)["language_name"]}
            for language in self.texts["languages"]
            if language != self.language
        ]
        self.logo = f"{self.site_url}/@@site-logo/{self.texts['logo']}" if self.texts["logo"] else ""
        self.anonymous = api.user.is_anonymous()
        self.user_name = "" if self.anonymous else self._user_name()

    def _user_name(self) -> str:
        user = api.user.get_current()
        return str(user.getProperty("fullname") or user.getProperty("email") or user.getUserName())

    def _address(self, language: str) -> str:
        """The same page in the other language where there is one, else that language's start page."""
        path = "/".join(self.context.getPhysicalPath()[2:])
        home = texts(language)["home"]
        return "/".join(part for part in (self.site_url, self.texts["translations"].get(path, home)) if part)


class Footer(ViewletBase):
    """Contact, opening hours and the pages that the law asks for."""

    index = ViewPageTemplateFile("footer.pt")

    def update(self) -> None:
        """Gather what the template shows."""
        super().update()
        self.texts = texts(language_of(self.context))
        self.root_url = api.portal.get_navigation_root(self.context).absolute_url()
