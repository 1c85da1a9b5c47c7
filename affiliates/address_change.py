"""Change the address of a login and of the creator's account: both, or neither.

A code proves that the person reads the new address. The old address then gives access to neither.
A brand's member row does not change, and so the brand's mail still goes to the address that the
brand has: the person tells the brand, which changes it. Accounts are never merged: an address that
another login or creator has is refused.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.codes import spend_code
from accounts.models import CodePurpose, Staff, User
from accounts.proven_addresses import move_address
from accounts.selectors import brands_of
from accounts.sessions import delete_sessions
from affiliates.models import Creator
from core.tenancy import acting_for


class AddressTakenError(ValueError):
    """Another login or creator has this address."""


def change_address(
    *, user: User, address: str, code: uuid.UUID, session_key: str | None, now: datetime
) -> str:
    """Give the user a new address and return the old one, which the caller mails.

    Uses up `code`, which was mailed to the new address for this and entered; every session but
    `session_key` ends. Raises accounts.codes.ExpiredCodeError and AddressTakenError.
    """
    address = address.strip().lower()
    try:
        with transaction.atomic():
            return _change(user, address, code=code, session_key=session_key, now=now)
    except IntegrityError as error:  # somebody else took the address at the same time
        raise AddressTakenError(address) from error


def _change(
    user: User, address: str, *, code: uuid.UUID, session_key: str | None, now: datetime
) -> str:
    spend_code(public_id=code, purpose=CodePurpose.NEW_ADDRESS, address=address, now=now)
    creator = Creator.objects.select_for_update().filter(user=user).first()
    if User.objects.filter(email=address).exclude(pk=user.pk).exists():
        raise AddressTakenError(address)
    if creator is not None and Creator.objects.filter(email=address).exists():
        raise AddressTakenError(address)
    by = Actor.of_user(user)
    before = move_address(user=user, address=address, now=now)
    if creator is not None:
        creator.email = address
        creator.save(update_fields=["email"])
    for place in brands_of(user):
        with acting_for(place.brand):
            audit.record(
                action="staff.address_changed",
                target=Staff.objects.get(user=user),
                by=by,
                now=now,
                email=address,
                before=before,
            )
    delete_sessions(user=user, except_key=session_key)
    return before
