"""Proven addresses: an address belongs to a user only after it was proven.

Proven means that a code or link mailed to the address was used. `User.email` alone proves nothing:
somebody else may have typed it. Code that gives a role or opens a creator's account asks this
module, never `User.email`. Nothing else writes the column (a test holds it).
"""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.codes import forget_codes
from accounts.models import User
from accounts.selectors import brands_of
from accounts.sessions import delete_sessions


def user_with(address: str) -> User | None:
    """The active user who has proven this address; None if it is unproven or unknown."""
    found = User.objects.filter(
        email=address.strip().lower(), email_proven_at__isnull=False, is_active=True
    )
    return found.first()


def has_proven_address(user: User) -> bool:
    """Whether the user, as stored now, may log in and has proven their address."""
    return User.objects.filter(
        pk=user.pk, email=user.email, email_proven_at__isnull=False, is_active=True
    ).exists()


@transaction.atomic
def prove_address(*, user: User, now: datetime) -> None:
    """Record that the user has just proven their address.

    Before the first proof, anybody may have made the login. So the first proof ends its sessions
    and removes its password. It also removes passkeys, unless the user is staff: staff are asked
    for their second factor next. An operator's password was set in a shell, and stays.
    """
    row = User.objects.select_for_update().get(pk=user.pk)
    if row.email_proven_at is None and not row.is_staff:
        delete_sessions(user=row)
        row.set_unusable_password()
        if not brands_of(row):
            Authenticator.objects.filter(user=row).delete()
    row.email_proven_at = now
    row.save(update_fields=["email_proven_at", "password"])
    user.email_proven_at, user.password = row.email_proven_at, row.password


def make_proven_user(*, email: str, name: str, password: str | None, now: datetime) -> User:
    """Make a login for an address that was just proven by a mailed link."""
    return User.objects.create_user(
        email, password, name=name.strip(), joined_at=now, email_proven_at=now
    )


def move_address(*, user: User, address: str, now: datetime) -> str:
    """Give the user an address that they have just proven, and return the one before.

    For `affiliates.address_change`, which proves the address and changes the creator's account too.
    Codes that were mailed to the old address no longer work.
    """
    row = User.objects.select_for_update().get(pk=user.pk)
    before, row.email, row.email_proven_at = row.email, address, now
    row.save(update_fields=["email", "email_proven_at"])
    forget_codes(address=before)
    user.email, user.email_proven_at = row.email, row.email_proven_at
    return before
