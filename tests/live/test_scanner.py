"""The virus scanner: what it finds does not come in, without it nothing does, and signatures come from a mirror."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import httpx
import pytest

from einklang import inventory
from einklang.model.tenant import Tenant
from modules import scanner
from modules.flows import FLOWS, to_mirror
from modules.network_policies import tenant_policies
from modules.scanner_configuration import SignatureMirror
from tests.live import documents, people, probes
from tests.live.probes import Pod, Target
from tests.live.stage import Stage
from tests.unit.test_dms_programs import CLAMD

WORD = f"Vertraulich{secrets.token_hex(6)}"
"""In every file here, and in no log."""
PATIENCE_SECONDS = 240


def sample() -> bytes:
    """The text that all scanners know as a test (EICAR), turned round, so that none finds it in this repository."""
    return b"*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)CC7)^P(45XZP\\4[PA@%P!O5X"[::-1]


def letter(content: bytes) -> bytes:
    return f"Sehr geehrte Damen und Herren, {WORD}\n".encode() + content + b"\nMit freundlichen Gruessen\n"


def pdf(content: bytes) -> bytes:
    """A document whose only page is compressed: the text in it stands nowhere in clear."""
    packed = zlib.compress(content)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed),
    ]
    made, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%s endobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(made)
    return made + b"xref\n0 5\n0000000000 65535 f \n" + table + end


@pytest.fixture(scope="module")
def tenant(stage: Stage) -> Tenant:
    return stage.tenants[0]


@pytest.fixture(scope="module")
def clerk(stage: Stage, tenant: Tenant) -> httpx.Client:
    """The clerk's browser, logged in at the DMS."""
    home = f"https://{tenant.hostnames.dms}/"
    wait(lambda: people.visit(stage, tenant).http.get(home).status_code < 500, "the DMS does not serve")
    return people.enter(stage, people.employ(stage, tenant, "clerk"), home)


def count(clerk: httpx.Client, tenant: Tenant) -> int:
    return int(clerk.get(f"https://{tenant.hostnames.dms}/api/v4/documents/?page_size=1").json()["count"])


def wait(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(2)


def stored(clerk: httpx.Client, address: str) -> list[str]:
    """Hashes of the files of a document, as they are downloaded; Mayan answers few questions a second."""
    answer = clerk.get(f"{address}files/")
    if answer.status_code in {404, 429}:
        return []
    contents = [clerk.get(f"{each['url']}download/").content for each in answer.json()["results"]]
    return [hashlib.sha256(content).hexdigest() for content in contents]


@contextmanager
def stopped(stage: Stage, tenant: Tenant, workload: str) -> Iterator[None]:
    """The workload without pods; with one again at the end."""

    def running() -> list[Pod]:
        return [pod for pod in probes.pods(stage, tenant.namespace) if pod.workload == workload]

    def scale(replicas: int) -> None:
        stage.kubectl("scale", f"deployment/{workload}", "-n", tenant.namespace, f"--replicas={replicas}")

    scale(0)
    try:
        wait(lambda: not running(), f"{workload} does not stop")
        yield
    finally:
        scale(1)
        stage.kubectl("rollout", "status", f"deployment/{workload}", "-n", tenant.namespace, timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize(
    ("name", "pack"), [("brief.txt", letter), ("brief.pdf", lambda text: pdf(letter(text)))], ids=["text", "pdf"]
)
def test_malware_is_refused_and_nothing_is_stored(
    stage: Stage, tenant: Tenant, clerk: httpx.Client, name: str, pack: Callable[[bytes], bytes]
) -> None:
    before = count(clerk, tenant)
    answer = documents.upload(clerk, tenant, name, pack(sample()))
    assert answer.status_code == 422, answer.text
    said = answer.json()["error"]
    assert "Der Virenscanner hat Schadsoftware gefunden" in said
    assert "Einklang.Test.EICAR" in said
    assert count(clerk, tenant) == before
    look = "grep -rlF -f - /var/lib/dms /tmp"
    for part in ("dms", "dms-worker"):
        argv = ["exec", "-i", "-n", tenant.namespace, f"deployment/{part}", "--", "sh", "-c", look]
        found = stage.kubectl(*argv, stdin=sample().decode(), check=False)
        assert (found.returncode, found.stdout) == (1, ""), found.stdout + found.stderr


@pytest.mark.parametrize(
    ("name", "content"), [("brief.txt", letter(b"")), ("brief.pdf", pdf(letter(b"")))], ids=["text", "pdf"]
)
def test_a_clean_file_is_taken(tenant: Tenant, clerk: httpx.Client, name: str, content: bytes) -> None:
    answer = documents.upload(clerk, tenant, name, content)
    assert answer.status_code == 201, answer.text
    digest = hashlib.sha256(content).hexdigest()
    wait(lambda: digest in stored(clerk, answer.json()["url"]), "the file is not stored")


def test_without_a_scanner_nothing_comes_in_and_the_rest_goes_on(
    stage: Stage, tenant: Tenant, clerk: httpx.Client
) -> None:
    before = count(clerk, tenant)
    with stopped(stage, tenant, "scanner"):
        answer = documents.upload(clerk, tenant, "brief.txt", letter(b""))
        assert answer.status_code == 422, answer.text
        assert "kann gerade nicht geprüft werden" in answer.json()["error"]
        assert count(clerk, tenant) == before
    assert documents.upload(clerk, tenant, "brief.txt", letter(b"")).status_code == 201


def test_the_pages_start_without_a_scanner(stage: Stage, tenant: Tenant) -> None:
    with stopped(stage, tenant, "scanner"), stopped(stage, tenant, "dms"):
        pass


def test_what_was_taken_in_waits_for_the_scanner(stage: Stage, tenant: Tenant, clerk: httpx.Client) -> None:
    """Looked at in the request, and again by the worker, which finds no scanner for a while."""
    content = letter(secrets.token_hex(8).encode())
    with stopped(stage, tenant, "dms-worker"):
        answer = documents.upload(clerk, tenant, "brief.txt", content)
        assert answer.status_code == 201, answer.text
        stage.kubectl("scale", "deployment/scanner", "-n", tenant.namespace, "--replicas=0")
    try:
        log = ("logs", "deployment/dms-worker", "-n", tenant.namespace)
        wait(lambda: "virus scanner" in stage.kubectl(*log).stdout, "the worker did not ask")
        assert stored(clerk, answer.json()["url"]) == []
    finally:
        stage.kubectl("scale", "deployment/scanner", "-n", tenant.namespace, "--replicas=1")
    digest = hashlib.sha256(content).hexdigest()
    wait(lambda: digest in stored(clerk, answer.json()["url"]), "the file is lost")


def test_logs_name_what_was_found_and_no_content(stage: Stage, tenant: Tenant, clerk: httpx.Client) -> None:
    documents.upload(clerk, tenant, "brief.txt", letter(sample()))
    logs = {
        name: stage.kubectl("logs", f"deployment/{name}", "-n", tenant.namespace, "--all-containers").stdout
        for name in ("scanner", "dms", "dms-worker")
    }
    for name in ("scanner", "dms"):
        assert "Einklang.Test.EICAR" in logs[name], name
    for name, text in logs.items():
        assert WORD not in text, name
        assert sample().decode() not in text, name


SCRATCH, MIRROR = "scanner-test", "scanner-test-mirror"
PORT = 8000
OWN = ("Association.Test.One", b"a sentence that the association forbids")
NEW = ("Association.Test.Two", b"another sentence, which it learns of later")


def signature(name: str, content: bytes) -> str:
    return f"{name}:0:*:{content.hex()}"


def apply(stage: Stage, *manifests: Any) -> None:
    items = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    stage.kubectl("apply", "-f", "-", stdin=json.dumps(items))


def namespace(name: str) -> dict[str, Any]:
    marks = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": marks}}


@pytest.fixture(scope="module")
def mirror(stage: Stage) -> Iterator[Pod]:
    """A web server with a database of signatures, in a namespace of its own."""
    image = _image(stage, "dms")
    given: scanner.ScannerArgs = _args(stage, SignatureMirror("http://192.0.2.1:1", 1, ("192.0.2.1/32",)))
    spec = json.loads(json.dumps(scanner.deployment(given)["spec"]["template"]["spec"]))
    (container,) = [each for each in spec["containers"] if each["name"] == "clamd"]
    for key in ("startupProbe", "readinessProbe", "livenessProbe", "lifecycle"):
        del container[key]
    serve = f"mkdir -p /tmp/srv && exec python3 -m http.server {PORT} --directory /tmp/srv"
    container |= {"name": "web", "image": image, "command": ["sh", "-c", serve]}
    container |= {"ports": [{"containerPort": PORT}], "volumeMounts": container["volumeMounts"][:1]}
    container["resources"] = {"limits": {"cpu": "500m", "memory": "64Mi"}, "requests": {"cpu": "1m", "memory": "64Mi"}}
    spec |= {"containers": [container], "volumes": spec["volumes"][:1], "serviceAccountName": "default"}
    spec["terminationGracePeriodSeconds"] = 0
    del spec["initContainers"]
    metadata = {"name": "mirror", "namespace": MIRROR, "labels": {"einklang/workload": "mirror"}}
    clear = ["delete", "namespace", SCRATCH, MIRROR, "--ignore-not-found", "--timeout=120s"]
    stage.kubectl(*clear, timeout=150)
    try:
        apply(stage, namespace(MIRROR), namespace(SCRATCH))
        apply(stage, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        stage.kubectl("wait", "--for=condition=Ready", "pod/mirror", "-n", MIRROR, "--timeout=120s", timeout=130)
        (found,) = probes.pods(stage, MIRROR)
        yield found
    finally:
        stage.kubectl(*clear, timeout=150)


def publish(stage: Stage, *signatures: tuple[str, bytes]) -> None:
    text = "".join(f"{signature(*each)}\n" for each in signatures)
    write = "cat > /tmp/srv/new && mv /tmp/srv/new /tmp/srv/association.ndb"
    stage.kubectl("exec", "-i", "-n", MIRROR, "mirror", "--", "sh", "-c", write, stdin=text)


def _image(stage: Stage, name: str) -> str:
    catalogue = json.loads(stage.settings.image_catalogue.read_text())
    (found,) = [reference for tag, reference in catalogue.items() if tag.partition(":")[0] == name]
    return str(found)


def _args(stage: Stage, chosen: SignatureMirror) -> scanner.ScannerArgs:
    resolved = inventory.load(stage.settings.root, today=date.today()).resolve(stage.tenants[0].id)
    templates = stage.settings.root / "templates"
    return scanner.ScannerArgs(resolved, SCRATCH, _image(stage, "clamav"), templates, chosen, suspended=False)


def scanner_with(stage: Stage, mirror: Pod) -> None:
    """The scanner as a tenant has it, behind the tenant's policies, with signatures from the mirror.

    Databases of ClamAV itself are signed by its makers, and nobody else can make some: here freshclam asks for the
    association's own alone.
    """
    source = SignatureMirror(f"http://{mirror.address}:{PORT}", PORT, (f"{mirror.address}/32",), ("association.ndb",))
    given = _args(stage, source)
    deployment = json.loads(json.dumps(scanner.deployment(given)))
    spec = deployment["spec"]["template"]["spec"]
    for each in (*spec["initContainers"], *spec["containers"][1:]):
        each["command"].append("--update-db=custom")
    flows = [*(flow for flow in FLOWS if flow.target == "scanner"), to_mirror(source.port, source.networks)]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "scanner", "namespace": SCRATCH}}
    no_api: Any = None
    policies = tenant_policies(SCRATCH, given.resolved.tenant.id, no_api, flows)
    apply(stage, account, *policies, scanner.config_map(given), scanner.service(given), deployment)


def running_scanner(stage: Stage) -> Pod:
    stage.kubectl("rollout", "status", "deployment/scanner", "-n", SCRATCH, timeout=PATIENCE_SECONDS)
    (found,) = [pod for pod in probes.pods(stage, SCRATCH) if pod.workload == "scanner"]
    return found


def find(pod: Pod, content: bytes) -> str:
    return str(CLAMD.scan(f"{pod.address}:3310", [b"before " + content + b" after"]))


def test_signatures_come_from_a_mirror_and_are_renewed(stage: Stage, mirror: Pod) -> None:
    publish(stage, OWN)
    scanner_with(stage, mirror)
    pod = running_scanner(stage)
    assert find(pod, OWN[1]) == f"{OWN[0]}.UNOFFICIAL"
    assert find(pod, sample()) == "Einklang.Test.EICAR.UNOFFICIAL"
    assert find(pod, NEW[1]) == find(pod, b"a letter") == ""
    time.sleep(1.1)  # dates of files on the web have whole seconds
    publish(stage, OWN, NEW)
    # What happens each hour by itself.
    update = [*scanner._UPDATE, "--update-db=custom"]
    stage.kubectl("exec", "-n", SCRATCH, pod.name, "-c", "signatures", "--", *update)
    stage.kubectl("exec", "-n", SCRATCH, pod.name, "-c", "clamd", "--", "bash", "-c", RELOAD)
    wait(lambda: find(pod, NEW[1]) == f"{NEW[0]}.UNOFFICIAL", "the new signature is not known")
    assert find(pod, OWN[1]) == f"{OWN[0]}.UNOFFICIAL"


RELOAD = r"exec 3<>/dev/tcp/127.0.0.1/3310; printf 'zRELOAD\0' >&3; read -r -d '' answer <&3; test $answer = RELOADING"


def test_it_reaches_the_mirror_and_nothing_else(stage: Stage, mirror: Pod) -> None:
    pod = running_scanner(stage)
    assert probes.connects(stage, pod, Target("mirror", mirror.address, PORT))
    (web,) = [each for each in probes.pods(stage, stage.tenants[0].namespace) if each.workload == "dms"]
    assert not probes.connects(stage, pod, Target("a tenant's DMS", web.address, 8080))


def test_without_its_first_signatures_it_does_not_serve(stage: Stage, mirror: Pod) -> None:
    """A mirror that is away: the pod waits, and is not half a scanner in the meantime."""
    before = running_scanner(stage)
    stage.kubectl("exec", "-n", MIRROR, "mirror", "--", "rm", "/tmp/srv/association.ndb")
    stage.kubectl("delete", "pod", before.name, "-n", SCRATCH)

    def failed() -> bool:
        pods = stage.get("pods", "-n", SCRATCH, "-l", "einklang/workload=scanner")["items"]
        states = [each for pod in pods for each in pod["status"].get("initContainerStatuses", [])]
        return any(each["restartCount"] > 0 and not each.get("ready") for each in states)

    wait(failed, "the first update does not fail")
    endpoints = stage.get("endpoints", "scanner", "-n", SCRATCH)
    assert not [each for each in endpoints.get("subsets", []) if each.get("addresses")]
    publish(stage, OWN)
    assert find(running_scanner(stage), OWN[1]) == f"{OWN[0]}.UNOFFICIAL"
