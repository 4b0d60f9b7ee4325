"""Bring the realms of a tenant's Keycloak to what their documents say; runs as a Job inside the tenant.

Usage: identity_setup.py DOCUMENT… (JSON files, in this order). Environment: KEYCLOAK_URL, KEYCLOAK_CLIENT_ID,
KEYCLOAK_CLIENT_SECRET, KEYCLOAK_WAIT_SECONDS, and what the documents name as `$(env:NAME)`. Prints each change, never
a value. Exit code 1 when something failed: the Job starts it again, and it goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from einklang.clients.keycloak import Keycloak
from einklang.errors import EXIT_DONE, EXIT_ERROR, EinklangError
from einklang.operations.realm import apply
from einklang.planning.realm import fill


def main(documents: Sequence[str], environ: Mapping[str, str]) -> int:
    """Apply the documents; returns the exit code."""
    keycloak = Keycloak(environ["KEYCLOAK_URL"], environ["KEYCLOAK_CLIENT_ID"], environ["KEYCLOAK_CLIENT_SECRET"])
    try:
        keycloak.wait(float(environ["KEYCLOAK_WAIT_SECONDS"]))
        for document in documents:
            desired = fill(json.loads(Path(document).read_text(encoding="utf-8")), environ)
            changes = apply(keycloak, desired, say)
            say(f"realm {desired['realm']}: {len(changes)} changes")
    except EinklangError as error:
        say(str(error))
        return EXIT_ERROR
    return EXIT_DONE


def say(text: str) -> None:
    """Print a line to the Job's log."""
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
