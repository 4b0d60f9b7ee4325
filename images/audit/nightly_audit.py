"""The audit that the cluster makes of all its tenants at night; runs as a Job (modules/audit_job.py).

Environment: AUDIT_GATEWAY, where the sites answer; AUDIT_AUTHORITY, file with the certificate of their authority, empty
for those that everybody trusts. Prints the audit, a line of JSON for its head and for each finding, and keeps nothing:
`einklang audit --collect` makes evidence of it. Exit code 0: everything holds, 1: nobody was asked, 2: it does not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from einklang import __version__, inventory
from einklang.clients.kubernetes import Kubernetes
from einklang.clients.outside import Way
from einklang.errors import EXIT_CHANGES_PENDING, EXIT_DONE, EXIT_ERROR, EinklangError
from einklang.operations import audit
from einklang.operations.audit import nightly, status
from einklang.progress import Silent

HERE = Path(__file__).parent
KUBECTL = Path("/usr/local/bin/kubectl")
AT_A_TIME = 2


def main(environ: Mapping[str, str]) -> int:
    """Look, judge, print; returns the exit code."""
    kubeconfig, authority = HERE / "kubeconfig", environ.get("AUDIT_AUTHORITY")
    client = Kubernetes(KUBECTL, kubeconfig)
    way = Way(environ["AUDIT_GATEWAY"], Path(authority) if authority else None)
    try:
        tenants = nightly.tenants(client)
        done = audit.run(
            tenants, audit.Access(client, kubeconfig, way), inventory.controls(HERE), nightly.SOURCES,
            lambda: datetime.now(UTC), Silent(), jobs=AT_A_TIME,
            versions={"einklang": __version__},
        )  # fmt: skip
    except EinklangError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_ERROR
    found = nightly.Nightly(done, {each.tenant.id: nightly.digest(each) for each in tenants})
    sys.stdout.writelines(f"{line}\n" for line in nightly.lines(found))
    return EXIT_DONE if status.holds(done) else EXIT_CHANGES_PENDING


if __name__ == "__main__":
    sys.exit(main(os.environ))
