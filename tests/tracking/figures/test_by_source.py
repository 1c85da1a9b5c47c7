"""Figures of links, sub-ids, referrers, countries and devices, and the products that sold best."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.money import Money
from tests.cast import NOW, SYSTEM, Cast, order, raw_order, refund
from tests.clicks import click_line, store
from tracking.figures import top_products
from tracking.figures.by_source import (
    SourceFigures,
    days_of_source,
    figures_of_links,
    links_of_enrollments,
    links_of_offers,
    sources_of_enrollments,
    sources_of_offers,
)
from tracking.figures.metrics import ALL_TIME, DateRange
from tracking.figures.top_products import (
    ProductFigures,
    top_products_of_enrollments,
    top_products_of_offers,
)
from tracking.links import click_ids
from tracking.models import Dimension, TrackingLink
from tracking.orders.reading import read_order
from tracking.orders.recording import record_order
from tracking.orders.refunds import record_refund

TODAY = DateRange(NOW.date(), NOW.date())
AN_HOUR = timedelta(hours=1)


@pytest.fixture
def link(at_juniper: Cast) -> TrackingLink:
    return TrackingLink.objects.get(enrollment=at_juniper.mara_in_glow)


def click_and_buy(link: TrackingLink, name: str, **click: Any) -> None:
    """A visit an hour and a half ago, and an order of £84.20 that it led to."""
    clicked_at = NOW - 1.5 * AN_HOUR
    click_id = click_ids.make(link_id=link.pk, clicked_at=clicked_at)
    store(click_line(link, click_id=click_id, clicked_at=clicked_at, **click))
    facts = order(name, promo_code=None, click_id=click_id)
    record_order(source="api", order=facts, by=SYSTEM, now=NOW)


def test_a_sources_figures(cast: Cast, link: TrackingLink) -> None:
    click_and_buy(link, "1", sub_ids=("youtube",), visitor=1)
    click_and_buy(link, "2", sub_ids=("youtube",), visitor=2)
    store(*(click_line(link, sub_ids=("youtube",), visitor=2) for _ in range(6)))
    store(click_line(link, sub_ids=("mail",)), click_line(link))
    record_refund(source="api", refund=refund("R1", "1"), by=SYSTEM, now=NOW)

    table = sources_of_offers([cast.glow.pk], dimension=Dimension.SUB1, period=TODAY)

    youtube = SourceFigures(
        "youtube", "GBP", clicks=8, visitors=2, conversions=2, sales_minor=15_840,
        commission_minor=1_584,
    )  # fmt: skip
    mail = SourceFigures("mail", "GBP", clicks=1, visitors=1)
    assert (table.rows, table.has_more) == ((youtube, mail), False)
    assert youtube.conversion_rate_bp == 2_500
    assert youtube.sales == Money(15_840, "GBP")
    assert youtube.earnings_per_click == Money(198, "GBP")
    assert youtube.earnings_per_100_clicks == Money(19_800, "GBP")
    nothing = SourceFigures("x", "GBP")
    assert (nothing.conversion_rate_bp, nothing.earnings_per_click) == (None, None)
    own = sources_of_enrollments([link.enrollment_id], dimension=Dimension.SUB1)
    assert own == table
    others = [cast.diego_in_glow.pk]
    assert sources_of_enrollments(others, dimension=Dimension.SUB1).rows == ()
    yesterday = TODAY.before()
    assert yesterday
    assert sources_of_offers([cast.glow.pk], dimension=Dimension.SUB1, period=yesterday).rows == ()


def test_a_links_figures_with_its_robots(cast: Cast, link: TrackingLink) -> None:
    other = TrackingLink.objects.get(enrollment=cast.diego_in_glow)
    store(click_line(link), click_line(link, kind="robot"), click_line(other, kind="inactive"))

    table = links_of_offers([cast.glow.pk], period=TODAY)
    assert links_of_offers([cast.glow.pk]) == table

    figures = SourceFigures(str(link.pk), "GBP", clicks=1, visitors=1, robots=1)
    assert [(row.link, row.figures) for row in table.rows] == [
        (link, figures),
        (other, SourceFigures(str(other.pk), "GBP", inactive=1)),
    ]
    assert str(table.rows[0].link.enrollment.member) == str(cast.mara)
    assert [row.link for row in links_of_enrollments([other.enrollment_id]).rows] == [other]
    third = TrackingLink.objects.get(enrollment=cast.june_in_glow)
    for period in (ALL_TIME, TODAY):
        assert figures_of_links({link.pk: "GBP", third.pk: "GBP"}, period=period) == {
            link.pk: figures,
            third.pk: SourceFigures(str(third.pk), "GBP"),
        }


@pytest.mark.parametrize(
    ("order_of_rows", "values"),
    [
        ("-clicks", ["c", "a", "b"]),
        ("clicks", ["b", "a", "c"]),
        ("value", ["a", "b", "c"]),
        ("-value", ["c", "b", "a"]),
        ("-conversion_rate", ["b", "a", "c"]),
        ("-earnings_per_click", ["b", "a", "c"]),
        ("-sales", ["a", "b", "c"]),
        ("-visitors", ["c", "a", "b"]),
        ("nonsense", ["c", "a", "b"]),
    ],
)
def test_rows_are_sorted_and_limited_by_postgresql(
    cast: Cast, link: TrackingLink, order_of_rows: str, values: list[str]
) -> None:
    for number, value in enumerate(["a", "b"]):
        click_and_buy(link, str(number), sub_ids=(value,))
    store(click_line(link, sub_ids=("a",)))
    store(*(click_line(link, sub_ids=("c",), visitor=visitor) for visitor in range(3)))

    def rows(**options: Any) -> tuple[list[str], bool]:
        table = sources_of_offers(
            [cast.glow.pk], dimension=Dimension.SUB1, order=order_of_rows, **options
        )
        return [row.value for row in table.rows], table.has_more

    assert rows() == (values, False)
    assert rows(limit=2) == (values[:2], True)
    assert rows(limit=0) == (values[:1], True)


def test_a_source_by_day(link: TrackingLink) -> None:
    store(click_line(link), click_line(link, clicked_at=NOW - timedelta(days=2)))

    days = days_of_source(
        [link.enrollment_id], dimension=Dimension.DEVICE, value="phone",
        period=DateRange.of_days(7, today=NOW.date()),
    )  # fmt: skip

    one = SourceFigures("phone", "GBP", clicks=1, visitors=1)
    assert days == {NOW.date() - timedelta(days=2): one, NOW.date(): one}


@pytest.mark.parametrize("number", [1, 3])
def test_the_number_of_queries(cast: Cast, link: TrackingLink, number: int) -> None:
    for one in range(number):
        click_and_buy(link, str(one), sub_ids=(f"s{one}",))
    calls: dict[int, list[Callable[[], object]]] = {
        1: [
            lambda: sources_of_offers([cast.glow.pk], dimension=Dimension.SUB1),
            lambda: sources_of_enrollments([link.enrollment_id], dimension=Dimension.SUB1),
            lambda: figures_of_links({link.pk: "GBP"}),
            lambda: top_products_of_offers([cast.glow.pk]),
        ],
        2: [
            lambda: links_of_offers([cast.glow.pk]),
            lambda: links_of_enrollments([link.enrollment_id]),
        ],
    }

    for wanted, those in calls.items():
        for call in those:
            with CaptureQueriesContext(
                connection,
            ) as asked:
                call()
            assert len(asked) == wanted


def lines(*products: tuple[str, str, int, str]) -> list[dict[str, Any]]:
    return [
        {"sku": sku, "product": product, "quantity": quantity, "unit_price": price}
        for sku, product, quantity, price in products
    ]


def test_the_products_that_sold_best(
    cast: Cast, link: TrackingLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, sold in {
        "1": [("A", "Glow", 2, "10.00"), ("B", "Lip", 1, "50.00")],
        "2": [("A", "Glow set", 3, "10.00"), ("", "Gift", 1, "1.00")],
        "3": [("C", "Never", 1, "9.00")],
    }.items():
        raw = raw_order(name, lines=lines(*sold), payment_status="voided" if name == "3" else None)
        record_order(source="api", order=read_order(raw), by=SYSTEM, now=NOW)
    record_refund(
        source="api", refund=refund("R1", "1", sku="B", amount="45.00"), by=SYSTEM, now=NOW
    )

    top = top_products_of_offers([cast.glow.pk], period=TODAY)

    glow = ProductFigures("A", "Glow set", "GBP", 2, Decimal(5), 5_000)
    lip = ProductFigures("B", "Lip", "GBP", 1, Decimal(1), 500)
    gift = ProductFigures("", "Gift", "GBP", 1, Decimal(1), 100)
    assert (top.rows, top.is_partial) == ((glow, lip, gift), False)
    assert top_products_of_enrollments([link.enrollment_id]) == top
    assert top_products_of_enrollments([cast.diego_in_glow.pk]).rows == ()
    assert top_products_of_offers([cast.glow.pk], limit=1).rows == (glow,)
    monkeypatch.setattr(top_products, "MAX_CONVERSIONS", 1)
    newest = top_products_of_offers([cast.glow.pk])
    assert newest.is_partial
    assert {row.orders for row in newest.rows} == {1}
