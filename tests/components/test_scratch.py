"""What a restore drill starts: the tenant's own components, and no way to or from the tenant."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from einklang.errors import UserError
from einklang.model.tenant import Status
from modules import labels
from modules.tenant import TenantArgs
from tests.components import cases, programs, rules
from tests.components.recording import Declared, objects, one, record

OUTSIDE = {"portal", "portal-setup", "front", "scanner"}


def args(*, hold: bool = False, scratch: bool = True, status: Status = Status.ACTIVE, site: bool = True) -> TenantArgs:
    made = programs.tenant_args(cases.tenant(status=status), site=cases.SITE if site else None)
    return replace(made, hold=hold, scratch=scratch)


@cache
def drill(*, hold: bool = False, status: Status = Status.ACTIVE) -> tuple[Declared, ...]:
    return tuple(record(programs.scratch(args(hold=hold, status=status)), stack="olpe.drill"))


@cache
def held() -> tuple[Declared, ...]:
    return tuple(record(programs.tenant_of(args(hold=True, scratch=False))))


RULES = [rule for rule in rules.ALL if rule is not rules.protection]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_drill_keeps_the_rules_of_every_tenant(rule: rules.Rule) -> None:
    assert list(rule(drill())) == []


def test_it_is_a_place_of_its_own_with_the_tenants_guardrails() -> None:
    (namespace,) = objects(drill(), "Namespace")
    metadata = namespace.manifest["metadata"]
    assert metadata["name"] == "drill-olpe"
    assert metadata["labels"][labels.DRILL] == "true"
    assert metadata["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert metadata["annotations"][labels.HOSTNAMES] == ""  # no route may name a host here
    assert {each.key[2] for each in objects(drill(), "ResourceQuota")} == {"quota"}
    (own,) = objects(held(), "Namespace")
    assert labels.DRILL not in own.manifest["metadata"]["labels"]


def test_nothing_leads_in_or_to_the_tenant() -> None:
    policies = {each.key[2]: each.manifest["spec"] for each in objects(drill(), "NetworkPolicy")}
    assert "default-deny" in policies
    assert not OUTSIDE & policies.keys()
    for name, spec in policies.items():
        peers = [peer for rule in spec["ingress"] for peer in rule["from"]]
        peers += [peer for rule in spec["egress"] for peer in rule.get("to", [])]
        named = [peer["namespaceSelector"]["matchLabels"] for peer in peers if "namespaceSelector" in peer]
        places = {each["kubernetes.io/metadata.name"] for each in named}
        assert places <= {"kube-system", "cnpg-system"}, name
    assert [each.key for kind in ("HTTPRoute", "Gateway") for each in objects(drill(), kind)] == []


def test_it_never_saves_and_goes_without_protection() -> None:
    assert one(drill(), "CronJob", "backup").manifest["spec"]["suspend"] is True
    assert not any(each.protect for each in drill())


def test_what_is_held_has_its_database_and_starts_nothing() -> None:
    for declared in (held(), drill(hold=True)):
        assert {each.manifest["spec"]["replicas"] for each in objects(declared, "Deployment")} == {0}
        # Pulumi would wait for pods that are not to be.
        for each in objects(declared, "Deployment"):
            assert each.manifest["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"
        assert list(objects(declared, "Job")) == []
        assert one(declared, "CronJob", "backup").manifest["spec"]["suspend"] is True
        annotations = one(declared, "Cluster", "database").manifest["metadata"]["annotations"]
        assert annotations["cnpg.io/hibernation"] == "off"
    for each in objects(drill(), "Deployment"):
        assert "pulumi.com/skipAwait" not in each.manifest["metadata"]["annotations"]
    running = {each.manifest["spec"]["replicas"] for each in objects(drill(), "Deployment")}
    assert 0 not in running


def test_what_is_held_says_so_and_a_tenant_that_rests_gets_its_data_too() -> None:
    assert one(held(), "ConfigMap", "tenant").manifest["data"]["status"] == "held"
    resting = record(programs.tenant_of(args(hold=True, scratch=False, status=Status.SUSPENDED)))
    assert one(resting, "Cluster", "database").manifest["metadata"]["annotations"]["cnpg.io/hibernation"] == "off"


def test_a_tenant_that_rests_is_rehearsed_too() -> None:
    assert 0 not in {
        each.manifest["spec"]["replicas"] for each in objects(drill(status=Status.SUSPENDED), "Deployment")
    }


def test_without_a_backup_site_there_is_nothing_to_rehearse() -> None:
    with pytest.raises(UserError, match="no backup site"):
        record(programs.scratch(args(site=False)))
