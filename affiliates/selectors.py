"""Read members."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from affiliates.models import Member


def members(*, search: str = "") -> QuerySet[Member]:
    """The brand's members by name; every word of `search` must stand in name or address."""
    found = Member.objects.order_by("last_name", "first_name", "id")
    for word in search.split():
        found = found.filter(
            Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(email__icontains=word)
        )
    return found


def language_of(member: Member) -> str:
    """The tag that mails to a member are written in; "" when they never chose one."""
    return member.creator.language if member.creator else ""


def member_by_address(email: str) -> Member | None:
    """The member who has this address, if any."""
    return Member.objects.filter(email=email.strip().lower()).first()


def members_by_address(addresses: Iterable[str]) -> dict[str, Member]:
    """The members who have these addresses, by address in lower case."""
    wanted = [address.strip().lower() for address in addresses]
    return {row.email: row for row in Member.objects.filter(email__in=wanted)}
