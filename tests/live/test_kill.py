"""Every part of a tenant is killed under use: it comes back by itself, and what was taken in is still there."""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from einklang.clients.keycloak import Keycloak
from einklang.model.tenant import Tenant
from tests.live import documents, people, probes, waiting
from tests.live.people import visit
from tests.live.probes import Pod
from tests.live.stage import Stage

WORKLOADS = ("front", "portal", "dms", "dms-worker", "dms-broker", "scanner", "identity", "database")
WORDS = ("Gehwegabsenkung", "Baumschutz", "Spielplatz", "Standplatz", "Parkausweis")
"""Of the scanned letter; what is no word is sometimes read as another."""
PAUSE_SECONDS = 0.5
AT_ONCE = 10
SETTLED_SECONDS = 300
"""What comes after a kill waits this long for the tenant to be well again."""


BETWEEN = """
import os
from types import SimpleNamespace
from kombu import Connection, Exchange, Queue
from einklang_dms import redelivery

address = f"redis://:{os.environ['DMS_BROKER_PASSWORD']}@{os.environ['DMS_BROKER_HOST']}/9"

def connect():
    return Connection(address, transport="einklang_dms.broker:Transport")

def next_one():
    message = queue.get()
    return message and message.payload

worker = SimpleNamespace(connection_for_read=connect, amqp=SimpleNamespace(queues={"trial": None}))
with connect() as connection:
    channel = connection.default_channel
    queue = Queue("trial", Exchange("trial"), routing_key="trial")(channel)
    queue.declare()
    for text in ("first", "second", "third"):
        connection.Producer().publish(text, exchange="trial", routing_key="trial", headers={"task": "trial"})
    redelivery.give_back(worker, ())
    queue.get().ack()
    channel.client.brpop("trial")  # and whoever did it is dead: it can tell nobody
    for seen in (next_one(), next_one()):
        print(seen)
    redelivery.give_back(worker, ())
    redelivery.give_back(worker, ())
    for message in (queue.get(), queue.get()):
        print(message.payload)
        message.ack()
    redelivery.give_back(worker, ())
    print(next_one(), channel.client.keys("unacked*"))
    channel.client.flushdb()
"""
"""In the broker of a tenant, in a database that nothing else uses."""


@dataclass
class Use:
    """People at work. missed: page -> when it was not served. taken: address of an accepted document -> its hash."""

    tenant: Tenant
    clerk: httpx.Client
    citizen: httpx.Client
    missed: dict[str, list[float]] = field(default_factory=dict)
    answers: dict[str, list[httpx.Response]] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def read(self) -> None:
        """A citizen who opens the start page, past the front's copy of it, and the login."""
        pages = {
            "portal": f"https://{self.tenant.hostnames.portal}/?at=",
            "identity": f"https://{self.tenant.hostnames.identity}/realms/{self.tenant.id}/account/?at=",
        }
        while not self.stop.wait(PAUSE_SECONDS):
            for name, address in pages.items():
                self._try(name, self.citizen.get, address + secrets.token_hex(4))

    def write(self) -> None:
        """A clerk who brings one letter after the other."""
        while not self.stop.wait(2 * PAUSE_SECONDS):
            content = f"Vermerk {secrets.token_hex(16)}".encode()
            answer = self._try(
                "dms", lambda content=content: documents.upload(self.clerk, self.tenant, "vermerk.txt", content)
            )  # type: ignore[misc]
            if answer is not None and answer.status_code == 201:
                self.taken[answer.json()["url"]] = hashlib.sha256(content).hexdigest()

    def _try(self, name: str, ask: Callable[..., httpx.Response], *about: Any) -> httpx.Response | None:
        try:
            answer = ask(*about)
        except (httpx.TransportError, ValueError):  # no answer, or a page where the API's JSON was due
            self.missed.setdefault(name, []).append(time.monotonic())
            return None
        if answer.status_code >= 500:
            self.missed.setdefault(name, []).append(time.monotonic())
            self.answers.setdefault(name, []).append(answer)
        return answer


@contextmanager
def in_use(tenant: Tenant, clerk: httpx.Client, citizen: httpx.Client) -> Iterator[Use]:
    use = Use(tenant, clerk, citizen)
    threads = [threading.Thread(target=work) for work in (use.read, use.write)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(2)
        yield use
    finally:
        use.stop.set()
        for thread in threads:
            thread.join(120)


@pytest.fixture(scope="module")
def tenant(stage: Stage) -> Tenant:
    return stage.tenants[0]


@pytest.fixture(scope="module")
def clerk(stage: Stage, tenant: Tenant) -> httpx.Client:
    """The clerk's browser, logged in at the DMS; its session outlives what is killed."""
    employee = people.employ(stage, tenant, "clerk")
    return people.enter(stage, employee, f"https://{tenant.hostnames.dms}/")


def kill(pod: Pod) -> int:
    """SIGKILL to every process of the pod's containers, as a crash or a lack of memory would; how many."""
    killed = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            ours = (
                pod.uid in (entry / "cgroup").read_text() or pod.uid.replace("-", "_") in (entry / "cgroup").read_text()
            )
            if ours and (entry / "comm").read_text().strip() != "pause":
                os.kill(int(entry.name), signal.SIGKILL)
                killed += 1
    return killed


def patience(stage: Stage, tenant: Tenant, pod: Pod) -> int:
    """How long the pod's own probes let it take from its start until it serves, in seconds."""
    spec = stage.get("pod", pod.name, "-n", tenant.namespace)["spec"]["containers"][0]
    start, ready = spec.get("startupProbe") or {}, spec.get("readinessProbe") or {}
    return sum(int(each.get("periodSeconds", 10) * each.get("failureThreshold", 3)) for each in (start, ready) if each)


def restarts(stage: Stage, tenant: Tenant, pod: Pod) -> int:
    statuses = stage.get("pod", pod.name, "-n", tenant.namespace)["status"]["containerStatuses"]
    return sum(int(each["restartCount"]) for each in statuses)


def well(stage: Stage, tenant: Tenant) -> bool:
    found = stage.get("pods", "-n", tenant.namespace, "--field-selector=status.phase=Running")["items"]
    return all(each["ready"] for pod in found for each in pod["status"]["containerStatuses"])


def until(condition: Callable[[], object]) -> None:
    waiting.until(condition, SETTLED_SECONDS, "the tenant is well again")


@pytest.mark.parametrize("workload", WORKLOADS)
def test_killed_it_comes_back_and_nothing_is_lost(
    stage: Stage, tenant: Tenant, clerk: httpx.Client, workload: str
) -> None:
    """Under use; the database's only instance is its primary."""
    until(lambda: well(stage, tenant))
    (pod,) = [each for each in probes.pods(stage, tenant.namespace) if each.workload == workload]
    allowed, before = patience(stage, tenant, pod), restarts(stage, tenant, pod)
    word = random.choice(WORDS)
    with in_use(tenant, clerk, visit(stage, tenant).http) as use:
        scanned = documents.upload(clerk, tenant, "brief.png", documents.scan(f"Antrag auf {word}"), "image/png")
        assert scanned.status_code == 201, scanned.text
        start = time.monotonic()
        assert kill(pod) > 0
        until(lambda: restarts(stage, tenant, pod) > before and well(stage, tenant))
        back = time.monotonic() - start
        # What was not served in the meantime is served again.
        time.sleep(5)
    outages = {name: f"{max(times) - start:.0f} s" for name, times in use.missed.items()}
    print(f"{workload}: ready after {back:.0f} s (allowed {allowed} s); last failed request: {outages or 'none'}")
    assert back <= allowed
    assert len(use.taken) > 0
    for address, digest in use.taken.items():
        documents.wait_for_file(clerk, address, digest)
    documents.wait_for_text(clerk, scanned.json()["url"], word)
    if workload == "portal":
        page = use.answers["portal"][0]
        assert page.status_code == 503
        assert tenant.name in page.text
        assert "Retry-After" in page.headers


def test_after_the_database_nobody_meets_a_connection_of_before(
    stage: Stage, tenant: Tenant, clerk: httpx.Client
) -> None:
    """Its pod goes without a farewell, as with a lost node: who was connected hears nothing, nor that it is gone."""
    citizen, names = visit(stage, tenant).http, tenant.hostnames
    read = ((citizen, f"https://{names.portal}/"), (clerk, f"https://{names.dms}/api/v4/documents/"))

    def everywhere(keycloak: Keycloak) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = [pool.submit(keycloak.get, f"/{tenant.id}/users", search=word) for word in WORDS * 8]
            pages = [
                pool.submit(client.get, f"{address}?at={secrets.token_hex(4)}")  # past the front's copy
                for client, address in read
                for _ in range(AT_ONCE)
            ]
            assert {tuple(each.result()) for each in found} == {()}
            assert {each.result().status_code for each in pages} == {200}

    with people.connected(stage, tenant) as keycloak:
        everywhere(keycloak)
    pods = probes.pods(stage, tenant.namespace)
    (database,) = [each for each in pods if each.workload == "database"]
    others = {each: restarts(stage, tenant, each) for each in pods if each != database}
    probes.cut_off(database)
    # Not by force: the next one must not come while this one still has the files open.
    stage.kubectl("delete", "pod", database.name, "-n", tenant.namespace, "--grace-period=1", timeout=SETTLED_SECONDS)
    selector = ("-n", tenant.namespace, "-l", "cnpg.io/podRole=instance")
    until(lambda: stage.get("pods", *selector)["items"])
    stage.kubectl("wait", "--for=condition=Ready", "pod", *selector, "--timeout=180s", timeout=190)
    until(lambda: well(stage, tenant))
    with people.connected(stage, tenant) as keycloak:
        everywhere(keycloak)
    assert {each: restarts(stage, tenant, each) for each in others} == others


def test_a_task_that_was_on_its_way_from_the_queue_to_the_worker_is_not_lost(stage: Stage, tenant: Tenant) -> None:
    """Where the broker, the worker or their connection dies in this moment; the kills above meet it now and then."""
    pod = ("exec", "-n", tenant.namespace, "deploy/dms-worker", "--")
    seen = stage.kubectl(*pod, "python3", "-W", "ignore", "-c", BETWEEN).stdout.split()
    assert seen[:2] == ["third", "None"]
    assert sorted(seen[2:4]) == ["second", "third"]
    assert seen[4:] == ["None", "[]"]
