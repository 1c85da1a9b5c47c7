"""Whose login an address is. A login is given, and linked to a creator, by proving the address."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.addresses import prove_address
from accounts.models import User
from affiliates.models import Creator


def opens_a_login(address: str) -> bool:
    """Whether a code mailed to the address would log anybody in. Changes nothing."""
    address = address.strip().lower()
    user = User.objects.filter(email=address).first()
    if user is not None:
        return user.is_active
    return Creator.objects.filter(email=address).exists()


@transaction.atomic
def give_login(*, email: str, now: datetime) -> User | None:
    """The user of an address that was proven this very moment; None when nobody may log in by it.

    Call it after a code that was mailed to the address came back, and never before: it writes down
    that the address is proven and links the creator with the address to the user with the address.
    A creator gets their user here; who works for a brand keeps their one user.
    """
    address = email.strip().lower()
    creator = Creator.objects.select_for_update().filter(email=address).first()
    user = User.objects.select_for_update().filter(email=address).first()
    if user is None:
        if creator is None:
            return None
        user = _made_now(address, now=now)
    if not user.is_active:
        return None
    prove_address(user=user, now=now)
    if creator is not None and creator.user_id != user.pk:
        creator.user = user
        creator.save(update_fields=["user"])
    return user


def _made_now(address: str, *, now: datetime) -> User:
    """A new user, or the one that an invitation made in the same moment."""
    try:
        with transaction.atomic():
            return User.objects.create_user(address, joined_at=now)
    except IntegrityError:
        return User.objects.select_for_update().get(email=address)


def creator_of(user: User) -> Creator | None:
    """The creator who logs in as this user."""
    return Creator.objects.filter(user=user).first()
