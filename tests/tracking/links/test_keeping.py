"""How long clicks are kept, and what is made ahead of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import Brand
from core.tenancy import acting_for
from offers.models import Enrollment
from tests.architecture.rows import check_references_now
from tests.cast import NOW, SYSTEM, Cast
from tests.clicks import click_line, store
from tracking.links import keeping
from tracking.links.keeping import delete_old_clicks, keep_ahead, kept_since
from tracking.links.partitions import (
    MONTHS_AHEAD,
    ensure_partitions,
    missing,
    month_after,
    month_of,
    months_kept,
)
from tracking.links.tracking_links import give_links
from tracking.links.visitor_keys import KEY_BYTES, renew_visitor_keys, visitor_keys
from tracking.models import Click, ClickBatch, DailyTotal, SourceTotal, TrackingLink
from tracking.reconciliation.differences import differences

FAR = datetime(2031, 1, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def keep(brand: Brand, months: int) -> None:
    Brand.objects.filter(pk=brand.pk).update(clicks_kept_months=months)


def click_at(cast: Cast, brand: Brand, moment: datetime) -> None:
    with acting_for(brand):
        enrollment = Enrollment.objects.order_by("pk")[0]
        give_links(enrollments=[enrollment], by=SYSTEM, now=NOW)
        link = TrackingLink.objects.get(enrollment=enrollment)
        store(click_line(link, clicked_at=moment), now=moment)


def kept(brand: Brand) -> list[datetime]:
    with acting_for(brand):
        return list(Click.objects.order_by("clicked_at").values_list("clicked_at", flat=True))


@pytest.mark.django_db
def test_partitions_are_made_three_months_ahead() -> None:
    keep_ahead(now=FAR)
    keep_ahead(now=FAR)

    months = [month_after(month_of(FAR), ahead) for ahead in range(MONTHS_AHEAD + 1)]
    assert [month for month in months_kept() if month >= months[0]] == months
    assert missing(months) == []


@pytest.mark.django_db
def test_a_partition_has_the_keys_and_indexes_of_all() -> None:
    def made(table: str) -> tuple[Any, ...]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass),"
                " (SELECT array_agg(contype::text || conkey::text ORDER BY contype, conkey)"
                " FROM pg_constraint WHERE conrelid = %s::regclass AND contype <> 'n')",
                [table, table],
            )
            return tuple(cursor.fetchone())

    ensure_partitions(month_of(FAR), month_of(FAR))

    assert made("tracking_click_2031_01") == made("tracking_click")


def test_clicks_are_kept_as_long_as_the_brand_says_and_figures_stay(cast: Cast) -> None:
    keep(cast.juniper, 1)
    keep(cast.saltmarsh, 2)
    since = datetime(2026, 10, 20, tzinfo=UTC)
    moments = [since - 60 * DAY, since - timedelta(seconds=1), since, NOW]
    for moment in moments:
        click_at(cast, cast.juniper, moment)
        click_at(cast, cast.saltmarsh, moment)

    check_references_now()  # a table can't be dropped while a check of its rows waits
    delete_old_clicks(now=NOW)

    assert kept(cast.juniper) == [since, NOW]
    assert kept(cast.saltmarsh) == [since - timedelta(seconds=1), since, NOW]
    with acting_for(cast.juniper):
        assert sum(DailyTotal.objects.values_list("clicks", flat=True)) == 4
        of_links = SourceTotal.objects.filter(dimension="link")
        assert sum(of_links.values_list("clicks", flat=True)) == 4
        assert list(differences(Brand.objects.get(pk=cast.juniper.pk))) == []
    assert date(2026, 8, 1) not in months_kept()  # no brand keeps that month any more


def test_what_was_deleted_is_not_compared_when_more_is_kept_again(cast: Cast) -> None:
    keep(cast.juniper, 1)
    click_at(cast, cast.juniper, NOW - 90 * DAY)
    click_at(cast, cast.juniper, NOW)
    delete_old_clicks(now=NOW)
    keep(cast.juniper, 13)
    delete_old_clicks(now=NOW)

    with acting_for(cast.juniper):
        brand = Brand.objects.get(pk=cast.juniper.pk)
        assert list(differences(brand)) == []
        SourceTotal.objects.filter(day=NOW.date(), dimension="device").update(clicks=7)
        assert [found.kept for found in differences(brand)] == ["7 1 0 0 0 0 0"]


def test_many_clicks_are_deleted_in_slices_of_a_bounded_number(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "SLICE", 2)
    monkeypatch.setattr(keeping, "MAX_SLICES", 2)
    for brand, months in ((cast.juniper, 1), (cast.saltmarsh, 120)):
        keep(brand, months)
    for _ in range(5):
        click_at(cast, cast.juniper, NOW - 40 * DAY)
    click_at(cast, cast.saltmarsh, NOW - 40 * DAY)

    assert [delete_old_clicks(now=NOW) for _ in range(3)] == [4, 1, 0]

    assert (len(kept(cast.juniper)), len(kept(cast.saltmarsh))) == (0, 1)


def test_brands_without_old_clicks_keep_no_other_brand_waiting(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MAX_SLICES", 1)
    first, last = Brand.objects.order_by("pk")[:2]
    for brand in (first, last):
        keep(brand, 1)
    ensure_partitions(date(2026, 7, 1), date(2026, 10, 1))
    Brand.objects.exclude(pk__in=[first.pk, last.pk]).update(clicks_kept_months=120)
    click_at(cast, last, NOW - 40 * DAY)

    assert delete_old_clicks(now=NOW) == 1

    assert kept(last) == []


def test_ids_of_batches_are_kept_for_longer_than_clicks_can_be_late(cast: Cast) -> None:
    click_at(cast, cast.juniper, NOW)

    delete_old_clicks(now=NOW + 39 * DAY)
    assert ClickBatch.objects.count() == 1
    delete_old_clicks(now=NOW + 41 * DAY)
    assert ClickBatch.objects.count() == 0


@pytest.mark.parametrize(
    ("now", "months", "since"),
    [
        (datetime(2026, 3, 31, 9, tzinfo=UTC), 1, datetime(2026, 2, 28, tzinfo=UTC)),
        (datetime(2028, 3, 31, 9, tzinfo=UTC), 1, datetime(2028, 2, 29, tzinfo=UTC)),
        (datetime(2026, 1, 15, 9, tzinfo=UTC), 13, datetime(2024, 12, 15, tzinfo=UTC)),
    ],
)
def test_months_are_those_of_the_calendar(now: datetime, months: int, since: datetime) -> None:
    assert kept_since(Brand(clicks_kept_months=months), now=now) == since


@pytest.mark.django_db
def test_visitors_keys_are_made_two_days_ahead_and_deleted_after_two_days() -> None:
    renew_visitor_keys(now=NOW)
    first = visitor_keys()
    renew_visitor_keys(now=NOW)

    assert visitor_keys() == first
    assert sorted(first) == [NOW.date(), NOW.date() + DAY, NOW.date() + 2 * DAY]
    assert len(set(first.values())) == 3
    assert {len(key) for key in first.values()} == {KEY_BYTES}
    renew_visitor_keys(now=NOW + 2 * DAY)
    assert sorted(visitor_keys()) == [NOW.date() + ahead * DAY for ahead in (1, 2, 3, 4)]
