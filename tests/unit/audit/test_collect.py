"""Collecting: what is listed, how a pod's words are read, whom a tenant tries to reach."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from einklang.clients import inside
from einklang.clients.inside import Place, PodFacts
from einklang.clients.kubernetes import Kubernetes
from einklang.clients.outside import Way
from einklang.errors import ClientError
from einklang.operations import audit
from einklang.operations.audit import collect
from einklang.operations.audit.observed import Cluster, Observed
from einklang.operations.audit.paths import all_of
from einklang.operations.audit.registry import Source
from einklang.progress import Silent
from tests.unit.audit import recorded, samples

FAKE = """#!/bin/sh
echo "$*" >> "$0.calls"
while [ "${1#--}" != "$1" ]; do shift; done
case "$*" in
  "get namespaces"*) cat "$0.objects";;
  "get --raw /version") echo '{"gitVersion": "v1.34.4"}';;
  "get --raw /metrics") cat "$0.metrics" || exit 1;;
  "auth whoami"*) echo '{"status": {"userInfo": {"username": "system:serviceaccount:a:b"}}}';;
  "config view"*) echo '{"server": "https://127.0.0.1:1"}';;
  *) echo "not found" >&2; exit 1;;
esac
"""
METRICS = """\
# TYPE apiserver_storage_transformation_operations_total counter
apiserver_storage_transformation_operations_total{resource="secrets",status="OK",transformation_type="to_storage",\
transformer_prefix="k8s:enc:secretbox:v1:"} 32
apiserver_storage_transformation_operations_total{resource="configmaps",status="OK",transformation_type="to_storage",\
transformer_prefix="k8s:enc:other:v1:"} 32
"""


@pytest.fixture
def kubectl(tmp_path: Path) -> Path:
    program = tmp_path / "kubectl"
    program.write_text(FAKE)
    program.chmod(0o755)
    Path(f"{program}.objects").write_text(json.dumps({"items": recorded.facts()["objects"]}))
    Path(f"{program}.metrics").write_text(METRICS)
    return program


def client(kubectl: Path, *, as_user: str | None = None) -> Kubernetes:
    return Kubernetes(kubectl, kubectl.parent / "config", as_user=as_user)


def test_the_cluster_is_read_as_the_audit_identity(kubectl: Path) -> None:
    seen = collect.cluster(client(kubectl, as_user=collect.AUDITOR))
    calls = Path(f"{kubectl}.calls").read_text().splitlines()
    assert all(f"--as={collect.AUDITOR}" in call for call in calls)
    assert not any("secrets" in call for call in calls)
    assert seen.version == "v1.34.4"
    assert seen.encryption == ("k8s:enc:secretbox:v1:",)
    assert seen.anonymous_status is None  # nobody answers there: that is no 401
    assert len(seen.within("tenant-attendorn", "Pod")) > 5


def test_metrics_that_are_refused_are_no_answer(kubectl: Path) -> None:
    Path(f"{kubectl}.metrics").unlink()
    assert collect.cluster(client(kubectl)).encryption is None


def test_objects_that_may_not_be_listed_are_an_error(kubectl: Path) -> None:
    Path(f"{kubectl}.objects").unlink()
    with pytest.raises(ClientError):
        collect.cluster(client(kubectl))


def test_a_platform_without_the_audit_identity_is_told_what_to_do(kubectl: Path) -> None:
    kubectl.write_text("#!/bin/sh\necho 'pods is forbidden: User cannot list' >&2\nexit 1\n")
    with pytest.raises(ClientError, match="apply the stack platform"):
        collect.cluster(client(kubectl))


def test_an_audit_of_recorded_objects_runs_from_end_to_end(kubectl: Path) -> None:
    access = audit.Access(client(kubectl), kubectl.parent / "config", Way("127.0.0.1"))
    done = audit.run(
        [recorded.resolved()], access, samples.CATALOGUES, [Source.OBJECTS], lambda: samples.NOW, Silent(),
        jobs=2, versions={"einklang": "0.1.0"},
    )  # fmt: skip
    assert done.identity == "system:serviceaccount:a:b"
    assert done.versions == {"einklang": "0.1.0", "kubernetes": "v1.34.4"}
    assert [each.check for each in done.findings if not each.result.holds] == ["anonymous-refused"]


def test_what_does_not_answer_is_trouble_and_no_exception(kubectl: Path) -> None:
    access = audit.Access(client(kubectl), kubectl.parent / "config", Way("127.0.0.1", https_port=1, http_port=1))
    found = collect.tenant(recorded.resolved(), Cluster([]), access, samples.NOW, [Source.OUTSIDE])
    assert set(found.troubles) == {Source.OUTSIDE}
    assert found.sites is None


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pods that ended before somebody looked into them."""

    def ended(*_: object) -> None:
        raise ClientError("terminated with exit code 137")

    monkeypatch.setattr(inside, "look", ended)
    monkeypatch.setattr(inside, "connect", ended)


def look_inside(kubectl: Path, *, of_job: bool) -> Observed:
    facts = recorded.facts()
    for each in facts["objects"]:
        if each["kind"] == "Pod" and of_job:
            each["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "setup"}]
    access = audit.Access(client(kubectl), kubectl.parent / "config", Way())
    return collect.tenant(recorded.resolved(), Cluster(facts["objects"]), access, samples.NOW, [Source.INSIDE])


@pytest.mark.usefixtures("gone")
def test_a_job_that_ends_meanwhile_is_left_out_and_said(kubectl: Path) -> None:
    found = look_inside(kubectl, of_job=True)
    assert not found.troubles
    assert {each.unreached for each in found.pods_inside or []} == {"the job ended"}
    assert found.crossings is not None
    assert found.crossings.attempts == 0


def test_a_pod_that_was_replaced_meanwhile_is_looked_for_again(kubectl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Place] = []

    def look(_: Path, place: Place) -> PodFacts:
        calls.append(place)
        if len(calls) == 1:
            raise ClientError("terminated with exit code 137")
        return PodFacts(place.pod, place.workload)

    monkeypatch.setattr(inside, "look", look)
    monkeypatch.setattr(inside, "connect", lambda *_: None)
    found = look_inside(kubectl, of_job=False)
    assert not found.troubles
    assert found.pods_inside


@pytest.mark.usefixtures("gone")
def test_a_service_that_cannot_be_looked_into_is_trouble(kubectl: Path) -> None:
    assert set(look_inside(kubectl, of_job=False).troubles) == {Source.INSIDE}


PLACE = Place("tenant-olpe", "portal-1", "plone", "portal")
SAID = """\
user 65532
user 65532
CapEff: 0000000000000000
NoNewPrivs: 1
Seccomp: 2
root ro
listen 00000000:1F90
listen 0100007F:1F4A
listen 00000000000000000000000000000000:2328
listen 0000000000000000FFFF00000100007F:8C2B
listen 00000000000000000000000001000000:8C2C
package libc6 2.36-9
"""


def test_what_a_pod_says_is_read() -> None:
    assert inside.parsed(PLACE, SAID) == PodFacts(
        "portal-1", "portal", users=(65532,), no_new_privileges=True, seccomp=2, root_read_only=True,
        listening=(8080, 9000), packages=("libc6 2.36-9",),
    )  # fmt: skip


def test_what_is_wrong_in_a_pod_is_read_too() -> None:
    said = SAID.replace("user 65532\n", "user 0\n", 1).replace("root ro", "root rw")
    said = said.replace("CapEff: 0000000000000000", "CapEff: 00000000a80425fb") + "token yes\ndatabase-tls off\n"
    found = inside.parsed(PLACE, said)
    assert (found.users, found.root_read_only, found.token, found.database_tls) == ((0, 65532), False, True, "off")
    assert found.capabilities == 0xA80425FB


def test_a_pod_that_says_nothing_has_nothing_that_passes() -> None:
    found = inside.parsed(PLACE, "")
    assert (found.users, found.root_read_only, found.seccomp, found.no_new_privileges) == ((), False, 0, False)


def spaces(*names: str) -> Cluster:
    return Cluster(
        [{"kind": "Namespace", "metadata": {"name": name, "labels": {"einklang/tenant": name}}} for name in names]
        + [{"kind": "Namespace", "metadata": {"name": "kube-system"}}]
    )


def test_everybody_is_somebodys_neighbour() -> None:
    names = ["tenant-a", "tenant-b", "tenant-c", "tenant-d"]
    seen = spaces(*names)
    assert collect.neighbours(seen, "tenant-c") == ["tenant-d", "tenant-a"]
    assert {other for name in names for other in collect.neighbours(seen, name)} == set(names)
    assert all(name not in collect.neighbours(seen, name) for name in names)
    assert collect.neighbours(spaces("tenant-a"), "tenant-a") == []


def test_only_what_would_answer_is_tried() -> None:
    """A pod that is not ready answers nobody, and would look like isolation."""
    facts = recorded.facts()
    seen = Cluster(facts["objects"])
    addresses = {address for address, _ in collect.listening(seen, "tenant-attendorn")}
    assert recorded.one(facts, "Pod", "portal")["status"]["podIP"] in addresses
    recorded.one(facts, "Pod", "portal")["status"]["containerStatuses"][0]["ready"] = False
    addresses = {address for address, _ in collect.listening(Cluster(facts["objects"]), "tenant-attendorn")}
    assert recorded.one(facts, "Pod", "portal")["status"]["podIP"] not in addresses


@pytest.mark.parametrize("application", ["identity", "portal", "dms"])
def test_a_site_is_asked_for_each_path_once(application: str) -> None:
    paths = all_of(application, "olpe")
    assert paths[0] == "/"
    assert len(paths) == len(set(paths)) > 5
