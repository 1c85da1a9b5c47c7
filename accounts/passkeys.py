"""A creator's passkeys: allauth's authenticators, kept and checked by its own code (WebAuthn).

They are another way in beside the mailed code (accounts.adapter.MfaAdapter says why they are no
second factor). Who works for a brand keeps theirs with the staff login, where recovery codes go
with them; `kept_here` says which of the two it is.
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

from accounts.audit_log.security_log import log_event
from accounts.codes import spend_code
from accounts.models import CodePurpose, User
from accounts.selectors import brands_of

MOST = 20
LONGEST_NAME = 60
# What allauth and fido2 raise for JSON that is no answer of an authenticator.
REFUSED = (ValidationError, ValueError, TypeError, KeyError, AttributeError, IndexError)


class PasskeyError(Exception):
    """What the browser sent is no passkey of ours, or not for this ceremony."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """One of a person's passkeys."""

    id: int
    name: str
    added_at: datetime
    used_at: datetime | None


def kept_here(user: User) -> bool:
    """Whether this person's passkeys are kept in the portal."""
    return not user.is_staff and not brands_of(user)


def passkeys_of(user: User) -> list[Passkey]:
    """The user's passkeys, oldest first."""
    return [_passkey(row) for row in _rows(user).order_by("created_at", "pk")]


def passkey_of(user: User, passkey_id: int) -> Passkey | None:
    """One of the user's own; None for somebody else's and for one that isn't there, alike."""
    row = _rows(user).filter(pk=passkey_id).first()
    return _passkey(row) if row else None


def registration_options(user: User) -> dict[str, Any]:
    """What a browser needs to make a passkey. The challenge waits in the session."""
    return dict(auth.begin_registration(user, passwordless=True))


def login_options() -> dict[str, Any]:
    """What a browser needs to log in with any passkey of ours. The challenge waits the same."""
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
    """Keep the passkey that a browser made just now.

    Spends `code`, which was mailed for this and entered: raises accounts.codes.CodeOverError.
    Raises PasskeyError for anything that no authenticator of this ceremony made, and past MOST.
    """
    spend_code(public_id=code, purpose=CodePurpose.PASSKEYS, address=user.email, now=now)
    if _rows(user).count() >= MOST:
        raise PasskeyError
    try:
        auth.parse_registration_response(credential)
        made = auth.complete_registration(dict(credential))
    except REFUSED as error:
        raise PasskeyError from error
    if not made.is_user_verified():
        raise PasskeyError
    added = auth.WebAuthn.add(user, name[:LONGEST_NAME], dict(credential)).instance
    transaction.on_commit(partial(log_event, "passkey.added", user=user))
    return _passkey(added)


def rename_passkey(*, user: User, passkey_id: int, name: str) -> bool:
    """Give one of the user's own passkeys another name; False when there is none of that id."""
    row = _rows(user).filter(pk=passkey_id).first()
    if row is None:
        return False
    row.data = {**row.data, "name": name[:LONGEST_NAME]}
    row.save(update_fields=["data"])
    return True


def remove_passkey(*, user: User, passkey_id: int) -> bool:
    """Have one of the user's own passkeys open nothing any more; False for no such one."""
    removed = bool(_rows(user).filter(pk=passkey_id).delete()[0])
    if removed:
        log_event("passkey.removed", user=user)
    return removed


def authenticate(credential: Any) -> Authenticator:
    """The passkey that signed this browser's challenge. Raises PasskeyError for anything else.

    A touch alone is refused whatever the challenge was made for: one that asks for a second factor
    asks for no more than a touch.
    """
    try:
        signed = auth.parse_authentication_response(credential)
        if not signed.response.authenticator_data.is_user_verified():
            raise PasskeyError
        user = auth.extract_user_from_response(credential)
        if not user.is_active:
            raise PasskeyError
        return auth.complete_authentication(user, credential)
    except REFUSED as error:
        raise PasskeyError from error


def _rows(user: User) -> Any:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)


def _passkey(row: Authenticator) -> Passkey:
    return Passkey(row.pk, row.data.get("name", ""), row.created_at, row.last_used_at)
