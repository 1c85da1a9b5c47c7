"""Add and change members."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts import audit
from accounts.actors import Actor
from affiliates.models import Creator, Member


LONGEST_ADDRESS = 254  # RFC 3696, erratum 1690
LONGEST_NAME = 200


class MemberError(ValueError):
    """A member can't be like this; `field` says what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def clean_address(email: str) -> str:
    """The address in lower case. Raises MemberError when it is not one."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise MemberError("email", f"{email!r} is not an email address") from error
    if len(address) > LONGEST_ADDRESS:
        raise MemberError("email", f"an address has at most {LONGEST_ADDRESS} characters")
    return address


def _clean_name(field: str, name: str) -> str:
    if len(name.strip()) > LONGEST_NAME:
        raise MemberError(field, f"a name has at most {LONGEST_NAME} characters")
    if "\0" in name:
        raise MemberError(field, "a name holds no NUL character")
    return name.strip()


@transaction.atomic
def add_member(*, email: str, first_name: str, last_name: str, by: Actor, now: datetime) -> Member:
    """A new member of the brand acted for. An empty address is allowed: nothing is sent to it.

    Raises MemberError for an address that is none or that another member has.
    """
    address = clean_address(email) if email.strip() else ""
    if address and Member.objects.filter(email=address).exists():
        raise MemberError("email", f"{address} is a member already")
    member = Member.objects.create(
        email=address,
        first_name=_clean_name("first_name", first_name),
        last_name=_clean_name("last_name", last_name),
        creator=_creator_of(address, now=now),
        joined_at=now,
    )
    audit.record(action="member.added", target=member, by=by, now=now)
    return member


@transaction.atomic
def change_member(
    *, member: Member, email: str, first_name: str, last_name: str, by: Actor, now: datetime
) -> Member:
    """Correct a member's name or address. Raises MemberError as `add_member` does."""
    address = clean_address(email) if email.strip() else ""
    if address and Member.objects.filter(email=address).exclude(pk=member.pk).exists():
        raise MemberError("email", f"{address} is another member's address")
    before = {"email": member.email, "name": member.full_name}
    if address != member.email:
        member.creator = _creator_of(address, now=now)
    member.email = address
    member.first_name = _clean_name("first_name", first_name)
    member.last_name = _clean_name("last_name", last_name)
    member.save(update_fields=["email", "first_name", "last_name", "creator"])
    audit.record(action="member.changed", target=member, by=by, now=now, before=before)
    return member


def _creator_of(address: str, *, now: datetime) -> Creator | None:
    if not address:
        return None
    return Creator.objects.get_or_create(email=address, defaults={"since": now})[0]
