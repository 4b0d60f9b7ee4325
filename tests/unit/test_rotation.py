"""What a rotation does to the secrets within restored data, by the policy of the standard."""

from __future__ import annotations

import pytest

from einklang.model.recovery import Rotation
from einklang.operations.recover import rotation
from tests.unit.test_recover import SETUP


def policy(factors: str = "renew", staff: str = "invite", citizens: str = "change") -> Rotation:
    return Rotation(second_factors=factors, staff_passwords=staff, citizen_passwords=citizens)


def test_keys_sessions_and_clients_go_whatever_the_policy_says() -> None:
    kept = rotation.statements("identity", policy("keep", "keep", "keep"))
    for table in ("component_config", "offline_user_session", "offline_client_session", "client_initial_access"):
        assert f"DELETE FROM {table}" in kept  # noqa: S608 - it is looked for, not run
    assert "UPDATE client SET secret" in kept
    assert "credential" not in kept
    assert "user_required_action" not in kept


STAFF, CITIZENS = "user_id IN (SELECT user_id FROM staff) ON", "user_id NOT IN (SELECT user_id FROM staff) ON"
HISTORY = "SET type = 'password-history'"


@pytest.mark.parametrize(
    ("chosen", "expected", "missing"),
    [
        (policy(), ["CONFIGURE_TOTP", HISTORY, CITIZENS], [STAFF]),
        (policy(staff="change"), [STAFF, CITIZENS], [HISTORY]),
        (policy(citizens="keep"), ["CONFIGURE_TOTP", HISTORY], ["UPDATE_PASSWORD"]),
        (policy(factors="keep"), ["UPDATE_PASSWORD"], ["CONFIGURE_TOTP"]),
    ],
)
def test_users_credentials_follow_the_policy(chosen: Rotation, expected: list[str], missing: list[str]) -> None:
    text = rotation.statements("identity", chosen)
    assert [part for part in expected if part not in text] == []
    assert [part for part in missing if part in text] == []


def test_passwords_are_marked_before_they_are_taken_away() -> None:
    text = rotation.statements("identity", policy())
    assert text.index("UPDATE_PASSWORD") < text.index("SET type = 'password-history'")
    assert text.index(
        "INSERT INTO user_required_action (user_id, required_action)\n  SELECT DISTINCT user_id, 'CONF"
    ) < (text.index("DELETE FROM credential"))


def test_the_document_management_forgets_its_sessions_and_the_portal_has_no_tables_of_its_own() -> None:
    assert "DELETE FROM django_session" in rotation.statements("dms", policy())
    assert rotation.statements("portal", policy()) == ""


def test_the_portals_keys_are_made_by_a_job_like_its_set_up() -> None:
    job = rotation.portal_job(SETUP)
    template = job["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert container["command"][:2] == ["python3", "-c"]
    compile(container["command"][2], "keys", "exec")
    assert "configure_wsgi('/etc/zope.conf')" in container["command"][2]
    assert template["metadata"]["labels"] == {"a": "b"}
    assert job["metadata"] == {"name": "portal-keys", "namespace": "tenant-olpe", "labels": {"a": "b"}}
    assert "command" not in SETUP["spec"]["template"]["spec"]["containers"][0]  # type: ignore[index]
