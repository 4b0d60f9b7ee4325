"""Where the violation of each check is planted: on a live tenant, or on recorded facts, and why there.

On recorded facts every check has violations (violations.py); live ones: tests/live/plantings.py, test_audit.py.
"""

from __future__ import annotations

from collections.abc import Mapping

LIVE: Mapping[str, str] = {
    "namespace-own": "a second namespace with the tenant's label",
    "default-namespace-empty": "a Deployment in `default`",
    "pod-security": "the namespace's label `audit: baseline`",
    "resource-quota": "one node port allowed",
    "quota-as-standard": "500 pods allowed",
    "limit-range": "no maximum",
    "standard-recorded": "another size in the record",
    "nothing-surplus": "an account without the tenant's label",
    "host-namespaces": "`hostPID`",
    "host-ports": "a `hostPort`",
    "host-paths": "the node's `/` as a volume",
    "volume-types": "an NFS volume",
    "privileged": "`privileged`",
    "privilege-escalation": "`allowPrivilegeEscalation`",
    "capabilities": "`NET_RAW` added",
    "run-as-non-root": "user 0",
    "seccomp": "`Unconfined`",
    "pod-security-others": "a sysctl",
    "read-only-root": "a root file system that can be written",
    "resource-limits": "no requests and limits",
    "probes": "no liveness probe",
    "init-containers": "an init container that keeps capabilities",
    "images-by-digest": "an image by its tag",
    "images-from-registry": "an image from another registry",
    "secrets-by-reference": "a password in a variable",
    "config-without-secrets": "a password in a ConfigMap",
    "default-deny": "a rule that lets all pods be reached",
    "micro-segmentation": "a workload that no policy selects",
    "no-wide-peers": "a rule for a network of 512 addresses and every port",
    "own-hostnames": "a ReferenceGrant for another tenant",
    "no-cluster-admin": "an account of the tenant bound in the whole cluster",
    "no-wildcards": "a role with `*`",
    "no-anonymous-rights": "a right for everybody who is logged in",
    "deployer-limited": "the deployer may change quotas",
    "no-escalating-rights": "an account that may impersonate",
    "secrets-readers": "another account that reads Secrets",
    "pod-creators": "another account that changes Deployments",
    "own-subjects": "a person bound in the namespace",
    "no-masters": "a right for `system:masters`",
    "own-accounts": "a workload as `default`",
    "no-tokens": "a pod with a token",
    "default-account": "a right for `default`",
    "password-policy": "four characters suffice",
    "brute-force": "switched off in the realm",
    "second-factor": "a login flow without a code",
    "code-flow-only": "a client with the implicit flow",
    "login-events": "no events written",
    "backup-job": "the job suspended",
    "backup-scope": "a job that saves one database of three",
    "backup-elsewhere": "a service of the cluster as the site",
    "backup-credentials": "the portal mounts the backup's Secret",
}
"""Check -> what is broken on the sample tenant: objects that run nowhere, or values that are put back."""
LIVE_OTHERWISE: Mapping[str, str] = {
    "tenants-unreachable": "a way between two tenants opened by two policies",
    "backup-append-only": "a rest-server without `--append-only`",
    "backup-private": "a rest-server without `--private-repos`",
}
"""Tried live by a test of its own."""
UNNAMED = frozenset(
    {
        "pod-security", "resource-quota", "quota-as-standard", "limit-range", "standard-recorded", "password-policy",
        "brute-force", "second-factor", "code-flow-only", "login-events", "backup-job", "backup-elsewhere",
        "own-accounts",
    }
)  # fmt: skip
"""Live ones that change what is there: their evidence names that, and nothing that was made."""
NAMED = frozenset(LIVE) - UNNAMED
_ADMISSION, _PLATFORM = "admission refuses it", "it would weaken every tenant of the cluster"
_RUNNING = "it needs a process, and admission refuses the pod that it would run in"
_SITE = "it needs other programs behind the gateway"
RECORDED: Mapping[str, tuple[str, str]] = {
    "claims-of-class": ("a claim of another class", _ADMISSION),
    "own-volumes": ("a volume of another tenant's claim", "a bound volume cannot be given to somebody else"),
    "storage-encrypted": ("a class that says nothing", "the developers' cluster is so, by a declared exception"),
    "running-images": ("another digest runs", "the node would have to lie"),
    "secrets-encrypted": ("no transformer that encrypts", "it needs another API server"),
    "anonymous-refused": ("an answer with 200", "it needs another API server"),
    "services-inside": ("a node port", _ADMISSION),
    "token-absent": ("a token where pods have one", _RUNNING),
    "admission-policies": ("a policy that is missing, open, or not everywhere", _PLATFORM),
    "backup-plan": ("a class that the standard does not know", "a tenant file with it is refused"),
    "backup-complete": ("too old, parts missing, snapshots gone", "it needs time, or damage to real backups"),
    "restore-rehearsed": ("too long ago, failed, or with evidence that is none", "it needs time, or false evidence"),
    "backup-encrypted": ("a key that others have, or that opens nothing", "it needs damage to a real repository"),
    "tls-versions": ("TLS 1.0 and 1.1 answered", _PLATFORM),
    "certificate": ("not trusted, or at its end", _SITE),
    "https-only": ("pages over HTTP", _PLATFORM),
    "hsts": ("no header, or too short", _SITE),
    "page-headers": ("no policy, no frame rule", _SITE),
    "no-banners": ("a program's name and version", _SITE),
    "no-open-cors": ("every site may read", _SITE),
    "cookies": ("without Secure, HttpOnly, SameSite", _SITE),
    "admin-pages-closed": ("an administrator's page that opens", _SITE),
    "login-by-identity": ("a login of the application's own", _SITE),
    "foreign-redirects-refused": ("a redirect to another site", _SITE),
    "processes-non-root": ("a process of user 0", _RUNNING),
    "processes-without-rights": ("an effective capability", _RUNNING),
    "seccomp-active": ("no filter", _RUNNING),
    "root-mounted-read-only": ("a root that can be written", _RUNNING),
    "ports-as-declared": ("a port that nobody declared", "nothing in the images opens one"),
    "database-tls": ("TLS off", "the operator of databases switches it on again"),
    "known-vulnerabilities": ("an advisory for a package that runs", "a database of vulnerabilities is an option"),
    "packages-known": ("an image that names no packages", _RUNNING),
}
"""Check -> what is broken in recorded facts, and why not live."""
