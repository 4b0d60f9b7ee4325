"""Who comes in, as whom, and with which rights: what the token of the tenant's identity service says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, Group
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from mayan.apps.authentication_oidc.django_authentication_backends import DjangoAuthenticationBackendOIDC

CLAIM = "groups"
REFUSED = "einklang_refused"
"""Key of the session: somebody logged in who has no role here."""


def roles(claims: Mapping[str, Any]) -> set[str]:
    """The roles of the DMS among those of the token."""
    named = claims.get(CLAIM)
    return set(settings.EINKLANG["roles"]) & set(named if isinstance(named, list) else [])


def username(_: str | None, claims: Mapping[str, Any]) -> str:
    """The account's name: the subject, which never changes and is never given to somebody else."""
    return str(claims["sub"])


class Staff(DjangoAuthenticationBackendOIDC):
    """Users by subject, their groups from the token at every login."""

    def verify_token(self, token: str, **kwargs: Any) -> Any:
        """Signature, nonce, issuer, audience and expiry (OpenID Connect Core 1.0, section 3.1.3.7)."""
        try:
            payload = super().verify_token(token, **kwargs)
        except jwt.PyJWTError as error:
            raise SuspiciousOperation(f"no valid token: {error}") from error
        audience = payload.get("aud")
        audience = audience if isinstance(audience, list) else [audience]
        if payload.get("iss") != settings.EINKLANG["issuer"] or self.OIDC_RP_CLIENT_ID not in audience:
            raise SuspiciousOperation("a token of another issuer or for another client")
        return payload

    def get_userinfo(self, access_token: str, id_token: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The ID token says everything, and it is verified: no further request."""
        return payload

    def verify_claims(self, claims: Mapping[str, Any]) -> bool:
        """Whether somebody may come in. Whoever may not is told so by the page of refusal."""
        allowed = bool(claims.get("sub")) and bool(roles(claims))
        if not allowed:
            self.request.session[REFUSED] = True
        return allowed

    def filter_users_by_claims(self, claims: Mapping[str, Any]) -> Any:
        """By subject; an e-mail address can pass to somebody else."""
        return self.UserModel.objects.filter(username=username(None, claims))

    def create_user(self, claims: Mapping[str, Any]) -> AbstractBaseUser:
        """A user without a password."""
        user = self.UserModel(username=username(None, claims))
        user.set_unusable_password()
        user._event_ignore = True
        user.save()
        return self.update_user(user, claims)

    def update_user(self, user: AbstractBaseUser, claims: Mapping[str, Any]) -> AbstractBaseUser:
        """Name, address and groups as the token has them: what was taken away in the realm is gone here."""
        user._event_ignore = True
        user.first_name = str(claims.get("given_name", ""))[:150]
        user.last_name = str(claims.get("family_name", ""))[:150]
        user.email = str(claims.get("email", ""))[:254]
        user.is_staff = user.is_superuser = False
        user.save(update_fields=("first_name", "last_name", "email", "is_staff", "is_superuser"))
        with transaction.atomic():
            user.groups.set([Group.objects.get_or_create(name=role)[0] for role in sorted(roles(claims))])
        return user

    def get_or_create_user(self, access_token: str, id_token: str, payload: Mapping[str, Any]) -> Any:
        """The user, whose session of the identity service is noted for the logout that it sends."""
        user = super().get_or_create_user(access_token, id_token, payload)
        if user:
            # Read by sessions.keep: the session of this request is not yet that of the user.
            user.einklang_sid = str(payload.get("sid", ""))
        return user

    def logout_token(self, token: str) -> Mapping[str, Any]:
        """The claims of a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6).

        Raises SuspiciousOperation or jwt.PyJWTError where it is none of this realm for this client.
        """
        claims: Mapping[str, Any] = jwt.decode(
            token,
            self.retrieve_matching_jwk(token),
            algorithms=[self.OIDC_RP_SIGN_ALGO],
            audience=self.OIDC_RP_CLIENT_ID,
            issuer=settings.EINKLANG["issuer"],
            options={"require": ["iat", "exp", "aud", "iss"]},
        )
        event = "http://schemas.openid.net/event/backchannel-logout"
        if event not in claims.get("events", {}) or "nonce" in claims or not (claims.get("sid") or claims.get("sub")):
            raise SuspiciousOperation("no logout token")
        return claims
