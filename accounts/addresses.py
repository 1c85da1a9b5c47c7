"""Whose address is whose: an address belongs to a user only after it was proven.

Proven means that a code or link mailed to the address came back. A user row alone says nothing: its
address may have been typed by somebody else. Whatever gives a role or opens a creator's account
asks here, never `User.email`. Nothing else writes the column (a test holds it).
"""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.codes import forget_codes
from accounts.models import User
from accounts.selectors import brands_of
from accounts.sessions import end_sessions


def user_with(address: str) -> User | None:
    """The active user who has proven this address; None for an unproven and an unknown one."""
    found = User.objects.filter(
        email=address.strip().lower(), email_proven_at__isnull=False, is_active=True
    )
    return found.first()


def has_proven_address(user: User) -> bool:
    """Whether the user, as they are stored now, may log in and has proven their address."""
    return User.objects.filter(
        pk=user.pk, email=user.email, email_proven_at__isnull=False, is_active=True
    ).exists()


@transaction.atomic
def prove_address(*, user: User, now: datetime) -> None:
    """Write down that the user has just shown that they read mail at their address.

    Before the first proof anybody may have made the login. So the first proof ends its sessions and
    takes its password away, and the passkeys of who is not asked for a second factor; where one is
    asked for, it is asked for next. An operator's password was typed in a shell, and stays.
    """
    row = User.objects.select_for_update().get(pk=user.pk)
    if row.email_proven_at is None and not row.is_staff:
        end_sessions(user=row)
        row.set_unusable_password()
        if not brands_of(row):
            Authenticator.objects.filter(user=row).delete()
    row.email_proven_at = now
    row.save(update_fields=["email_proven_at", "password"])
    user.email_proven_at, user.password = row.email_proven_at, row.password


def make_proven_user(*, email: str, name: str, password: str | None, now: datetime) -> User:
    """A new login for an address whose owner has just followed the link that was mailed there."""
    return User.objects.create_user(
        email, password, name=name.strip(), joined_at=now, email_proven_at=now
    )


def move_address(*, user: User, address: str, now: datetime) -> str:
    """Give the user an address that they have just proven, and return the one before.

    For `affiliates.address_change`, which proves it and keeps the creator's account in step. Other
    sessions and codes under way end: who reads the old address gets in nowhere any more.
    """
    row = User.objects.select_for_update().get(pk=user.pk)
    before, row.email, row.email_proven_at = row.email, address, now
    row.save(update_fields=["email", "email_proven_at"])
    forget_codes(address=before)
    user.email, user.email_proven_at = row.email, row.email_proven_at
    return before
