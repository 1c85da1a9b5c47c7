"""Read members."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from affiliates.models import Member, MemberTag


def name_contains(word: str, *, via: str = "") -> Q:
    """Whether a member's name or address contains the word; `via` leads to them ("member__")."""
    fields = ("first_name", "last_name", "email")
    return Q(*((f"{via}{field}__icontains", word) for field in fields), _connector=Q.OR)


def members_matching(word: str) -> QuerySet[Member]:
    """Members whose name or address contains the word, for use in a subquery."""
    return Member.objects.filter(name_contains(word))


def members(
    *, search: str = "", tag: str = "", owner_id: int | None = None, without_owner: bool = False
) -> QuerySet[Member]:
    """The brand's members by name, with their owners.

    Name or address must contain every word of `search`.
    """
    found = Member.objects.select_related("owner__user").order_by("last_name", "first_name", "id")
    for word in search.split():
        found = found.filter(name_contains(word))
    if tag:
        found = found.filter(pk__in=MemberTag.objects.filter(tag=tag).values("member"))
    if owner_id is not None:
        found = found.filter(owner=owner_id)
    return found.filter(owner=None) if without_owner else found


def language_of(member: Member) -> str:
    """The language tag of mails to a member; "" when they never chose one."""
    return member.creator.language if member.creator else ""


def members_by_address(addresses: Iterable[str]) -> dict[str, Member]:
    """The members who have these addresses, by address in lower case."""
    wanted = [address.strip().lower() for address in addresses]
    return {row.email: row for row in Member.objects.filter(email__in=wanted)}
