"""A kept query asks what its function would build, with the values of the call and of the brand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils import timezone

from accounts.models import AuditEntry
from affiliates.models import Member
from core.kept_queries import KeptRows, KeptSelection, NotKeptError, SearchWord, kept_query
from core.tenancy import NoBrandInScopeError, across_brands, acting_for
from offers.models import Enrollment, Offer
from tests.cast import Cast

pytestmark = pytest.mark.django_db
built: list[str] = []


def _members(*, emails: Sequence[str], since: datetime, brand_word: str | None) -> QuerySet[Member]:
    built.append("members")
    rows = Member.objects.filter(email__in=emails, joined_at__gte=since).order_by("email")
    return rows.filter(last_name=brand_word) if brand_word else rows


def _counts(*, offer_ids: list[int], ended_on: date) -> QuerySet[Any, Any]:
    active = Count("pk", filter=Q(joined_at__date__lte=ended_on))
    rows = Enrollment.objects.filter(offer__in=offer_ids).values("offer_id")
    return rows.annotate(active=active).order_by("offer_id")


kept_members, kept_counts = kept_query(_members), kept_query(_counts)


def test_rows_are_those_of_the_function(cast: Cast) -> None:
    built.clear()
    since = cast.now - timedelta(days=4_000)
    for brand in (cast.juniper, cast.saltmarsh, cast.juniper):
        with acting_for(brand):
            for email in Member.objects.values_list("email", flat=True):
                found = kept_members(emails=[email], since=since, brand_word=None)
                assert found == list(Member.objects.filter(email=email))
                assert found[0].brand_id == brand.pk
    assert built == ["members"]


def test_a_shape_of_its_own_is_built_of_its_own(cast: Cast) -> None:
    with acting_for(cast.juniper):
        members = list(Member.objects.order_by("email"))
        emails = [member.email for member in members]
        since = cast.now - timedelta(days=4_000)
        assert kept_members(emails=emails, since=since, brand_word=None) == members
        assert kept_members(emails=[], since=since, brand_word=None) == []
        assert kept_members(emails=emails, since=since, brand_word="nobody") == []
        assert kept_members(emails=emails, since=cast.now + timedelta(1), brand_word=None) == []


def test_a_list_that_is_one_parameter_is_built_once_for_any_length(cast: Cast) -> None:
    built: list[int] = []

    @kept_query
    def among(*, emails: list[str], offer_ids: list[int]) -> QuerySet[Member]:
        built.append(len(emails))
        rows = Member.objects.filter(email__among=emails).order_by("email")
        return rows.exclude(pk__among=offer_ids)

    with acting_for(cast.juniper):
        members = list(Member.objects.order_by("email"))
        emails = [member.email for member in members]
        for number in (1, len(emails), 0, 2):
            found = among(emails=emails[:number], offer_ids=[0] * (number + 2))
            assert found == members[:number]
        assert among(emails=emails, offer_ids=[member.pk for member in members]) == []
        for odd in ("", "NULL", "a,b", '"', "{}", "\\", "'", "%s"):
            assert among(emails=[odd, emails[0], odd], offer_ids=[0]) == members[:1]
        longer = emails[0].ljust(400, "x")  # than the column
        assert among(emails=[longer], offer_ids=[0]) == []
    assert built == [1, 2, 0]  # one member could be a part of the list, so two are tried


def test_a_list_asked_for_both_ways_keeps_its_length(cast: Cast) -> None:
    @kept_query
    def both(*, emails: list[str]) -> QuerySet[Member]:
        return Member.objects.filter(email__among=emails, email__in=emails).order_by("email")

    with acting_for(cast.juniper):
        members = list(Member.objects.order_by("email"))
        for number in (1, 2, 1):
            emails = [member.email for member in members[:number]]
            assert both(emails=emails) == members[:number]


def test_groups_and_days_follow_the_time_zone(cast: Cast) -> None:
    with acting_for(cast.juniper):
        ids = sorted(Offer.objects.values_list("pk", flat=True))
        for zone in ("Europe/London", "Pacific/Auckland"):
            with timezone.override(zone):
                for day in (cast.now.date(), cast.now.date() - timedelta(days=9_000)):
                    assert kept_counts(offer_ids=ids, ended_on=day) == list(
                        _counts(offer_ids=ids, ended_on=day)
                    )


def test_one_query_a_call(cast: Cast, django_assert_num_queries: Any) -> None:
    with acting_for(cast.juniper):
        for _ in range(2):
            with django_assert_num_queries(1):
                kept_counts(offer_ids=[1, 2], ended_on=cast.now.date())


def test_outside_a_brand_it_is_refused_also_when_it_is_kept(cast: Cast) -> None:
    with acting_for(cast.juniper):
        kept_counts(offer_ids=[1], ended_on=cast.now.date())
    with across_brands(reason="a test"):
        kept_counts(offer_ids=[1], ended_on=cast.now.date())

    with pytest.raises(NoBrandInScopeError):
        kept_counts(offer_ids=[1], ended_on=cast.now.date())


def test_a_value_that_does_not_arrive_as_it_is_is_refused(cast: Cast) -> None:
    @kept_query
    def changed(*, word: str) -> QuerySet[AuditEntry]:
        return AuditEntry.objects.filter(action__icontains=word)

    @kept_query
    def unused(*, word: str) -> QuerySet[AuditEntry]:
        return AuditEntry.objects.all()

    @kept_query
    def joined(*, word: str) -> QuerySet[AuditEntry]:
        return AuditEntry.objects.filter(action=word, target=Concat(Value("a:"), Value(f"b{word}")))

    @kept_query
    def lowered(*, word: str) -> QuerySet[AuditEntry]:
        return AuditEntry.objects.filter(action=word.lower())

    @kept_query
    def raised(*, word: str) -> QuerySet[AuditEntry]:
        return AuditEntry.objects.filter(action__icontains=word.upper())

    @kept_query
    def shortened(*, words: list[str]) -> QuerySet[AuditEntry]:
        return AuditEntry.objects.filter(action__among=words[:1])

    with acting_for(cast.juniper):
        with pytest.raises(NotKeptError):
            shortened(words=["b", "a"])
        for query in (changed, unused, joined, lowered, raised):
            with pytest.raises(NotKeptError):
                query(word="x")
        for query in (unused, joined, lowered, raised):
            with pytest.raises(NotKeptError):
                query(word=SearchWord("x"))


@pytest.mark.parametrize(
    "word", ["mara", "LIND", "@", "%", "_", "\\", "{}", "{0}", "%s", "'", "ß", "Stand-In-0-"]
)
def test_one_word_is_searched_for_in_a_kept_selection(cast: Cast, word: str) -> None:
    built: list[str] = []

    def select(*, search: str) -> QuerySet[Member]:
        built.append(search)
        found = Member.objects.all()
        for one in search.split():
            found = found.filter(
                Q(first_name__icontains=one) | Q(last_name__istartswith=one)
                | Q(email__endswith=one) | Q(first_name=one)
            )  # fmt: skip
        return found

    kept = KeptSelection(select, ("email",))
    with acting_for(cast.juniper):
        for name in ("100 %", "under_score", "back\\slash", "{0}", "o'neil", "%s", "ß", "SS"):
            Member.objects.create(email=f"{Member.objects.count()}@x.example", first_name=name)
        for searched in ("a", word, "b"):
            expected = list(select(search=searched).order_by("email"))
            rows = KeptRows(kept, {"search": SearchWord(searched)})
            built.clear()
            assert (rows.count(), rows[0:50]) == (len(expected), expected)
            assert len(built) == (2 if searched == "a" else 0)


@pytest.mark.parametrize("text", ["1903-05", "7310000", "Stand-In-0-"])
def test_a_fixed_text_that_looks_like_a_stand_in_is_not_kept(cast: Cast, text: str) -> None:
    def select(*, tag: str, search: str) -> QuerySet[Member]:
        return Member.objects.filter(last_name=tag, first_name__icontains=search)

    kept = KeptSelection(select, ("email",))
    with acting_for(cast.juniper):
        own = Member.objects.create(email="own@x.example", first_name="Bo", last_name=text)
        Member.objects.create(email="other@x.example", first_name="Bo", last_name="Bo")
        for _ in range(2):
            rows = KeptRows(kept, {"tag": text, "search": SearchWord("Bo")})
            assert (rows.count(), rows[0:50]) == (1, [own])


def test_a_selection_shows_pages_and_counts_them(cast: Cast) -> None:
    shapes: list[str] = []

    def select(*, word: str, member_id: int | None) -> QuerySet[Member]:
        shapes.append(word)
        found = Member.objects.filter(first_name__icontains=word) if word else Member.objects.all()
        return found if member_id is None else found.filter(pk=member_id)

    kept = KeptSelection(select, ("email",))
    for brand in (cast.juniper, cast.saltmarsh):
        with acting_for(brand):
            for word, member_id in (("", None), ("a", None), ("", cast.mara.pk), ("", 10**30)):
                chosen: dict[str, Any] = {"word": word, "member_id": member_id}
                expected = list(select(**chosen).order_by("email"))
                shapes.clear()
                rows = KeptRows(kept, chosen)
                assert (rows.count(), len(rows)) == (len(expected), len(expected))
                assert rows.count(limit=1) == min(len(expected), 1)
                assert rows[0:1] == expected[:1]
                assert rows[1:50] == expected[1:]
                assert kept.all_rows(**chosen) == expected
                assert len(shapes) == (2 if brand == cast.juniper else 0)


def test_a_selection_asks_once_for_a_page_and_for_an_empty_one_never(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    def select() -> QuerySet[Member]:
        return Member.objects.all()

    rows = KeptRows(KeptSelection(select, ("email",)), {})
    with acting_for(cast.juniper):
        with django_assert_num_queries(1):
            assert rows[0:1]
        with django_assert_num_queries(0):
            assert rows[0:0] == []
