"""The tenant's own space: namespace, quota, limits, volumes, and that it is what its file and its standard say."""

from __future__ import annotations

from einklang.model.finding import Result, Severity
from einklang.model.standard import Quota
from einklang.operations.audit.observed import (
    HOSTNAMES_ANNOTATION,
    STANDARD_LABEL,
    TENANT_LABEL,
    Manifest,
    NotObservedError,
    Observed,
)
from einklang.operations.audit.quantities import amount
from einklang.operations.audit.registry import Verdict, check, counted

_MODES = ("enforce", "warn", "audit")
_LIMITED = ("requests.cpu", "limits.cpu", "requests.memory", "limits.memory", "requests.storage", "pods")
_COUNTED = ("services", "persistentvolumeclaims", "secrets", "configmaps")
_NONE = ("services.nodeports", "services.loadbalancers")
_ENCRYPTED = ("encrypted", "encryption", "einklang/encrypted")


@check(
    "Eigener Namensraum",
    severity=Severity.HIGH,
    remedy="Den Namensraum mit „pulumi up“ neu anlegen; in ihm steht nur, was das Label des Mandanten trägt.",
)
def namespace_own(observed: Observed) -> Verdict:
    """One namespace, marked as this tenant's, and no other namespace carries the mark."""
    tenant = observed.resolved.tenant.id
    marked = [
        each["metadata"]["name"]
        for each in observed.cluster.of_kind("Namespace")
        if (each["metadata"].get("labels") or {}).get(TENANT_LABEL) == tenant
        # For some minutes a restore drill stands in a namespace of its own (docs/adr/0019).
        and each["metadata"]["name"] != observed.resolved.tenant.drill_namespace
    ]
    own = observed.own_namespace()["metadata"]["name"]
    bad = [name for name in marked if name != own] + ([] if own in marked else [f"{own}: ohne Label {TENANT_LABEL}"])
    return counted(bad, len(marked) or 1, "Namensräume", "genau ein Namensraum gehört dem Mandanten")


@check(
    "Standard-Namensraum ungenutzt",
    severity=Severity.LOW,
    remedy="Was im Namensraum default steht, in einen eigenen Namensraum umziehen oder löschen.",
)
def default_namespace_empty(observed: Observed) -> Verdict:
    """Nothing runs in `default`."""
    if not any(each["metadata"]["name"] == "default" for each in observed.cluster.of_kind("Namespace")):
        raise NotObservedError("der Namensraum default ist nicht zu sehen")
    kinds = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Service")
    found = [
        f"{each['kind']}/{each['metadata']['name']}"
        for kind in kinds
        for each in observed.cluster.within("default", kind)
        if (each["kind"], each["metadata"]["name"]) != ("Service", "kubernetes")
    ]
    return counted(found, len(kinds), "Arten von Objekten in default", "dort läuft nichts")


@check(
    "Pod Security erzwungen",
    severity=Severity.HIGH,
    remedy="Die Labels pod-security.kubernetes.io/* des Namensraums auf restricted setzen: „pulumi up“.",
)
def pod_security(observed: Observed) -> Verdict:
    """Admission refuses, warns and logs what is not `restricted`."""
    labels = observed.own_namespace()["metadata"].get("labels") or {}
    found = {mode: labels.get(f"pod-security.kubernetes.io/{mode}", "fehlt") for mode in _MODES}
    bad = [f"{mode}: {level}" for mode, level in found.items() if level != "restricted"]
    return counted(bad, len(_MODES), "Modi von Pod Security", "restricted")


@check(
    "Quota des Namensraums",
    severity=Severity.MEDIUM,
    remedy="Die ResourceQuota mit „pulumi up“ wiederherstellen.",
)
def resource_quota(observed: Observed) -> Verdict:
    """CPU, memory, storage and the numbers of objects are bounded; ports on nodes and load balancers are not to be."""
    hard = _hard(observed)
    bad = [f"{key}: ohne Grenze" for key in (*_LIMITED, *_COUNTED) if key not in hard]
    bad += [f"{key}: {hard.get(key, 'ohne Grenze')}" for key in _NONE if hard.get(key) != "0"]
    return counted(bad, len(_LIMITED + _COUNTED + _NONE), "Grenzen der Quota", "alle sind gesetzt")


@check(
    "Quota wie im Standard",
    severity=Severity.MEDIUM,
    remedy="Ist die Änderung gewollt, gehört sie in den Standard; sonst stellt „pulumi up“ die Werte wieder her.",
)
def quota_as_standard(observed: Observed) -> Verdict:
    """The quota is that of the size class: somebody who raised it by hand is found."""
    hard, wanted = _hard(observed), _wanted(observed.resolved.size.quota)
    bad = [
        f"{key}: {hard.get(key, 'fehlt')} statt {value}"
        for key, value in wanted.items()
        if key not in hard or amount(hard[key]) != amount(value)
    ]
    return counted(bad, len(wanted), "Werte der Quota", "wie die Größenklasse im Standard")


@check(
    "Grenzen für Container ohne Angabe",
    severity=Severity.MEDIUM,
    remedy="Den LimitRange mit „pulumi up“ wiederherstellen.",
)
def limit_range(observed: Observed) -> Verdict:
    """Containers that say nothing get defaults, and none may take more than a maximum."""
    limits = [
        limit
        for each in observed.objects("LimitRange")
        for limit in each["spec"]["limits"]
        if limit["type"] == "Container"
    ]
    if not limits:
        return Verdict(Result.FAIL, "Der Namensraum hat keinen LimitRange für Container.")
    missing = [
        f"{part}.{resource}"
        for part in ("default", "defaultRequest", "max")
        for resource in ("cpu", "memory")
        if not any(resource in (limit.get(part) or {}) for limit in limits)
    ]
    return counted(missing, 6, "Angaben des LimitRange", "Vorgabe, Anforderung und Höchstwert für CPU und Speicher")


@check(
    "Stand des Mandanten nachvollziehbar",
    severity=Severity.MEDIUM,
    remedy="„pulumi up“ für den Mandanten: dann stimmen Cluster und Datei der Kommune wieder überein.",
)
def standard_recorded(observed: Observed) -> Verdict:
    """Namespace and record name the standard, key, size, status and hostnames of the tenant file."""
    resolved, namespace = observed.resolved, observed.own_namespace()["metadata"]
    record = observed.config("tenant")
    wanted = {
        "standard": resolved.standard.version,
        "ags": resolved.tenant.ags,
        "size": resolved.size.name.value,
        "status": resolved.tenant.status.value,
    }
    bad = [f"{key}: {record.get(key)} statt {value}" for key, value in wanted.items() if record.get(key) != value]
    label = (namespace.get("labels") or {}).get(STANDARD_LABEL)
    if label != resolved.standard.version:
        bad.append(f"Label {STANDARD_LABEL}: {label} statt {resolved.standard.version}")
    hostnames = (namespace.get("annotations") or {}).get(HOSTNAMES_ANNOTATION, "")
    if hostnames != ",".join(resolved.tenant.hostnames.all()):
        bad.append(f"Adressen: {hostnames}")
    return counted(bad, len(wanted) + 2, "Angaben am Namensraum", "wie in der Datei der Kommune")


@check(
    "Nichts Überzähliges",
    severity=Severity.MEDIUM,
    remedy="Das genannte Objekt hat nicht Einklang angelegt: Herkunft klären, dann löschen.",
)
def nothing_surplus(observed: Observed) -> Verdict:
    """Every workload, policy and right carries the tenant's label, or belongs to something that does."""
    kinds = (
        "Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Service", "NetworkPolicy", "Role",
        "RoleBinding", "ServiceAccount", "PersistentVolumeClaim", "Gateway", "HTTPRoute",
    )  # fmt: skip
    found = [each for kind in kinds for each in observed.objects(kind)]
    bad = [
        f"{each['kind']}/{each['metadata']['name']}"
        for each in found
        if (each["metadata"].get("labels") or {}).get(TENANT_LABEL) != observed.resolved.tenant.id
        and not each["metadata"].get("ownerReferences")
    ]
    return counted(bad, len(found), "Objekte", "jedes gehört zum Mandanten")


@check(
    "Datenträger nur aus der Klasse des Standards",
    severity=Severity.MEDIUM,
    remedy="Den Anspruch löschen (seine Daten vorher sichern) und mit der Klasse einklang neu anlegen.",
)
def claims_of_class(observed: Observed) -> Verdict:
    """Every claim names the one class, and the class deletes a volume with its claim."""
    claims = observed.objects("PersistentVolumeClaim")
    classes = {each["metadata"]["name"]: each for each in observed.cluster.of_kind("StorageClass")}
    bad = []
    for claim in claims:
        name = claim["spec"].get("storageClassName", "")
        if name != "einklang":
            bad.append(f"{claim['metadata']['name']}: Klasse {name or 'ohne Namen'}")
        elif classes.get(name, {}).get("reclaimPolicy") != "Delete":
            bad.append(f"{claim['metadata']['name']}: die Klasse behält den Datenträger")
    return counted(bad, len(claims), "Ansprüche auf Datenträger", "Klasse einklang, die mit dem Anspruch löscht")


@check(
    "Keine fremden Datenträger",
    severity=Severity.HIGH,
    remedy="Den genannten Datenträger lösen und löschen; Mandanten bekommen nur neue.",
)
def own_volumes(observed: Observed) -> Verdict:
    """Each bound volume belongs to this tenant's claim, and was made for it."""
    volumes = {each["metadata"]["name"]: each for each in observed.cluster.of_kind("PersistentVolume")}
    claims = [claim for claim in observed.objects("PersistentVolumeClaim") if claim["spec"].get("volumeName")]
    bad = []
    for claim in claims:
        volume = volumes.get(claim["spec"]["volumeName"])
        if volume is None:
            raise NotObservedError(f"der Datenträger {claim['spec']['volumeName']} ist nicht zu sehen")
        owner = volume["spec"].get("claimRef") or {}
        made_for = "pv.kubernetes.io/provisioned-by" in (volume["metadata"].get("annotations") or {})
        if (owner.get("namespace"), owner.get("uid")) != (observed.namespace, claim["metadata"]["uid"]) or not made_for:
            bad.append(f"{claim['metadata']['name']}: {claim['spec']['volumeName']}")
    return counted(bad, len(claims), "Datenträger", "jeder wurde für diesen Mandanten angelegt")


@check(
    "Datenträger verschlüsselt",
    severity=Severity.MEDIUM,
    remedy="Eine Speicherklasse wählen, die verschlüsselt (Parameter encrypted), oder verschlüsselte Datenträger der "
    'Knoten an der Klasse vermerken: Annotation einklang/encrypted: "true".',
)
def storage_encrypted(observed: Observed) -> Verdict:
    """The class of every claim says that it encrypts, by its parameters or by the operators' word on it."""
    classes = {each["metadata"]["name"]: each for each in observed.cluster.of_kind("StorageClass")}
    names = sorted({claim["spec"].get("storageClassName", "") for claim in observed.objects("PersistentVolumeClaim")})
    bad = [
        f"Speicherklasse {name}: keine Angabe zur Verschlüsselung"
        for name in names
        if not encrypts(classes.get(name, {"metadata": {}}))
    ]
    return counted(bad, len(names), "Speicherklassen", "die Klasse verschlüsselt")


def encrypts(storage_class: Manifest) -> bool:
    """Whether a storage class says that its volumes are encrypted."""
    said = {**(storage_class.get("parameters") or {}), **(storage_class["metadata"].get("annotations") or {})}
    return any(str(said.get(key, "")).lower() in {"true", "yes", "luks"} for key in _ENCRYPTED)


def _hard(observed: Observed) -> dict[str, str]:
    hard: dict[str, str] = {}
    for each in observed.objects("ResourceQuota"):
        hard |= each["spec"].get("hard") or {}
    return hard


def _wanted(quota: Quota) -> dict[str, str]:
    return {
        "requests.cpu": f"{quota.cpu_request_millicores}m",
        "limits.cpu": f"{quota.cpu_limit_millicores}m",
        "requests.memory": f"{quota.memory_mib}Mi",
        "limits.memory": f"{quota.memory_mib}Mi",
        "requests.storage": f"{quota.storage_gib}Gi",
        "pods": str(quota.pods),
        "services": str(quota.services),
        "persistentvolumeclaims": str(quota.volumes),
        "secrets": str(quota.secrets),
        "configmaps": str(quota.config_maps),
    }
