"""The login of an address. Proving the address makes the login and links it to the creator."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.proven_addresses import prove_address
from affiliates.models import Creator
from core.kept_queries import kept_query


def can_log_in(address: str) -> bool:
    """Whether a code mailed to the address can be used to log in. Changes nothing."""
    address = address.strip().lower()
    user = User.objects.filter(email=address).first()
    if user is not None:
        return user.is_active
    return Creator.objects.filter(email=address).exists()


@transaction.atomic
def user_for_proven_address(*, email: str, now: datetime) -> User | None:
    """The user of an address that was proven just now; None when nobody may log in with it.

    Call it only after a code that was mailed to the address was entered: it records that the
    address is proven, and links the creator with this address to the user. A creator without a
    user gets one here; staff keep the user they have.
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
    """A new user, or the one that an invitation made at the same time."""
    try:
        with transaction.atomic():
            return User.objects.create_user(address, joined_at=now)
    except IntegrityError:
        return User.objects.select_for_update().get(email=address)


def lock_creator(creator: Creator) -> Creator | None:
    """Lock and return the creator's row; None if the person deleted their data meanwhile.

    Call it first in the transaction of an act on the creator, which may have waited for a deletion.
    """
    return Creator.objects.select_for_update().filter(pk=creator.pk).first()


def creator_of(user: User) -> Creator | None:
    """The creator of this user, or None."""
    return next(iter(_creator_of(user_id=user.pk)), None)


@kept_query
def _creator_of(*, user_id: int) -> QuerySet[Creator]:
    return Creator.objects.filter(user=user_id)
