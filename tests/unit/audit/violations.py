"""For each check, ways to break exactly what it looks for. A check without one fails the suite (test_checks.py)."""

from __future__ import annotations

from tests.unit.audit.planting import (
    Violation,
    account,
    added,
    admission,
    another_space,
    answer,
    bound,
    client,
    config,
    container,
    database_without_tls,
    environment,
    foreign_volume,
    inside,
    judged,
    namespace_label,
    no_code_for_staff,
    page,
    peer,
    pod,
    policy,
    quota,
    realm,
    removed,
    repository,
    repository_at_a_service,
    rights_of_everybody,
    rule,
    saved,
    saver_value,
    security,
    shell_as_cluster_admin,
    site,
    template,
    volume,
)
from tests.unit.audit.recorded import Facts, namespace, one

NODE_AGENT = {"kind": "Group", "name": "system:masters"}
HOST_PATH = volume(hostPath={"path": "/"})
TAGGED = "registry.einklang.example/portal:latest"
ELSEWHERE = f"elsewhere.example/portal@sha256:{'0' * 64}"

VIOLATIONS: dict[str, list[Violation]] = {
    "namespace-own": [another_space, namespace_label("einklang/tenant", "other")],
    "default-namespace-empty": [lambda facts: added(facts, "Pod", "stray", in_namespace="default", spec={}, status={})],
    "pod-security": [
        namespace_label("pod-security.kubernetes.io/enforce", "baseline"),
        namespace_label("pod-security.kubernetes.io/audit", "privileged"),
    ],
    "resource-quota": [quota("limits.memory", None), quota("services.nodeports", "1"), quota("secrets", None)],
    "quota-as-standard": [quota("pods", "500"), quota("limits.cpu", "99")],
    "limit-range": [
        lambda facts: removed(facts, "LimitRange", "limits"),
        lambda facts: one(facts, "LimitRange", "limits")["spec"]["limits"][0].pop("max"),
    ],
    "standard-recorded": [
        namespace_label("einklang/standard", "2025.1"),
        lambda facts: one(facts, "ConfigMap", "tenant")["data"].update(size="L"),
        lambda facts: one(facts, "Namespace", namespace(facts))["metadata"]["annotations"].update(
            {"einklang/hostnames": "www.elsewhere.example"}
        ),
    ],
    "nothing-surplus": [lambda facts: added(facts, "Deployment", "miner", spec={"template": {"spec": pod(facts)}})],
    "claims-of-class": [
        lambda facts: one(facts, "PersistentVolumeClaim", "dms-files")["spec"].update(storageClassName="standard"),
        lambda facts: one(facts, "StorageClass", "einklang").update(reclaimPolicy="Retain"),
    ],
    "own-volumes": [foreign_volume],
    "storage-encrypted": [lambda facts: one(facts, "StorageClass", "einklang")["metadata"].pop("annotations")],
    "host-namespaces": [
        lambda facts: pod(facts).update(hostPID=True),
        lambda facts: pod(facts).update(hostIPC=True),
        lambda facts: template(facts).update(hostNetwork=True),
    ],
    "host-ports": [lambda facts: container(facts).update(ports=[{"containerPort": 1, "hostPort": 1}])],
    "host-paths": [HOST_PATH],
    "volume-types": [HOST_PATH, volume(nfs={"server": "192.0.2.1", "path": "/"}), volume(gitRepo={"repository": "x"})],
    "privileged": [lambda facts: security(facts).update(privileged=True)],
    "privilege-escalation": [
        lambda facts: security(facts).update(allowPrivilegeEscalation=True),
        lambda facts: security(facts).pop("allowPrivilegeEscalation"),
    ],
    "capabilities": [
        lambda facts: security(facts).update(capabilities={"drop": ["ALL"], "add": ["NET_RAW"]}),
        lambda facts: security(facts).update(capabilities={"drop": ["NET_RAW"]}),
        lambda facts: security(facts).pop("capabilities"),
    ],
    "run-as-non-root": [
        lambda facts: pod(facts)["securityContext"].pop("runAsNonRoot"),
        lambda facts: security(facts).update(runAsUser=0),
        lambda facts: template(facts)["securityContext"].update(runAsNonRoot=False),
    ],
    "seccomp": [
        lambda facts: pod(facts)["securityContext"].update(seccompProfile={"type": "Unconfined"}),
        lambda facts: pod(facts)["securityContext"].pop("seccompProfile"),
    ],
    "pod-security-others": [
        lambda facts: pod(facts)["securityContext"].update(sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
        lambda facts: pod(facts)["securityContext"].update(seLinuxOptions={"type": "spc_t"}),
        lambda facts: security(facts).update(appArmorProfile={"type": "Unconfined"}),
        lambda facts: security(facts).update(procMount="Unmasked"),
        lambda facts: security(facts).update(windowsOptions={"hostProcess": True}),
        lambda facts: container(facts).update(livenessProbe={"httpGet": {"host": "192.0.2.1", "port": 1}}),
    ],
    "read-only-root": [lambda facts: security(facts).update(readOnlyRootFilesystem=False)],
    "resource-limits": [lambda facts: container(facts)["resources"]["limits"].pop("memory")],
    "probes": [
        lambda facts: container(facts).pop("livenessProbe"),
        lambda facts: template(facts)["containers"][0].pop("readinessProbe"),
    ],
    "init-containers": [
        lambda facts: pod(facts).update(initContainers=[{**container(facts), "securityContext": {"privileged": True}}])
    ],
    "images-by-digest": [lambda facts: container(facts).update(image=TAGGED)],
    "images-from-registry": [lambda facts: container(facts).update(image=ELSEWHERE)],
    "running-images": [
        lambda facts: one(facts, "Pod", "portal")["status"]["containerStatuses"][0].update(imageID=ELSEWHERE)
    ],
    "known-vulnerabilities": [
        lambda facts: facts["vulnerabilities"].update(known=[("portal", TAGGED, "bash", "5.2", "CVE-2026-1", "5.3")])
    ],
    "secrets-by-reference": [
        environment("DB_PASSWORD", "planted-value"),
        environment("DATABASE", "postgresql://portal:planted-value@database/portal"),
        lambda facts: container(facts).update(args=["--client-secret=planted-value"]),
    ],
    "config-without-secrets": [
        config("settings", "-----BEGIN " + "PRIVATE KEY-----\nMIIB"),
        config("password", "planted-value"),
        config("app.ini", 'password = "planted-value"'),
    ],
    "secrets-encrypted": [lambda facts: facts.update(encryption=[]), lambda facts: facts.update(encryption=["1:"])],
    "default-deny": [
        lambda facts: removed(facts, "NetworkPolicy", "default-deny"),
        policy("default-deny", policyTypes=["Ingress"]),
        policy("default-deny", egress=[{}]),
        lambda facts: added(facts, "NetworkPolicy", "open", spec={"podSelector": {}, "ingress": [{}]}),
    ],
    "micro-segmentation": [
        lambda facts: removed(facts, "NetworkPolicy", "portal"),
        policy("portal", podSelector={"matchLabels": {"einklang/tenant": "attendorn"}}),
    ],
    "no-wide-peers": [
        peer(ipBlock={"cidr": "0.0.0.0/0"}),
        peer(ipBlock={"cidr": "10.0.0.0/16"}),
        peer(namespaceSelector={}, podSelector={"matchLabels": {"a": "b"}}),
        peer(
            namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "tenant-olpe"}},
            podSelector={"matchLabels": {"a": "b"}},
        ),
        peer(namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}),
        policy("portal", ingress=[{}]),
        policy("portal", ingress=[{"from": [{"podSelector": {"matchLabels": {"a": "b"}}}]}]),
    ],
    "services-inside": [
        lambda facts: one(facts, "Service", "portal")["spec"].update(type="NodePort"),
        lambda facts: one(facts, "Service", "portal")["spec"].update(externalIPs=["192.0.2.1"]),
    ],
    "own-hostnames": [
        lambda facts: one(facts, "HTTPRoute", "portal")["spec"].update(hostnames=["www.olpe.example"]),
        lambda facts: one(facts, "HTTPRoute", "portal")["spec"].pop("hostnames"),
        lambda facts: one(facts, "Gateway", "tenant")["spec"]["listeners"][0].update(
            allowedRoutes={"namespaces": {"from": "All"}}
        ),
        lambda facts: added(facts, "ReferenceGrant", "planted", spec={}),
    ],
    "tenants-unreachable": [lambda facts: facts["crossings"].update(opened=["portal-x -> 192.0.2.1:5432"])],
    "no-cluster-admin": [
        shell_as_cluster_admin,
        lambda facts: bound(
            facts,
            account(facts, "portal"),
            role={"kind": "ClusterRole", "name": "system:monitoring"},
            cluster_wide=True,
        ),
    ],
    "no-wildcards": [
        lambda facts: added(facts, "Role", "planted", rules=[rule("*", "pods")]),
        lambda facts: bound(facts, account(facts, "portal"), rules=[rule("get", "*")]),
    ],
    "no-anonymous-rights": [
        rights_of_everybody("system:unauthenticated"),
        rights_of_everybody("system:authenticated"),
        rights_of_everybody("system:serviceaccounts:tenant-attendorn"),
    ],
    "anonymous-refused": [lambda facts: facts.update(anonymous_status=200)],
    "deployer-limited": [
        lambda facts: one(facts, "Role", "deployer")["rules"].append(rule("update", "resourcequotas")),
        lambda facts: one(facts, "Role", "deployer")["rules"].append(rule("create", "pods/exec")),
        lambda facts: bound(
            facts,
            account(facts, "deployer"),
            role={"kind": "ClusterRole", "name": "system:monitoring"},
            cluster_wide=True,
        ),
    ],
    "no-escalating-rights": [
        lambda facts, rights=rights: bound(facts, account(facts, "portal"), rules=[rights])  # type: ignore[misc]
        for rights in (
            rule("escalate", "roles", "rbac.authorization.k8s.io"),
            rule("create", "persistentvolumes"),
            rule("get", "nodes/proxy"),
            rule("update", "certificatesigningrequests/approval"),
            rule("patch", "validatingwebhookconfigurations"),
            rule("create", "serviceaccounts/token"),
            rule("create", "rolebindings"),
        )
    ],
    "secrets-readers": [
        lambda facts: bound(facts, account(facts, "portal"), rules=[rule("get", "secrets")]),
        lambda facts: bound(facts, account(facts, "database"), rules=[rule("list", "secrets")]),
    ],
    "pod-creators": [lambda facts: bound(facts, account(facts, "portal"), rules=[rule("create", "jobs", "batch")])],
    "own-subjects": [
        lambda facts: bound(
            facts,
            {"kind": "ServiceAccount", "name": "portal", "namespace": "tenant-olpe"},
            role={"kind": "Role", "name": "deployer"},
        ),
        lambda facts: bound(facts, {"kind": "User", "name": "erika"}, role={"kind": "Role", "name": "deployer"}),
    ],
    "no-masters": [
        lambda facts: bound(
            facts, NODE_AGENT, role={"kind": "ClusterRole", "name": "system:monitoring"}, cluster_wide=True
        )
    ],
    "own-accounts": [
        lambda facts: pod(facts).update(serviceAccountName="default"),
        lambda facts: pod(facts).update(serviceAccountName="dms"),
    ],
    "no-tokens": [
        lambda facts: pod(facts).update(automountServiceAccountToken=True),
        volume(projected={"sources": [{"serviceAccountToken": {"path": "token"}}]}),
    ],
    "default-account": [
        lambda facts: one(facts, "ServiceAccount", "default").pop("automountServiceAccountToken"),
        lambda facts: bound(facts, account(facts, "default"), rules=[rule("get", "pods")]),
    ],
    "token-absent": [inside(token=True)],
    "admission-policies": [
        lambda facts: removed(facts, "ValidatingAdmissionPolicy", "einklang-images"),
        admission("einklang-labels", failurePolicy="Ignore"),
        admission("einklang-exec", matchConstraints={"namespaceSelector": {"matchLabels": {"a": "b"}}}),
        lambda facts: one(facts, "ValidatingAdmissionPolicyBinding", "einklang-tokens")["spec"].update(
            validationActions=["Warn"]
        ),
        admission("einklang-services", matchConditions=[{"name": "never", "expression": "false"}]),
    ],
    "password-policy": [realm(passwordPolicy="length(4)"), realm(passwordPolicy="")],
    "brute-force": [realm(bruteForceProtected=False), realm(failureFactor=1000), realm(maxFailureWaitSeconds=1)],
    "second-factor": [no_code_for_staff, realm(browserFlow="browser"), realm(directGrantFlow="direct grant")],
    "code-flow-only": [
        client(directAccessGrantsEnabled=True),
        client(implicitFlowEnabled=True),
        client(redirectUris=["https://elsewhere.example/"]),
        client(redirectUris=["https://www.attendorn.example/*"]),
        client(attributes={}),
    ],
    "login-events": [realm(eventsEnabled=False), realm(eventsExpiration=60), realm(adminEventsEnabled=False)],
    "backup-job": [
        lambda facts: removed(facts, "CronJob", "backup"),
        lambda facts: one(facts, "CronJob", "backup")["spec"].update(suspend=True),
        lambda facts: one(facts, "CronJob", "backup")["status"].update(lastSuccessfulTime="2026-01-01T00:00:00Z"),
        lambda facts: one(facts, "CronJob", "backup")["status"].clear(),
    ],
    "backup-complete": [
        judged("recovery point", "the newest backup is 90 h old"),
        judged("parts", "the run lacks database/dms"),
        judged("snapshots", "gone from the site: files"),
        judged("readable", "restic: Fatal"),
        saved(newest="2026-01-01T00:00:00+00:00"),
    ],
    "restore-rehearsed": [
        judged("drill", "there was no restore drill yet; every 90 days one is due"),
        judged("drill", "the restore drill of 2026-10-01 is no proof: the evidence has another signature"),
    ],
    "backup-scope": [
        saver_value("BACKUP_DATABASES", "identity portal"),
        saver_value("BACKUP_FILES", ""),
        saver_value("BACKUP_TENANT", "olpe"),
    ],
    "backup-elsewhere": [
        repository("rest:https://backup.storage.svc:8000/attendorn/"),
        repository("rest:http://192.0.2.7:8000/attendorn/"),
        repository("/var/backups"),
        repository_at_a_service,
    ],
    "backup-credentials": [
        volume(secret={"secretName": "backup"}),
        volume(projected={"sources": [{"secret": {"name": "backup"}}]}),
        lambda facts: container(facts).update(envFrom=[{"secretRef": {"name": "backup"}}]),
        lambda facts: container(facts)
        .setdefault("env", [])
        .append({"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "backup", "key": "repository-key"}}}),
    ],
    "backup-encrypted": [saved(key="another key"), saved(stranger="opens"), saved(same_key=["olpe"])],
    "backup-append-only": [saved(removal=200), saved(removal=404)],
    "backup-private": [saved(anonymous=200), saved(foreign=[["olpe", 200]]), saved(foreign=[["somebody-else", 404]])],
    "tls-versions": [
        site(tls={"TLS 1.0": True, "TLS 1.1": False, "TLS 1.2": True, "TLS 1.3": True}),
        site(tls={"TLS 1.0": False, "TLS 1.1": True, "TLS 1.2": True, "TLS 1.3": True}),
    ],
    "certificate": [site(verified=False), site(certificate_ends="2026-11-25T00:00:00+00:00")],
    "https-only": [
        site(plain={"status": 200, "headers": {}, "cookies": []}),
        site(plain={"status": 301, "headers": {"location": "https://elsewhere.example/"}, "cookies": []}),
        site(plain={"status": 301, "headers": {"location": "http://id.attendorn.example/"}, "cookies": []}),
    ],
    "hsts": [page(strict_transport_security=None), page(strict_transport_security="max-age=60")],
    "page-headers": [
        page(content_security_policy=None),
        page(x_content_type_options=None),
        page(content_security_policy="default-src 'self'", x_frame_options=None),
    ],
    "no-banners": [page(server="nginx/1.22"), page(x_powered_by="Zope")],
    "no-open-cors": [page(access_control_allow_origin="*")],
    "cookies": [
        answer("portal", "/", cookies=["__ac; Path=/; HttpOnly; SameSite=Lax"]),
        answer("portal", "/", cookies=["__ac; Path=/; Secure; SameSite=Lax"]),
        answer("portal", "/", cookies=["__ac; Path=/; Secure; HttpOnly"]),
    ],
    "admin-pages-closed": [
        answer("identity", "/admin/", status=302),
        answer("portal", "/manage", status=200),
        answer("dms", "/admin/", status=200),
    ],
    "login-by-identity": [
        answer("dms", "/", status=200),
        answer("dms", "/authentication/login/", status=200),
        answer("portal", "/login", status=302, headers={"location": "https://elsewhere.example/"}),
    ],
    "foreign-redirects-refused": [
        answer("dms", "/?next=https%3A%2F%2Ffremd.example%2F", status=302, headers={"location": "//fremd.example/x"}),
    ],
    "processes-non-root": [inside(users=[0, 65532]), inside(users=[])],
    "processes-without-rights": [inside(capabilities=1), inside(no_new_privileges=False)],
    "seccomp-active": [inside(seccomp=0)],
    "root-mounted-read-only": [inside(root_read_only=False)],
    "ports-as-declared": [inside(listening=[8080, 4444])],
    "database-tls": [database_without_tls],
    "packages-known": [inside(packages=[])],
}


def no_plan(facts: Facts) -> None:
    """Marks the case that is not in the cluster: a tenant whose class the standard does not know."""
    facts["backup_class"] = "none"


VIOLATIONS["backup-plan"] = [no_plan]
