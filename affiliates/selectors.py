"""Read members."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from affiliates.models import NAME_FIELDS, NAME_INDEX, Member, MemberTag
from core.text import search_words
from core.word_search import contains_word, few_ids, holds_word


def name_contains(word: str, *, via: str = "") -> Q:
    """Whether a member's name or address contains the word; `via` leads to them ("member__")."""
    return holds_word(word, *(f"{via}{field}" for field in NAME_FIELDS))


def members_matching(word: str) -> QuerySet[Member]:
    """Members whose name or address contains the word, found by an index of its pieces."""
    return Member.objects.filter(contains_word(word, *NAME_FIELDS, index=NAME_INDEX))


def of_members_matching(word: str, *, rows: QuerySet[Any]) -> Q:
    """Match those of the rows whose `member` has the word in name or address.

    One query, for the ids of these members. Members without a row do not count, as a list would be
    read to its end for them.
    """
    with_rows = Exists(rows.filter(member=OuterRef("pk")))
    few = few_ids(members_matching(word).filter(with_rows))
    return name_contains(word, via="member__") if few is None else Q(member__in=few)


def members(
    *, search: str = "", tag: str = "", owner_id: int | None = None, without_owner: bool = False
) -> QuerySet[Member]:
    """The brand's members by name, with their owners.

    Name or address must contain every word of `search`.
    """
    found = Member.objects.select_related("owner__user").order_by("last_name", "first_name", "id")
    for word in search_words(search):
        found = found.filter(contains_word(word, *NAME_FIELDS, index=NAME_INDEX))
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
