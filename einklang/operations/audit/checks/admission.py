"""What the cluster refuses by itself, whoever asks: the platform's admission policies."""

from __future__ import annotations

from einklang.model.finding import Severity
from einklang.operations.audit.observed import TENANT_LABEL, Observed
from einklang.operations.audit.registry import Verdict, check, counted

NEEDED = (
    "einklang-exec", "einklang-hostnames", "einklang-hostnames-gateway", "einklang-images", "einklang-labels",
    "einklang-services", "einklang-token-secrets", "einklang-tokens", "einklang-volumes",
)  # fmt: skip


@check(
    "Zulassungsregeln in Kraft",
    severity=Severity.HIGH,
    remedy="Den Stack platform anwenden: pulumi stack select platform && pulumi up.",
)
def admission_policies(observed: Observed) -> Verdict:
    """Each policy is there, fails closed, denies, and holds for every namespace of a tenant, this one included."""
    policies = {
        each["metadata"]["name"]: each["spec"] for each in observed.cluster.of_kind("ValidatingAdmissionPolicy")
    }
    bound = {
        each["spec"]["policyName"]
        for each in observed.cluster.of_kind("ValidatingAdmissionPolicyBinding")
        if each["spec"].get("validationActions") == ["Deny"] and not each["spec"].get("matchResources")
    }
    bad = []
    for name in NEEDED:
        spec = policies.get(name)
        if spec is None:
            bad.append(f"{name}: fehlt")
            continue
        selector = (spec.get("matchConstraints") or {}).get("namespaceSelector") or {}
        everywhere = selector == {"matchExpressions": [{"key": TENANT_LABEL, "operator": "Exists"}]}
        faults = {
            "lässt bei Fehlern durch": spec.get("failurePolicy", "Fail") != "Fail",
            "weist nicht ab": name not in bound,
            "gilt nicht für alle Mandanten": not everywhere or bool(spec.get("matchConditions")),
        }
        bad += [f"{name}: {what}" for what, fault in faults.items() if fault]
    return counted(bad, len(NEEDED), "Zulassungsregeln", "vorhanden und abweisend")
