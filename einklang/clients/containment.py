"""How programs run that mount things and start processes of their own, and what they see of this process."""

from __future__ import annotations

import os
from collections.abc import Mapping

# A process tree with its own mounts that ends when this process ends: whatever ends either (SIGKILL included), nothing
# stays mounted or running.
CONTAINED = (
    *("setpriv", "--pdeathsig=KILL"),
    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
)
_PASSED_ON = frozenset({"HOME", "PATH", "REGISTRY_AUTH_FILE", "SSL_CERT_DIR", "SSL_CERT_FILE", "XDG_RUNTIME_DIR"})
_PROXIES = frozenset({"all_proxy", "http_proxy", "https_proxy", "no_proxy"})


def environment(added: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the programs need to run and to reach a network, and `added`.

    Nothing else of this process's environment gets into an image: a variable for Python here would change what
    Python does there.
    """
    kept = {name: value for name, value in environ.items() if name in _PASSED_ON or name.lower() in _PROXIES}
    return {**kept, "LC_ALL": "C.UTF-8", **added}
