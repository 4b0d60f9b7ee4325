"""HTML as PDF, by WeasyPrint, which needs the system's Pango. Nothing is fetched for it from anywhere."""

from __future__ import annotations

from typing import Any

from einklang.errors import ClientError


def pdf(html: str) -> bytes:
    """The page as a PDF. Raises ClientError where Pango is missing, or the page wants something from elsewhere."""
    try:
        import weasyprint
        from weasyprint.urls import FatalURLFetchingError, URLFetcher
    except OSError as error:
        remedy = "install Pango (Debian: libpangoft2-1.0-0), or print the pages"
        raise ClientError(f"no PDF: {error}", remedy=remedy) from error
    fetcher = URLFetcher(allowed_protocols={"data"}, fail_on_errors=True)
    try:
        found: Any = weasyprint.HTML(string=html, url_fetcher=fetcher).write_pdf()
    except FatalURLFetchingError as error:
        raise ClientError(f"a page for paper wants something from elsewhere: {error}") from error
    return bytes(found)
