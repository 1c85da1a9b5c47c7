"""Visitors who follow a link with one sub-id after another, or come from everywhere."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Count, Sum

from accounts.models import Brand
from tests.cast import NOW, SYSTEM, Cast, order, refund
from tests.clicks import click_line, store
from tracking.links import click_ids
from tracking.models import (
    MAX_SOURCES_A_DAY,
    OTHER,
    Click,
    OfferSource,
    SourceTotal,
    TrackingLink,
)
from tracking.orders.recording import record_order
from tracking.orders.refunds import record_refund
from tracking.reconciliation.differences import differences

BATCH = 200
DAY = timedelta(days=1)
CHOSEN = ("sub1", "sub5", "referrer")
LATER = date(2100, 1, 1)


@pytest.fixture
def link(at_juniper: Cast) -> TrackingLink:
    return TrackingLink.objects.get(enrollment=at_juniper.mara_in_glow)


def flood(link: TrackingLink, batch: int) -> None:
    """Clicks of which no two have the same sub-id or referrer, half of them by one visitor."""
    numbers = range(batch * BATCH, (batch + 1) * BATCH)
    store(*(
        click_line(
            link,
            visitor=number if number % 2 else 7,
            sub_ids=(f"made-up-{number}", "", "", "", f"{number}"),
            referrer_host=f"{number}.example",
        )
        for number in numbers
    ))  # fmt: skip


def figures(dimension: str, value: str) -> tuple[int, int, int, int]:
    """Clicks, visitors, conversions and sales of one source on all days."""
    found = SourceTotal.objects.filter(dimension=dimension, value=value)
    sums = found.aggregate(
        *(Sum(name, default=0) for name in ("clicks", "visitors", "conversions", "sales_minor"))
    )
    return tuple(sums.values())


def check(cast: Cast) -> None:
    assert list(differences(Brand.objects.get(pk=cast.juniper.pk))) == []


def test_what_is_beyond_the_first_of_a_day_is_counted_together(
    cast: Cast, link: TrackingLink
) -> None:
    store(click_line(link, sub_ids=("newsletter",), referrer_host="blog.example"))
    for batch in range(4):
        flood(link, batch)
    store(click_line(link, visitor=7, sub_ids=("newsletter",), referrer_host="blog.example"))
    store(click_line(link, visitor=7, sub_ids=("new",), clicked_at=NOW - DAY))

    today = SourceTotal.objects.filter(day=NOW.date())
    kept = today.filter(dimension__in=CHOSEN).values("dimension").annotate(
        rows=Count("id"), all_clicks=Sum("clicks")
    )  # fmt: skip
    assert {row["dimension"]: (row["rows"], row["all_clicks"]) for row in kept} == {
        "sub1": (MAX_SOURCES_A_DAY + 1, 4 * BATCH + 2),
        "sub5": (MAX_SOURCES_A_DAY + 1, 4 * BATCH),
        "referrer": (MAX_SOURCES_A_DAY + 1, 4 * BATCH + 2),
    }
    beyond = 4 * BATCH + 1 - MAX_SOURCES_A_DAY
    assert figures("sub1", OTHER)[:2] == (beyond, (beyond + 1) // 2 + 1)
    assert figures("sub1", "newsletter")[:2] == (2, 2)
    assert figures("referrer", "blog.example")[:2] == (2, 2)
    assert figures("sub1", "new")[:2] == (1, 1)
    last = Click.objects.get(sub1=f"made-up-{4 * BATCH - 1}")
    assert sorted(last.as_other or ()) == sorted(CHOSEN)
    assert OfferSource.objects.filter(dimension="sub1", value=OTHER).exists()
    check(cast)


def test_an_order_counts_where_its_click_does(cast: Cast, link: TrackingLink) -> None:
    """Also when the order comes first, and when it is taken back."""
    clicked_at = NOW - timedelta(hours=2)
    early, late = (click_ids.make(link_id=link.pk, clicked_at=clicked_at) for _ in range(2))
    stated = {name: order(name, promo_code=None, click_id=name) for name in (early, late)}
    record_order(source="api", order=stated[early], by=SYSTEM, now=NOW)
    for batch in range(3):
        flood(link, batch)
    store(*(
        click_line(link, click_id=one, clicked_at=clicked_at, sub_ids=(one,))
        for one in (early, late)
    ))  # fmt: skip
    record_order(source="api", order=stated[late], by=SYSTEM, now=NOW)

    assert figures("sub1", OTHER)[2:] == (2, 2 * 8_420)
    assert figures("referrer", "")[2:] == (0, 0)
    check(cast)
    record_refund(source="api", refund=refund("R1", early), by=SYSTEM, now=NOW)
    assert figures("sub1", OTHER)[2:] == (2, 2 * 8_420 - 1_000)
    check(cast)


@pytest.mark.parametrize("number", [None, -1, MAX_SOURCES_A_DAY + 1, 7])
def test_postgresql_keeps_no_row_too_many(link: TrackingLink, number: int | None) -> None:
    key = {"enrollment_id": link.enrollment_id, "dimension": "sub1", "day": LATER}
    SourceTotal.objects.create(**key, value="first", number=7, clicks=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        SourceTotal.objects.create(**key, value="one too many", number=number, clicks=1)
