"""Bring the site in the tenant's database to what its document says; runs as a Job. Safe to repeat at any time.

Usage: python3 -m einklang_portal.site_setup CONFIGURATION DOCUMENT. Environment: PORTAL_WAIT_SECONDS and the login's.
Prints each change. Exit code 1 when something failed: the Job starts it again, and nothing is half done, as
everything is one transaction.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SITE = "Plone"
_POLL_SECONDS = 2
_TIMEZONE = "Europe/Berlin"


def main(configuration: str, document: str) -> int:
    """Set up; returns the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s", stream=sys.stdout)
    wanted = json.loads(Path(document).read_text(encoding="utf-8"))
    wait_for_database(float(os.environ["PORTAL_WAIT_SECONDS"]))
    # Below, because Zope reads its configuration and the database when it is imported and started.
    import transaction
    import Zope2
    from AccessControl.SecurityManagement import newSecurityManager
    from AccessControl.users import system
    from Testing.makerequest import makerequest
    from zope.globalrequest import setRequest
    from Zope2.Startup.run import configure_wsgi

    configure_wsgi(configuration)
    app = makerequest(Zope2.app())
    app.REQUEST["PARENTS"] = [app]
    setRequest(app.REQUEST)
    newSecurityManager(None, system)
    changes = apply(app, wanted, say)
    if changes:
        transaction.get().note("einklang: set-up")
        transaction.commit()
    else:
        transaction.abort()
    say(f"site: {changes} changes")
    return 0


def apply(app: Any, wanted: dict[str, Any], tell: Callable[[str], None]) -> int:
    """Change in the site what is not as wanted; returns how many changes that were. Leaves committing to the caller."""
    # Modules of Plone: see above.
    from zope.component.hooks import setSite

    from einklang_portal import content, settings

    changes = 0
    if SITE not in app.objectIds():
        make_site(app, wanted)
        tell("made: the site")
        changes += 1
    site = app[SITE]
    setSite(site)
    for line in [*settings.upgrade(site), *settings.apply(site, wanted), *content.apply(site, wanted)]:
        tell(line)
        changes += not line.startswith(content.REPORT)
    return changes


def make_site(app: Any, wanted: dict[str, Any]) -> None:
    """A Plone site with this package in it and nothing else."""
    from Products.CMFPlone.factory import addPloneSite

    addPloneSite(
        app,
        SITE,
        title=wanted["title"],
        default_language=wanted["languages"][0],
        portal_timezone=_TIMEZONE,
        extension_ids=("plonetheme.barceloneta:default",),
    )


def wait_for_database(seconds: float) -> None:
    """Wait until the database takes a connection; where and as whom libpq reads from the environment."""
    import psycopg2

    end = time.monotonic() + seconds
    while True:
        try:
            psycopg2.connect("", connect_timeout=5).close()
        except psycopg2.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return


def say(text: str) -> None:
    """Print a line to the Job's log."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
