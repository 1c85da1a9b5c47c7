"""A creator's passkeys: stored and checked by allauth (WebAuthn).

They are an alternative to the mailed code; accounts.adapter.MfaAdapter says why they are not a
second factor. Staff manage their passkeys with the staff login, which has recovery codes too;
`manages_passkeys_in_portal` says which of the two applies.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from accounts.audit_log.security_log import log_event
from accounts.codes import spend_code
from accounts.models import CodePurpose, User
from accounts.selectors import brands_of
from core.kept_queries import kept_query

MAX_PASSKEYS = 20
MAX_PASSKEY_NAME_LENGTH = 60
# What allauth and fido2 raise for JSON that is not the response of an authenticator.
INVALID_CREDENTIAL_ERRORS = (
    ValidationError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
)


class PasskeyError(Exception):
    """The browser sent an unknown passkey, or one for another challenge."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """One of a person's passkeys."""

    id: int
    name: str
    added_at: datetime
    used_at: datetime | None


def manages_passkeys_in_portal(user: User) -> bool:
    """Whether this person manages their passkeys in the portal."""
    return not user.is_staff and not brands_of(user)


def passkeys_of(user: User) -> list[Passkey]:
    """The user's passkeys, oldest first."""
    return [_passkey(row) for row in _passkeys(user_id=user.pk)]


@kept_query
def _passkeys(*, user_id: int) -> QuerySet[Authenticator]:
    return _rows(user_id).order_by("created_at", "pk")


def passkey_of(user: User, passkey_id: int) -> Passkey | None:
    """One of the user's passkeys; None if it is somebody else's or does not exist."""
    row = _rows(user).filter(pk=passkey_id).first()
    return _passkey(row) if row else None


def registration_options(user: User) -> dict[str, Any]:
    """What a browser needs to make a passkey. The challenge is stored in the session."""
    return dict(auth.begin_registration(user, passwordless=True))


def login_options() -> dict[str, Any]:
    """What a browser needs to log in with a passkey. The challenge is stored in the session."""
    return dict(auth.begin_authentication())


@transaction.atomic
def add_passkey(
    *,
    user: User,
    name: str,
    credential: Mapping[str, Any],
    code: uuid.UUID,
    now: datetime,
) -> Passkey:
    """Save the passkey that a browser has just made.

    Uses up `code`, which was mailed for this and entered: raises accounts.codes.ExpiredCodeError.
    Raises PasskeyError for an invalid credential, and if the user has MAX_PASSKEYS already.
    """
    spend_code(public_id=code, purpose=CodePurpose.PASSKEYS, address=user.email, now=now)
    if _rows(user).count() >= MAX_PASSKEYS:
        raise PasskeyError
    try:
        auth.parse_registration_response(credential)
        made = auth.complete_registration(dict(credential))
    except INVALID_CREDENTIAL_ERRORS as error:
        raise PasskeyError from error
    if not made.is_user_verified():
        raise PasskeyError
    added = auth.WebAuthn.add(user, name[:MAX_PASSKEY_NAME_LENGTH], dict(credential)).instance
    transaction.on_commit(partial(log_event, "passkey.added", user=user))
    return _passkey(added)


def rename_passkey(*, user: User, passkey_id: int, name: str) -> bool:
    """Rename one of the user's passkeys; False when there is none with that id."""
    row = _rows(user).filter(pk=passkey_id).first()
    if row is None:
        return False
    row.data = {**row.data, "name": name[:MAX_PASSKEY_NAME_LENGTH]}
    row.save(update_fields=["data"])
    return True


def remove_passkey(*, user: User, passkey_id: int) -> bool:
    """Delete one of the user's passkeys; False when there is none with that id."""
    removed = bool(_rows(user).filter(pk=passkey_id).delete()[0])
    if removed:
        log_event("passkey.removed", user=user)
    return removed


def authenticate(credential: Any) -> Authenticator:
    """The passkey that signed this browser's challenge. Raises PasskeyError for anything else.

    User verification (a PIN or finger) is required, also for the challenge of a second factor,
    for which a touch would be enough.
    """
    try:
        signed = auth.parse_authentication_response(credential)
        if not signed.response.authenticator_data.is_user_verified():
            raise PasskeyError
        user = auth.extract_user_from_response(credential)
        if not user.is_active:
            raise PasskeyError
        return auth.complete_authentication(user, credential)
    except INVALID_CREDENTIAL_ERRORS as error:
        raise PasskeyError from error


def _rows(user: User | int) -> QuerySet[Authenticator]:
    found: QuerySet[Authenticator] = Authenticator.objects.filter(
        user=user, type=Authenticator.Type.WEBAUTHN
    )
    return found


def _passkey(row: Authenticator) -> Passkey:
    return Passkey(row.pk, row.data.get("name", ""), row.created_at, row.last_used_at)
