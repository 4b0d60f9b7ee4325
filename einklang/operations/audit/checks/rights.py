"""Rights: who may do what with the tenant's things, and what the tenant's identities may do elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from einklang.model.finding import Severity
from einklang.operations.audit.observed import DATABASE, NotObservedError, Observed
from einklang.operations.audit.registry import Source, Verdict, check, counted

_BINDING = "Die genannte Bindung löschen; Rechte vergibt nur Einklang, und zwar je Mandant."
_EVERYBODY = {"system:unauthenticated", "system:anonymous", "system:authenticated", "system:serviceaccounts"}
_PUBLIC = {
    "system:public-info-viewer",
    "system:discovery",
    "system:basic-user",
    "system:service-account-issuer-discovery",
}
DEPLOYER = "deployer"
OPERATORS = "einklang:operators"


@dataclass(frozen=True)
class Grant:
    """One rule that one subject has. namespace: where it holds, empty for the whole cluster."""

    subject: str
    binding: str
    role: str
    namespace: str
    rule: Mapping[str, Any]

    def allows(self, verbs: set[str], resources: set[str]) -> bool:
        """Whether it holds one of the verbs on one of the resources."""
        own_verbs, own = set(self.rule.get("verbs") or []), set(self.rule.get("resources") or [])
        return bool(own_verbs & (verbs | {"*"}) and own & (resources | {"*"}))


def _grants(observed: Observed) -> list[Grant]:
    """Every right of every subject. Raises NotObservedError where no binding is to be seen."""
    bindings = [*observed.cluster.of_kind("ClusterRoleBinding"), *observed.cluster.of_kind("RoleBinding")]
    if not bindings:
        raise NotObservedError("es sind keine Bindungen zu sehen: darf die Prüfidentität sie lesen?")
    return [grant for binding in bindings for grant in _of(observed, binding)]


def _of(observed: Observed, binding: Mapping[str, Any]) -> Iterator[Grant]:
    reference, namespace = binding["roleRef"], binding["metadata"].get("namespace", "")
    where = namespace if reference["kind"] == "Role" else ""
    roles = observed.cluster.within(where, reference["kind"])
    rules = [
        rule for role in roles if role["metadata"]["name"] == reference["name"] for rule in role.get("rules") or []
    ]
    for subject in binding.get("subjects") or []:
        name = subject["name"]
        if subject["kind"] == "ServiceAccount":
            name = f"system:serviceaccount:{subject.get('namespace', namespace)}:{name}"
        for rule in rules:
            yield Grant(name, binding["metadata"]["name"], reference["name"], namespace, rule)


def _of_tenant(observed: Observed) -> list[Grant]:
    """What the tenant's accounts may do, by themselves or as members of a group of all accounts of its namespace."""
    accounts = f"system:serviceaccount:{observed.namespace}:"
    group = f"system:serviceaccounts:{observed.namespace}"
    return [each for each in _grants(observed) if each.subject.startswith(accounts) or each.subject == group]


@check("Keine Rechte über den ganzen Cluster", severity=Severity.HIGH, remedy=_BINDING)
def no_cluster_admin(observed: Observed) -> Verdict:
    """cluster-admin is the operators' alone; no account of the tenant has rights beyond its namespace."""
    grants = _grants(observed)
    admins = {
        f"{each.subject}: {each.binding} (cluster-admin)"
        for each in grants
        if each.role == "cluster-admin" and each.subject not in {"system:masters", OPERATORS}
    }
    beyond = {
        f"{each.subject}: {each.binding}" for each in _of_tenant(observed) if each.namespace != observed.namespace
    }
    return counted(
        sorted(admins | beyond), len(grants), "Rechte im Cluster", "niemand außer den Betreibern verwaltet alles"
    )


@check("Keine Rechte mit Platzhalter", severity=Severity.HIGH, remedy=_BINDING)
def no_wildcards(observed: Observed) -> Verdict:
    """No `*` in the tenant's roles, nor in what is bound in its namespace."""
    bound = [each for each in _grants(observed) if each.namespace == observed.namespace] + _of_tenant(observed)
    roles = observed.objects("Role")
    wild = {
        f"{each.role}: {part}"
        for each in bound
        for part in ("verbs", "resources", "apiGroups")
        if "*" in (each.rule.get(part) or [])
    }
    wild |= {
        role["metadata"]["name"]
        for role in roles
        for rule in role.get("rules") or []
        if "*" in [*(rule.get("verbs") or []), *(rule.get("resources") or []), *(rule.get("apiGroups") or [])]
    }
    return counted(sorted(wild), len(roles) + len(bound), "Rollen und Rechte", "ohne Platzhalter")


@check("Keine Rechte ohne Anmeldung", severity=Severity.HIGH, remedy=_BINDING)
def no_anonymous_rights(observed: Observed) -> Verdict:
    """Whoever is not known, or is only known at all, may ask what the server is, and nothing else."""
    grants = _grants(observed)
    bad = {
        f"{each.subject}: {each.role} durch {each.binding}"
        for each in grants
        if (each.subject in _EVERYBODY or each.subject.startswith("system:serviceaccounts:"))
        and each.role not in _PUBLIC
    }
    return counted(sorted(bad), len(grants), "Rechte im Cluster", "keine für Unbekannte oder für alle")


@check(
    "API weist Unbekannte ab",
    severity=Severity.HIGH,
    remedy="Dem API-Server anonyme Anfragen verbieten (--anonymous-auth=false oder eine AuthenticationConfiguration).",
)
def anonymous_refused(observed: Observed) -> Verdict:
    """A request without credentials gets 401 or 403."""
    status = observed.cluster.anonymous_status
    if status is None:
        raise NotObservedError("eine Anfrage ohne Anmeldung wurde nicht beantwortet")
    return counted([] if status in {401, 403} else [f"Antwort {status}"], 1, "Anfragen ohne Anmeldung", "abgewiesen")


@check(
    "Deploy-Identität auf den Mandanten beschränkt",
    severity=Severity.HIGH,
    remedy="Rolle und Bindung deployer mit „pulumi up“ wiederherstellen, weitere Bindungen löschen.",
)
def deployer_limited(observed: Observed) -> Verdict:
    """It works in its namespace, and cannot widen its rights, lift a limit or enter a pod."""
    name = f"system:serviceaccount:{observed.namespace}:{DEPLOYER}"
    own = [each for each in _grants(observed) if each.subject == name]
    forbidden = {
        "namespaces", "resourcequotas", "limitranges", "networkpolicies", "roles", "rolebindings", "serviceaccounts",
        "serviceaccounts/token", "pods/exec", "pods/attach", "pods/portforward", "pods/ephemeralcontainers",
        "validatingadmissionpolicies", "persistentvolumes",
    }  # fmt: skip
    bad = {f"gilt in {each.namespace or 'allen Namensräumen'}" for each in own if each.namespace != observed.namespace}
    writing = {"create", "update", "patch", "delete", "deletecollection", "get"}
    bad |= {f"{each.role}: {', '.join(each.rule['resources'])}" for each in own if each.allows(writing, forbidden)}
    return counted(sorted(bad), len(own), "Rechte der Deploy-Identität", "nur im eigenen Namensraum, ohne Leitplanken")


_ESCALATING: Mapping[str, tuple[set[str], set[str]]] = {
    "bind, escalate, impersonate": (
        {"bind", "escalate", "impersonate"},
        {"users", "groups", "serviceaccounts", "roles", "clusterroles"},
    ),
    "Datenträger anlegen": ({"create"}, {"persistentvolumes"}),
    "nodes/proxy": ({"get", "create"}, {"nodes/proxy"}),
    "Zertifikate genehmigen": ({"update", "approve"}, {"certificatesigningrequests/approval", "signers"}),
    "Webhooks ändern": (
        {"create", "update", "patch", "delete"},
        {"validatingwebhookconfigurations", "mutatingwebhookconfigurations", "validatingadmissionpolicies"},
    ),
    "Token ausstellen": ({"create"}, {"serviceaccounts/token"}),
    "Rechte vergeben": (
        {"create", "update", "patch"},
        {"roles", "rolebindings", "clusterroles", "clusterrolebindings"},
    ),
}


@check("Keine Rechte, aus denen mehr wird", severity=Severity.HIGH, remedy=_BINDING)
def no_escalating_rights(observed: Observed) -> Verdict:
    """CIS 5.1.8 to 5.1.13 for everybody who is bound in the namespace or belongs to it."""
    bound = [*_of_tenant(observed), *(each for each in _grants(observed) if each.namespace == observed.namespace)]
    bad = {
        f"{each.subject}: {what} ({each.role})"
        for each in bound
        for what, (verbs, resources) in _ESCALATING.items()
        if each.allows(verbs, resources)
    }
    return counted(sorted(bad), len(bound), "Rechte im Namensraum", "keines lässt sich ausweiten")


@check("Secrets liest nur, wer muss", severity=Severity.HIGH, remedy=_BINDING)
def secrets_readers(observed: Observed) -> Verdict:
    """Within the namespace: the deployer, and the database's account by name. Nobody else is bound there."""
    bound = [each for each in _grants(observed) if each.namespace == observed.namespace]
    accounts = f"system:serviceaccount:{observed.namespace}:"
    bad = set()
    for each in bound:
        if not each.allows({"get", "list", "watch"}, {"secrets"}):
            continue
        named = bool(each.rule.get("resourceNames"))
        if each.subject != accounts + DEPLOYER and not (each.subject == accounts + DATABASE and named):
            bad.add(f"{each.subject}: {each.role}")
    return counted(sorted(bad), len(bound), "Rechte im Namensraum", "Secrets lesen Deploy-Identität und Datenbank")


@check("Pods legt nur an, wer muss", severity=Severity.MEDIUM, remedy=_BINDING)
def pod_creators(observed: Observed) -> Verdict:
    """Pods, and what makes pods: the deployer alone."""
    makers = {"pods", "deployments", "statefulsets", "daemonsets", "jobs", "cronjobs", "replicasets"}
    bound = [each for each in _grants(observed) if each.namespace == observed.namespace]
    own = f"system:serviceaccount:{observed.namespace}:{DEPLOYER}"
    bad = {
        f"{each.subject}: {each.role}"
        for each in bound
        if each.subject != own and each.allows({"create", "patch", "update"}, makers)
    }
    return counted(sorted(bad), len(bound), "Rechte im Namensraum", "Pods legt nur die Deploy-Identität an")


@check("Nur eigene Identitäten im Namensraum", severity=Severity.HIGH, remedy=_BINDING)
def own_subjects(observed: Observed) -> Verdict:
    """Whoever is bound in the namespace belongs to it: no account of another tenant, no group, no person."""
    bindings = observed.objects("RoleBinding")
    bad = [
        f"{binding['metadata']['name']}: {subject['kind']} {subject['name']}"
        for binding in bindings
        for subject in binding.get("subjects") or []
        if subject["kind"] != "ServiceAccount" or subject.get("namespace", observed.namespace) != observed.namespace
    ]
    return counted(bad, len(bindings), "Bindungen", "nur für Identitäten des Mandanten")


@check("system:masters nicht vergeben", severity=Severity.MEDIUM, remedy=_BINDING)
def no_masters(observed: Observed) -> Verdict:
    """The group that no rule can limit is bound by the cluster's own default alone."""
    grants = _grants(observed)
    bad = {each.binding for each in grants if each.subject == "system:masters" and each.binding != "cluster-admin"}
    return counted(sorted(bad), len(grants), "Rechte im Cluster", "system:masters nur in der Voreinstellung")


@check(
    "Eigenes Konto für jeden Dienst",
    severity=Severity.MEDIUM,
    remedy="Dem Dienst im Modul ein eigenes ServiceAccount geben, dann „pulumi up“.",
)
def own_accounts(observed: Observed) -> Verdict:
    """No two workloads share an account, and none uses `default`."""
    users: dict[str, set[str]] = {}
    for spec in observed.specs:
        users.setdefault(spec.content.get("serviceAccountName") or "default", set()).add(spec.workload or spec.place)
    bad = [
        f"{name}: {', '.join(sorted(those))}" for name, those in users.items() if len(those) > 1 or name == "default"
    ]
    return counted(bad, len(users), "Konten", "je Dienst ein eigenes")


@check(
    "Keine Token für die API in Pods",
    severity=Severity.HIGH,
    remedy="automountServiceAccountToken: false im Pod und am Konto; „pulumi up“.",
)
def no_tokens(observed: Observed) -> Verdict:
    """Neither mounted by default nor projected; the database's instance manager alone has one."""
    bad, specs = [], [spec for spec in observed.specs if spec.content.get("serviceAccountName") != DATABASE]
    refusing = {
        each["metadata"]["name"]
        for each in observed.objects("ServiceAccount")
        if each.get("automountServiceAccountToken") is False
    }
    for spec in specs:
        account = spec.content.get("serviceAccountName") or "default"
        refused = spec.content.get("automountServiceAccountToken", account not in refusing) is False
        projected = [
            volume["name"]
            for volume in spec.content.get("volumes") or []
            for source in (volume.get("projected") or {}).get("sources") or []
            if "serviceAccountToken" in source
        ]
        if not refused or projected:
            bad.append(f"{spec.place}: {', '.join(projected) or 'Token wird eingehängt'}")
    return counted(bad, len(specs), "Pods", "ohne Token")


@check(
    "Konto default ohne Rechte",
    severity=Severity.MEDIUM,
    remedy="Bindungen des Kontos default löschen und automountServiceAccountToken: false setzen.",
)
def default_account(observed: Observed) -> Verdict:
    """It has no rights and mounts no token."""
    accounts = [each for each in observed.objects("ServiceAccount") if each["metadata"]["name"] == "default"]
    bad = ["Token wird eingehängt" for each in accounts if each.get("automountServiceAccountToken") is not False]
    subject = f"system:serviceaccount:{observed.namespace}:default"
    bad += [f"Recht durch {each.binding}" for each in _grants(observed) if each.subject == subject]
    return counted(bad, len(accounts), "Konto default", "ohne Token und ohne Rechte")


@check(
    "Kein Token im Dateisystem",
    severity=Severity.HIGH,
    remedy="automountServiceAccountToken: false im Pod und am Konto; den Pod neu starten.",
    source=Source.INSIDE,
)
def token_absent(observed: Observed) -> Verdict:
    """The place where a token would stand is looked at from inside."""
    pods = [each for each in observed.pods_inside or [] if each.workload != DATABASE]
    bad = [each.name for each in pods if each.token]
    return counted(bad, len(pods), "Pods von innen", "kein Token zu finden")
