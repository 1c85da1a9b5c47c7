"""Refunds: applied, waiting, never counted twice, and never more than there is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.money import Money, round_half_up
from payouts.ledger import balances
from payouts.models import LedgerEntry
from payouts.services import record_payment
from tests.cast import NOW, SYSTEM, Cast, order, refund
from tracking.models import Conversion, DailyTotal, Refund
from tracking.orders.facts import OrderFacts, RefundFacts
from tracking.orders.recording import record_order, record_orders
from tracking.orders.refunds import record_refund, record_refunds
from tracking.orders.results import RecordingResult, RecordingStatus

pytestmark = pytest.mark.usefixtures("at_juniper")


def sell(facts: OrderFacts | None = None) -> RecordingResult:
    return record_order(source="api", order=facts or order(), by=SYSTEM, now=NOW)


def give_back(facts: RefundFacts | None = None) -> RecordingResult:
    return record_refund(source="api", refund=facts or refund(), by=SYSTEM, now=NOW)


def earned() -> int:
    return sum(LedgerEntry.objects.values_list("amount_minor", flat=True))


def test_a_refund_takes_its_share_of_the_commission_back(cast: Cast) -> None:
    sell()

    outcome = give_back()

    assert outcome.status == RecordingStatus.RECORDED
    assert Conversion.objects.get().refunded_minor == 1000
    assert list(LedgerEntry.objects.order_by("pk").values_list("amount_minor", flat=True)) == [
        842,
        -100,
    ]
    day = DailyTotal.objects.get()
    assert (day.sales_minor, day.refunds_minor, day.commission_minor) == (8420, 1000, 742)


def test_the_same_refund_again_changes_nothing(cast: Cast) -> None:
    sell()
    give_back()

    again = give_back()

    assert again.status == RecordingStatus.DUPLICATE
    assert (Refund.objects.count(), earned()) == (1, 742)


def test_the_same_refund_with_other_contents_is_refused_with_both_shown(cast: Cast) -> None:
    sell()
    give_back()

    outcome = give_back(refund(amount="11.00"))

    assert outcome.status == RecordingStatus.CONFLICT
    assert outcome.recorded
    assert outcome.received
    assert (outcome.recorded["amount"], outcome.received["amount"]) == ("10.00", "11.00")
    assert earned() == 742


@pytest.mark.parametrize(
    ("change", "applied", "reason"),
    [
        ({"amount": "84.21"}, 8420, "84.21 GBP is more than the 84.20 GBP left on GLOW-1"),
        ({"sku": "OTHER"}, 0, "the order has no line OTHER"),
        ({"currency": "EUR"}, 0, "it is in EUR, the order in GBP"),
        ({"quantity": 2}, 1000, ""),
        ({"amount": None}, 8420, ""),
        ({"sku": None, "quantity": None}, 1000, ""),
        ({"sku": None, "quantity": None, "amount": None}, 8420, ""),
    ],
)
def test_a_refund_is_recorded_whatever_it_says_and_takes_what_is_left(
    cast: Cast, change: dict[str, Any], applied: int, reason: str
) -> None:
    sell()

    outcome = give_back(refund(**change))

    assert outcome.status == RecordingStatus.RECORDED
    assert outcome.applied == Money(applied, change.get("currency") or "GBP")
    assert [problem.message for problem in outcome.problems] == ([reason] if reason else [])
    row, conversion = Refund.objects.get(), Conversion.objects.get()
    assert (row.amount_minor, row.reason, row.state) == (applied, reason, "applied")
    assert conversion.refunded_minor == applied
    assert earned() == round_half_up(8420 - applied, 10)


def test_refunds_of_one_sku_together_never_exceed_its_lines(cast: Cast) -> None:
    line = {"sku": "A", "quantity": 2, "unit_price": "5.00"}
    sell(order(lines=[line, line]))
    first = refund("R1", sku="A", quantity=3, amount="15.00")
    second = refund("R2", sku="A", quantity=1, amount="5.01")
    third = refund("R3", sku="A", quantity=1, amount="5.00")

    outcomes = record_refunds(source="api", refunds=[first, second, third], by=SYSTEM, now=NOW)

    assert [outcome.applied for outcome in outcomes] == [
        Money(1500, "GBP"),
        Money(500, "GBP"),
        Money(0, "GBP"),
    ]
    assert Conversion.objects.get().refunded_minor == 2000
    assert earned() == 0


def test_a_refund_before_its_order_is_parked_and_applied_with_it(cast: Cast) -> None:
    parked = give_back()

    sell()

    assert parked.status == RecordingStatus.PARKED
    assert Refund.objects.get().state == "applied"
    assert Conversion.objects.get().refunded_minor == 1000
    assert list(LedgerEntry.objects.values_list("amount_minor", flat=True)) == [742]


def test_a_refund_too_large_for_its_order_takes_what_there_is_when_the_order_comes(
    cast: Cast,
) -> None:
    """It used to vanish: refused, seen by nobody, and the commission was paid in full."""
    give_back(refund(amount="100.00"))

    sell()

    row = Refund.objects.get()
    assert (row.state, row.amount_minor) == ("applied", 8420)
    assert row.reason == "100.00 GBP is more than the 84.20 GBP left on GLOW-1"
    assert earned() == 0


def test_parked_refunds_wait_for_the_order_of_their_own_source(cast: Cast) -> None:
    give_back()

    record_order(source="shopify", order=order(), by=SYSTEM, now=NOW)

    assert Refund.objects.get().state == "parked"
    assert earned() == 842


def test_a_refund_of_an_unattributed_order_is_kept_and_pays_nobody(cast: Cast) -> None:
    sell(order(promo_code=None))

    outcome = give_back()

    assert outcome.status == RecordingStatus.RECORDED
    assert Refund.objects.get().state == "applied"
    assert LedgerEntry.objects.count() == 0


def test_a_refund_during_the_hold_can_not_be_paid_before_what_it_takes_back(cast: Cast) -> None:
    """Until the hold ends neither the commission nor its correction is due."""
    conversion_id = sell().conversion_id
    assert conversion_id
    Conversion.objects.filter(pk=conversion_id).update(payable_at=NOW + timedelta(days=14))

    give_back()

    correction = LedgerEntry.objects.get(amount_minor=-100)
    assert correction.available_at == NOW + timedelta(days=14)


def test_a_refund_after_the_payment_is_carried_as_a_negative_balance(cast: Cast) -> None:
    sell()
    entry = LedgerEntry.objects.get()
    record_payment(
        member=cast.mara, currency="GBP", entry_ids=[entry.pk], reference="", by=SYSTEM, now=NOW
    )

    give_back()

    balance = balances([cast.mara_in_glow.pk], now=NOW)[cast.mara_in_glow.pk]
    assert (balance.paid_minor, balance.due_minor, balance.earned_minor) == (842, -100, 742)


def test_a_batch_of_refunds_over_several_orders_settles_each(cast: Cast) -> None:
    orders = [order(str(number), amount="10.00") for number in range(5)]
    record_orders(source="api", orders=orders, by=SYSTEM, now=NOW)

    record_refunds(
        source="api",
        refunds=[refund(f"R{number}", str(number), amount="4.00") for number in range(5)],
        by=SYSTEM,
        now=NOW,
    )

    assert set(Conversion.objects.values_list("commission_minor", flat=True)) == {60}
    assert earned() == 300
