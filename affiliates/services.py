"""Add and change members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.selectors import current_brand
from affiliates.details import GivenDetails, MemberDetails, write_details
from affiliates.models import Creator, Member
from core.db import raises_if_taken
from core.references import Reference
from core.text import MAX_ADDRESS_LENGTH, one_line
from core.versions import check_version
from notifications.services import readdress_waiting_mails

MAX_NAME_LENGTH = 200
NO_FIRST_NAME = "a member needs a first name"


class MemberError(ValueError):
    """A member can't have these values; `field` says what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def clean_address(email: str) -> str:
    """The address in lower case. Raises MemberError if it is invalid."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise MemberError("email", f"{email!r} is not an email address") from error
    if len(address) > MAX_ADDRESS_LENGTH:
        raise MemberError("email", f"an address has at most {MAX_ADDRESS_LENGTH} characters")
    return address


def _clean_name(field: str, name: str) -> str:
    if "\0" in name:
        raise MemberError(field, "a name holds no NUL character")
    called = one_line(name)
    if len(called) > MAX_NAME_LENGTH:
        raise MemberError(field, f"a name has at most {MAX_NAME_LENGTH} characters")
    return called


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be added, checked by `read_person`."""

    email: str
    first_name: str
    last_name: str


def read_person(*, email: str, first_name: str, last_name: str) -> Person:
    """Check a person's values, and return them in the stored form. The address may be empty.

    Raises MemberError for an invalid address and for values that are too long.
    """
    return Person(
        email=clean_address(email) if email.strip() else "",
        first_name=_clean_name("first_name", first_name),
        last_name=_clean_name("last_name", last_name),
    )


@transaction.atomic
def add_member(
    *,
    email: str,
    first_name: str,
    last_name: str,
    by: Actor,
    now: datetime,
    details: MemberDetails | None = None,
) -> Member:
    """Add a member to the brand acted for.

    Raises MemberError as `read_person` and `add_members` do, and for an empty first name.
    """
    person = read_person(email=email, first_name=first_name, last_name=last_name)
    if not person.first_name:
        raise MemberError("first_name", NO_FIRST_NAME)
    member = add_members(people=[person], by=by, now=now)[0]
    if details is not None:
        write_details(member=member, details=details)
    return member


@transaction.atomic
def add_members(*, people: Sequence[Person], by: Actor, now: datetime) -> list[Member]:
    """Add members to the brand acted for, in a fixed number of statements.

    All or none: raises MemberError for an address that another member has.
    """
    addresses = [person.email for person in people if person.email]
    creators = _creators_of(addresses, now=now)

    def taken() -> MemberError:
        found = Member.objects.filter(email__in=addresses).values_list("email", flat=True).first()
        message = f"{found} is a member already" if found else "two of them have one address"
        return MemberError("email", message)

    with raises_if_taken("affiliates_member_email", error=taken):
        members = Member.objects.bulk_create(
            Member(
                email=person.email,
                first_name=person.first_name,
                last_name=person.last_name,
                creator=creators.get(person.email),
                joined_at=now,
            )
            for person in people
        )
    audit.record_many(
        action="member.added", targets=[(member, {}) for member in members], by=by, now=now
    )
    return members


@transaction.atomic
def change_member(
    *,
    member: Member,
    by: Actor,
    now: datetime,
    email: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    details: GivenDetails | None = None,
    seen_version: int | None = None,
) -> Member:
    """Correct a member's name, address and details. None leaves a value as it is.

    Mails that wait to be sent follow.

    Raises MemberError as `add_member` does, and core.versions.ChangedMeanwhileError when the member
    is not at `seen_version`.
    """
    row = Member.objects.select_for_update().get(pk=member.pk)
    check_version(row, seen_version)
    if row.deleted_at is not None:
        raise MemberError(
            "email", "this member was deleted at their own request and can't be changed"
        )
    person = read_person(
        email=row.email if email is None else email,
        first_name=row.first_name if first_name is None else first_name,
        last_name=row.last_name if last_name is None else last_name,
    )
    if row.first_name and not person.first_name:
        raise MemberError("first_name", NO_FIRST_NAME)
    before = {"email": row.email, "name": row.full_name}
    noted = write_details(member=row, details=details) if details is not None else []
    if person.email != row.email:
        row.creator = _creators_of(filter(None, [person.email]), now=now).get(person.email)
    row.email = person.email
    row.first_name, row.last_name = person.first_name, person.last_name
    after = {"email": row.email, "name": row.full_name}
    taken = partial(MemberError, "email", f"{person.email} is another member's address")
    changed = [name for name, was in before.items() if was != after[name]]
    if changed or noted:
        row.version += 1
        with raises_if_taken("affiliates_member_email", error=taken):
            row.save(update_fields=["email", "first_name", "last_name", "creator", "version"])
        what = ", ".join([*changed, *noted])
        audit.record(
            action="member.changed", target=row, by=by, now=now, before=before, changed=what
        )
    if changed:
        readdress_waiting_mails(
            recipient=Reference.to(row),
            address=row.email,
            name=row.full_name,
            first_name=row.first_name,
            now=now,
        )
    return row


def set_language(*, creator: Creator, tag: str) -> None:
    """Save the language that a creator chose for pages and mails (core.languages)."""
    Creator.objects.filter(pk=creator.pk).update(language=tag)
    creator.language = tag


def set_language_if_unset(*, creator: Creator, tag: str) -> None:
    """Save the language that a creator just used, unless they have chosen one."""
    if not creator.language:
        set_language(creator=creator, tag=tag)


def _creators_of(addresses: Iterable[str], *, now: datetime) -> dict[str, Creator]:
    """The creator of each address; makes those that do not exist.

    In a test brand nobody is a creator: an address there is only a text.
    """
    wanted = list(addresses)
    if not wanted or current_brand().is_test:
        return {}
    known = set(Creator.objects.filter(email__in=wanted).values_list("email", flat=True))
    Creator.objects.bulk_create(
        [Creator(email=address, since=now) for address in wanted if address not in known],
        ignore_conflicts=True,
    )
    return {row.email: row for row in Creator.objects.filter(email__in=wanted)}
