"""The portal's own words in each language, and the addresses of its pages."""

from __future__ import annotations

from collections.abc import Mapping

PATHS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "services": "dienstleistungen",
        "news": "aktuelles",
        "contact": "kontakt",
        "imprint": "impressum",
        "privacy": "datenschutz",
        "accessibility": "barrierefreiheit",
    },
    "en": {
        "services": "services",
        "news": "news",
        "contact": "contact",
        "imprint": "imprint",
        "privacy": "privacy",
        "accessibility": "accessibility",
    },
}
"""Language -> page -> path in that part of the site. A published address stays."""

_WORDS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "language_name": "Deutsch",
        "description": "Das Bürgerportal der Kommune {name}",
        "welcome": "Willkommen im Bürgerportal. Hier finden Sie Dienstleistungen, Neuigkeiten und Ansprechstellen.",
        "services": "Dienstleistungen",
        "news": "Aktuelles",
        "all_news": "Alle Meldungen",
        "no_news": "Zurzeit gibt es keine Meldungen.",
        "contact": "Kontakt",
        "opening_hours": "Öffnungszeiten",
        "imprint": "Impressum",
        "privacy": "Datenschutz",
        "accessibility": "Erklärung zur Barrierefreiheit",
        "search": "Suchen",
        "search_site": "Suche auf der Startseite",
        "search_here": "Suche auf allen Seiten",
        "search_question": "Was suchen Sie?",
        "found_one": "1 Seite gefunden",
        "found_many": "{number} Seiten gefunden",
        "found_none": "Geben Sie ein Wort ein, nach dem wir suchen sollen.",
        "earlier": "Vorherige Seiten",
        "later": "Weitere Seiten",
        "empty": "Hier ist noch nichts.",
        "edit": "Bearbeiten",
        "delete": "Löschen",
        "title": "Titel",
        "state": "Status",
        "actions": "Aktionen",
        "login": "Anmelden",
        "logout": "Abmelden",
        "tools": "Sprache und Anmeldung",
        "about": "Über dieses Angebot",
    },
    "en": {
        "language_name": "English",
        "description": "The citizen portal of {name}",
        "welcome": "Welcome to the citizen portal. Here you find our services, news and whom to ask.",
        "services": "Services",
        "news": "News",
        "all_news": "All news",
        "no_news": "There is no news at the moment.",
        "contact": "Contact",
        "opening_hours": "Opening hours",
        "imprint": "Imprint",
        "privacy": "Privacy",
        "accessibility": "Accessibility statement",
        "search": "Search",
        "search_site": "Search on the start page",
        "search_here": "Search all pages",
        "search_question": "What are you looking for?",
        "found_one": "1 page found",
        "found_many": "{number} pages found",
        "found_none": "Enter a word to search for.",
        "earlier": "Earlier pages",
        "later": "More pages",
        "empty": "There is nothing here yet.",
        "edit": "Edit",
        "delete": "Delete",
        "title": "Title",
        "state": "State",
        "actions": "Actions",
        "login": "Log in",
        "logout": "Log out",
        "tools": "Language and login",
        "about": "About this site",
    },
}


def words(language: str, name: str) -> Mapping[str, str]:
    """The words of a language, with the municipality's name where it belongs."""
    return {key: text.replace("{name}", name) for key, text in _WORDS[language].items()}
