"""After an attack: what of the restored data was a secret is made worthless before anything starts on it.

Whatever Pulumi generates is new already, as the stack is. Here are the secrets within the data: Keycloak's signing
keys, sessions and clients, users' credentials as the standard says, the sessions and tokens of the document management,
and the portal's keys. Tables: Keycloak 26 (org.keycloak.models.jpa.entities), Mayan 4.12 (Django 4.2); safe to repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from einklang.model.recovery import CHANGE, INVITE, RENEW, Rotation

PORTAL_SETUP = "portal-setup"
PORTAL_KEYS = "portal-keys"

# Keycloak makes keys for which there is no provider when it needs them (DefaultKeyManager, createFallbackKeys).
_IDENTITY = """
DELETE FROM component_config WHERE component_id IN
  (SELECT id FROM component WHERE provider_type = 'org.keycloak.keys.KeyProvider');
DELETE FROM component WHERE provider_type = 'org.keycloak.keys.KeyProvider';
DELETE FROM offline_client_session;
DELETE FROM offline_user_session;
DELETE FROM client_initial_access;
UPDATE client SET registration_token = NULL;
UPDATE client SET secret = gen_random_uuid() || '-' || gen_random_uuid()
  WHERE secret IS NOT NULL AND client_id <> 'einklang-setup';
CREATE TEMPORARY TABLE staff ON COMMIT DROP AS
WITH RECURSIVE
  roles AS (
    SELECT id FROM keycloak_role WHERE name = 'staff' AND NOT client_role
    UNION SELECT composite FROM composite_role JOIN roles ON child_role = roles.id
  ),
  groups AS (
    SELECT group_id AS id FROM group_role_mapping WHERE role_id IN (SELECT id FROM roles)
    UNION SELECT keycloak_group.id FROM keycloak_group JOIN groups ON parent_group = groups.id
  )
SELECT user_id FROM user_role_mapping WHERE role_id IN (SELECT id FROM roles)
UNION SELECT user_id FROM user_group_membership WHERE group_id IN (SELECT id FROM groups);
"""
_SECOND_FACTORS = """
INSERT INTO user_required_action (user_id, required_action)
  SELECT DISTINCT user_id, 'CONFIGURE_TOTP' FROM credential WHERE type NOT IN ('password', 'password-history')
  ON CONFLICT DO NOTHING;
DELETE FROM credential WHERE type NOT IN ('password', 'password-history');
"""
_CHANGE = """
INSERT INTO user_required_action (user_id, required_action)
  SELECT DISTINCT user_id, 'UPDATE_PASSWORD' FROM credential
  WHERE type = 'password' AND user_id {which} (SELECT user_id FROM staff) ON CONFLICT DO NOTHING;
"""
# It may not be chosen again, either.
_INVITE = """
UPDATE credential SET type = 'password-history'
  WHERE type = 'password' AND user_id IN (SELECT user_id FROM staff);
"""
_DMS = """
DELETE FROM authtoken_token;
DELETE FROM django_session;
UPDATE auth_user SET password = '!' || gen_random_uuid();
"""
# As the portal's set-up does (images/portal/einklang_portal/site_setup.py); each ring forgets all keys that it had.
_PORTAL = """
import transaction
import Zope2
from zope.component import getUtility
from zope.component.hooks import setSite
from Zope2.Startup.run import configure_wsgi
from plone.keyring.interfaces import IKeyManager
configure_wsgi({configuration!r})
site = Zope2.app()["Plone"]
setSite(site)
manager = getUtility(IKeyManager)
rings = list(manager.keys())
for ring in rings:
    manager.clear(ring=ring)
    manager.rotate(ring=ring)
transaction.get().note("einklang: new keys")
transaction.commit()
print(len(rings), "rings have new keys")
"""


def statements(application: str, policy: Rotation) -> str:
    """SQL that makes the secrets within an application's database worthless, as one transaction; empty for none."""
    if application == "dms":
        return _DMS
    if application != "identity":
        return ""
    parts = [_IDENTITY]
    # While the passwords are still passwords.
    parts += [_CHANGE.format(which="IN")] if policy.staff_passwords == CHANGE else []
    parts += [_CHANGE.format(which="NOT IN")] if policy.citizen_passwords == CHANGE else []
    parts += [_SECOND_FACTORS] if policy.second_factors == RENEW else []
    parts += [_INVITE] if policy.staff_passwords == INVITE else []
    return "".join(parts)


def portal_job(setup: Mapping[str, Any]) -> dict[str, Any]:
    """A Job that gives the portal new keys, made from the one that set it up: the same image, account and rights."""
    template = deepcopy(dict(setup["spec"]["template"]))
    container = template["spec"]["containers"][0]
    # The first argument of the set-up is its module, the second the configuration.
    script = _PORTAL.format(configuration=container["args"][1])
    container |= {"name": "keys", "command": ["python3", "-c", script], "args": []}
    labels = template["metadata"].get("labels", {})
    own = ("controller-uid", "job-name")
    template["metadata"] = {"labels": {key: value for key, value in labels.items() if not key.endswith(own)}}
    template["spec"]["restartPolicy"] = "Never"
    metadata = {"name": PORTAL_KEYS, "namespace": setup["metadata"]["namespace"], "labels": setup["metadata"]["labels"]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {"backoffLimit": 3, "activeDeadlineSeconds": 300, "template": template},
    }
