"""A creator's login: there is none until they first ask for a code."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from affiliates.models import Creator


@transaction.atomic
def give_login(*, email: str, now: datetime) -> User | None:
    """The user of the creator with this address, made on first asking; None: no such creator.

    Who has the address as staff already keeps their one user. Nothing is proven by this: the code
    that is mailed to the address proves it.
    """
    creator = Creator.objects.select_for_update().filter(email=email.strip().lower()).first()
    if creator is None:
        return None
    if creator.user is None:
        creator.user = User.objects.filter(email=creator.email).first() or (
            User.objects.create_user(creator.email, joined_at=now)
        )
        creator.save(update_fields=["user"])
    return creator.user


def creator_of(user: User) -> Creator | None:
    """The creator who logs in as this user."""
    return Creator.objects.filter(user=user).first()


def login_of(*, email: str) -> User | None:
    """The user of the creator with this address, as it is now."""
    creator = Creator.objects.select_related("user").filter(email=email.strip().lower()).first()
    return creator.user if creator else None
