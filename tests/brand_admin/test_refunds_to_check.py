"""Refunds that wait for their order, or that took less than they asked: the list and its file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core.tenancy import acting_for
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, sell, shown
from tests.cast import NOW, SYSTEM, Cast, order, refund
from tracking.models import Conversion
from tracking.orders.recording import record_order
from tracking.orders.refunds import record_refund, undo_refund

pytestmark = pytest.mark.usefixtures("at_noon", "at_juniper")


def give_back(
    refund_id: str, order_id: str, *, source: str = "shop", days_ago: int = 0, **facts: Any
) -> None:
    """A refund that came so many days ago."""
    received_at = NOW - timedelta(days=days_ago)
    told = refund(refund_id, order_id, refunded_at=received_at.isoformat(), **facts)
    record_refund(source=source, refund=told, by=SYSTEM, now=received_at)


@pytest.fixture
def three(cast: Cast) -> Conversion:
    """One waits, one is larger than its order, one names a line that the order does not have."""
    sold = sell(cast, "1001", days_ago=9)
    give_back("W1", "2001", source="pos", days_ago=0, quantity=None, amount="12.50")
    give_back("P1", "1001", days_ago=1, sku=None, amount="100.00")
    give_back("N1", "1001", days_ago=2, sku="OTHER", amount=None, quantity=2)
    give_back("fits", "1001", days_ago=3, sku=None, amount="4.20")
    return sold


def test_the_list_says_what_came_of_each_refund_and_why(cast: Cast, three: Conversion) -> None:
    page = shown(desk_of(cast.vera).get(at(cast.juniper, "refunds")))

    for words in (
        "One that waits is applied when its order comes from the same source",
        "W1", "2001", "Waiting for its order", "The order has not come yet", "£12.50",
        "P1", "Applied in part", "100.00 GBP is more than the 80.00 GBP left on the order",
        "£80.00",
        "N1", "Not applied", "The order has no line OTHER", "OTHER (quantity 2)", "What is left",
    ):  # fmt: skip
        assert words in page
    assert f'href="{at(cast.juniper, "conversion", conversion_id=three.pk)}"' in page
    assert "fits" not in page


@pytest.mark.parametrize(
    ("query", "refunds"),
    [
        ("", ["W1", "P1", "N1"]),
        ("?sort=received", ["N1", "P1", "W1"]),
        ("?sort=nonsense", ["W1", "P1", "N1"]),
        ("?q=p1", ["P1"]),
        ("?q=2001", ["W1"]),
        ("?q=1001+n", ["N1"]),
        ("?q=%25", []),
        ("?outcome=waiting", ["W1"]),
        ("?outcome=in-part", ["P1"]),
        ("?outcome=not-at-all", ["N1"]),
        ("?outcome=nonsense", ["W1", "P1", "N1"]),
        ("?source=pos", ["W1"]),
        ("?source=shop&outcome=waiting", []),
        ("?first=2026-11-19", ["W1", "P1"]),
        ("?first=2026-11-18&last=2026-11-18", ["N1"]),
        ("?first=0001-01-01&last=9999-12-31", ["W1", "P1", "N1"]),
    ],
)
def test_the_list_is_searched_and_filtered_by_its_address(
    query: str, refunds: list[str], cast: Cast, theo: Client, three: Conversion
) -> None:
    page = theo.get(at(cast.juniper, "refunds") + query).context["rows"]
    lines = csv_of(theo.get(at(cast.juniper, "refunds_csv") + query))

    assert [row.refund.external_id for row in page] == refunds
    assert [line[0] for line in lines[1:]] == refunds


def test_the_export_says_what_was_asked_and_applied(cast: Cast, three: Conversion) -> None:
    header, waiting, in_part, nothing = csv_of(
        desk_of(cast.vera).get(at(cast.juniper, "refunds_csv"))
    )

    assert dict(zip(header, waiting, strict=True)) == {
        "refund": "W1",
        "order": "2001",
        "source": "pos",
        "received": "2026-11-20T12:00:00+00:00",
        "refunded": "2026-11-20T12:00:00+00:00",
        "outcome": "waiting",
        "reason": "the order has not come yet",
        "lines": "GLOW-1",
        "asked": "12.50",
        "applied": "0.00",
        "currency": "GBP",
    }
    assert in_part[5:] == [
        "in-part", "100.00 GBP is more than the 80.00 GBP left on the order", "the whole order",
        "100.00", "80.00", "GBP",
    ]  # fmt: skip
    assert nothing[5:] == [
        "not-at-all", "the order has no line OTHER", "OTHER (quantity 2)", "", "0.00", "GBP",
    ]  # fmt: skip


def test_a_refund_leaves_the_list_when_its_order_comes_or_it_is_undone(
    cast: Cast, theo: Client, three: Conversion
) -> None:
    record_order(source="pos", order=order("2001"), by=SYSTEM, now=NOW)
    undo_refund(source="shop", external_id="P1", by=SYSTEM, now=NOW)

    rows = theo.get(at(cast.juniper, "refunds")).context["rows"]

    assert [row.refund.external_id for row in rows] == ["N1"]


def test_an_order_that_nobody_is_credited_for_is_found_in_its_list(
    cast: Cast, theo: Client
) -> None:
    lost = order("1001", promo_code="WELCOME10", is_test=True)
    record_order(source="shop", order=lost, by=SYSTEM, now=NOW)
    give_back("P1", "1001", sku=None, amount="100.00")

    page = theo.get(at(cast.juniper, "refunds")).text
    found = theo.get(f"{at(cast.juniper, 'unattributed')}?q=1001&brought=test")

    assert f'href="{at(cast.juniper, "unattributed")}?q=1001&amp;brought=test"' in page
    assert [row.external_id for row in found.context["page"]] == ["1001"]


def test_home_counts_them_and_leads_to_them(cast: Cast, three: Conversion) -> None:
    vera = desk_of(cast.vera)

    page = shown(vera.get(at(cast.juniper, "home")))

    assert "Refunds to check" in page
    listed = f"{at(cast.juniper, 'refunds')}?first=2026-10-21"
    assert f'href="{listed}"' in page
    assert len(vera.get(listed).context["rows"]) == 3


def test_the_list_takes_as_many_queries_for_three_as_for_one(cast: Cast, theo: Client) -> None:
    address = at(cast.juniper, "refunds")
    sell(cast, "1001")
    give_back("P1", "1001", sku=None, amount="100.00")
    one = queries_of(theo, address)

    sell(cast, "1002")
    give_back("P2", "1002", sku=None, amount="100.00")
    give_back("W1", "2001", source="pos")

    assert (one, queries_of(theo, address)) == (9, 9)


def test_another_brand_sees_none_of_them(cast: Cast, three: Conversion) -> None:
    page = shown(desk_of(cast.otto).get(at(cast.saltmarsh, "refunds")))

    with acting_for(cast.saltmarsh):
        assert "No refund needs a look" in page
