"""Whose address is whose: an address belongs to a user only after it was proven.

Proven means that a code or link mailed to the address came back. A user row alone says nothing: its
address may have been typed by somebody else. Whatever gives a role or opens a creator's account
asks here, never `User.email`.
"""

from __future__ import annotations

from datetime import datetime

from accounts.models import User


def user_with(address: str) -> User | None:
    """The active user who has proven this address; None for an unproven and an unknown one."""
    found = User.objects.filter(
        email=address.strip().lower(), email_proven_at__isnull=False, is_active=True
    )
    return found.first()


def prove_address(*, user: User, now: datetime) -> None:
    """Write down that the user has just shown that they read mail at their address."""
    User.objects.filter(pk=user.pk).update(email_proven_at=now)
    user.email_proven_at = now
