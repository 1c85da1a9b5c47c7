"""An order that comes from two sources is told, and is not credited twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.cast import NOW, SYSTEM, Cast, order
from tracking.figures.unattributed_orders import Brought, unattributed_orders
from tracking.models import Conversion, Order
from tracking.orders.approval import reject_conversions
from tracking.orders.crediting import credit_by_own_evidence
from tracking.orders.facts import OrderFacts
from tracking.orders.recording import record_orders
from tracking.orders.results import RecordingResult

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_juniper")]
FROM_SHOP: dict[str, Any] = {"order_id": "6012345678901", "number": "#7001"}
SHOP, FILE = "shopify-juniper", "file"


def record(facts: OrderFacts, source: str, *, revising: bool = False) -> RecordingResult:
    [result] = record_orders(source=source, orders=[facts], by=SYSTEM, now=NOW, revising=revising)
    return result


def credited() -> list[str]:
    return list(Conversion.objects.order_by("pk").values_list("order__external_id", flat=True))


@pytest.mark.parametrize(
    "entered", ["#7001", "7001", " 7001", "6012345678901"], ids=["shown", "plain", "space", "id"]
)
def test_the_second_is_not_credited_and_says_why(entered: str) -> None:
    record(order(**FROM_SHOP), SHOP)
    second = record(order(entered), FILE)

    assert [problem.code for problem in second.problems] == ["may_be_same"]
    assert credited() == ["6012345678901"]
    [listed] = unattributed_orders(brought=Brought.SAME)
    assert listed.unattributed == (
        "may be the same order as 6012345678901 of shopify-juniper, which is credited"
    )


def test_it_is_told_in_the_other_sequence_too() -> None:
    record(order("#7001"), FILE)
    second = record(order(**FROM_SHOP), SHOP)

    assert [problem.code for problem in second.problems] == ["may_be_same"]
    assert credited() == ["#7001"]


def test_it_stays_so_when_the_shop_states_it_anew() -> None:
    record(order("#7001"), FILE)
    record(order(**FROM_SHOP), SHOP)
    anew = order(**FROM_SHOP, updated_at=NOW.isoformat(), customer_id="C9")
    assert record(anew, SHOP, revising=True).status == "revised"

    assert credited() == ["#7001"]
    assert Order.objects.get(source=SHOP).number == "#7001"


@pytest.mark.parametrize(
    "other",
    [
        {"order_id": "7002"},
        {"amount": "84.21"},
        {"ordered_at": (NOW - timedelta(days=3)).isoformat()},
        {"currency": "EUR"},
    ],
    ids=["number", "amount", "time", "currency"],
)
def test_what_differs_is_another_order(other: dict[str, Any]) -> None:
    record(order(**FROM_SHOP), SHOP)
    second = record(order(**{"order_id": "7001"} | other), FILE)

    assert "may_be_same" not in [problem.code for problem in second.problems]


def test_one_that_nobody_is_credited_for_stands_in_nobodys_way() -> None:
    record(order(**FROM_SHOP, promo_code="NOBODY"), SHOP)
    record(order("7001"), FILE)

    assert credited() == ["7001"]


def test_staff_choose_the_shops_own_by_rejecting_the_other(cast: Cast) -> None:
    record(order("7001"), FILE)
    record(order(**FROM_SHOP), SHOP)
    ids = list(Conversion.objects.values_list("pk", flat=True))
    reject_conversions(conversion_ids=ids, reason="It is in the shop.", by=SYSTEM, now=NOW)
    again = Order.objects.get(source=SHOP)
    credit_by_own_evidence(order_ids=[again.pk], by=SYSTEM, now=NOW)

    assert credited() == ["7001", "6012345678901"]
    assert unattributed_orders().count() == 0


def test_of_one_source_the_same_number_is_another_order() -> None:
    record(order("1", number="#7001"), SHOP)
    record(order("2", number="#7001"), SHOP)

    assert credited() == ["1", "2"]
