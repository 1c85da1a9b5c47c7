"""The rows of a kept query are what Django makes of the same queryset."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Lower

from accounts.models import Staff
from affiliates.models import Creator, Member
from core.fetched_rows import UnknownRowsError, fetch_rows
from core.kept_queries import KeptQuery, kept_query
from core.tenancy import acting_for
from offers.models import Enrollment
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def _lists(*, status: str) -> list[QuerySet[Any, Any]]:
    rows = Enrollment.objects.filter(status=status).order_by("pk")
    return [
        rows,
        rows.select_related("brand", "member__owner", "member__creator", "offer"),
        rows.only("status", "joined_at"),
        rows.annotate(email=Lower("member__email")),
        rows.values("pk", "member__email"),
        rows.values_list("pk", "public_id"),
        rows.values_list("pk", "offer__name", named=True),
        rows.values_list("public_id", flat=True),
        rows.values("offer_id").annotate(members=Count("pk")).order_by("offer_id"),
        rows.none(),
    ]


@pytest.mark.parametrize("place", range(10))
def test_rows_of_every_kind_are_those_of_django(cast: Cast, place: int) -> None:
    def build(*, status: str) -> QuerySet[Any, Any]:
        return _lists(status=status)[place]

    with acting_for(cast.juniper):
        expected = list(build(status="active"))
        found = kept_query(build)(status="active")

    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))
    if expected and isinstance(expected[0], Enrollment):
        assert [_contents(row) for row in found] == [_contents(row) for row in expected]


def _contents(row: Any) -> dict[str, Any]:
    """All that an instance holds, with what was fetched beside it."""
    fetched = row._state.fields_cache
    return {
        **{name: value for name, value in vars(row).items() if name != "_state"},
        "is new": row._state.adding,
        "database": row._state.db,
        "deferred": row.get_deferred_fields(),
        "fetched": {name: other and _contents(other) for name, other in fetched.items()},
    }


def test_an_instance_can_be_saved(cast: Cast) -> None:
    @kept_query
    def members(*, email: str) -> QuerySet[Member]:
        return Member.objects.filter(email=email)

    with acting_for(cast.juniper):
        [member] = members(email=cast.mara.email)
        member.first_name = "Marah"
        member.save(update_fields=["first_name"])
        assert Member.objects.get(pk=member.pk).first_name == "Marah"


def test_what_is_counted_is_what_django_counts(cast: Cast) -> None:
    with acting_for(cast.juniper):
        for place in range(10):

            def build(*, status: str, place: int = place) -> QuerySet[Any, Any]:
                return _lists(status=status)[place]

            assert KeptQuery(build).count(status="active") == build(status="active").count()


def test_a_uuid_varies(cast: Cast) -> None:
    @kept_query
    def enrollments(*, public_id: UUID) -> QuerySet[Enrollment]:
        return Enrollment.objects.filter(public_id=public_id)

    with acting_for(cast.juniper):
        for row in Enrollment.objects.all():
            assert enrollments(public_id=row.public_id) == [row]
    assert len(enrollments.kept) == 1


def test_a_column_beyond_those_asked_for_is_left_out() -> None:
    @kept_query
    def addresses(*, since: str) -> QuerySet[Creator, Any]:
        rows = Creator.objects.exclude(email=since).annotate(plain=Value("x"))
        return rows.order_by("-since").distinct().values_list("email")

    Creator.objects.create(email="one@example.com")
    assert addresses(since="nobody") == [("one@example.com",)]


def test_a_reference_to_nothing_is_none(cast: Cast) -> None:
    @kept_query
    def members(*, email: str) -> QuerySet[Member]:
        return Member.objects.filter(email=email).select_related("owner")

    with acting_for(cast.juniper):
        Member.objects.filter(email=cast.mara.email).update(owner=None)
        [without] = members(email=cast.mara.email)
        Member.objects.filter(email=cast.mara.email).update(owner=Staff.objects.first())
        [with_owner] = members(email=cast.mara.email)

        assert without.owner is None
        assert with_owner.owner == Staff.objects.first()


@pytest.mark.parametrize("place", range(10))
def test_rows_that_are_fetched_once_are_those_of_django(cast: Cast, place: int) -> None:
    with acting_for(cast.juniper):
        expected = list(_lists(status="active")[place])
        found = fetch_rows(_lists(status="active")[place])
        first = fetch_rows(_lists(status="active")[place][:1])

    assert (found, first) == (expected, expected[:1])
    if expected and isinstance(expected[0], Enrollment):
        assert [_contents(row) for row in found] == [_contents(row) for row in expected]


def test_rows_with_others_fetched_beside_them_are_refused(cast: Cast) -> None:
    with acting_for(cast.juniper), pytest.raises(UnknownRowsError):
        fetch_rows(Enrollment.objects.prefetch_related("member"))
