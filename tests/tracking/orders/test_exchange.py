"""Orders in another currency than the offer's, credited by the rate of their day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from core.money import MAX_AMOUNT_MINOR
from offers.services import supersede_terms
from offers.structure import Rule, RuleKind
from offers.terms import TermsValues
from payouts.models import LedgerEntry
from tests.cast import NOW, SYSTEM, Cast, refund
from tests.tracking.orders.stating import LATER, at, lines, sell, state, stated
from tracking.models import Conversion, ExchangeRate, Order, OrderRevision
from tracking.orders.crediting import credit_by_own_evidence, credit_orders_by_hand
from tracking.orders.exchange import DatedRate, save_rates
from tracking.orders.refunds import record_refunds
from tracking.orders.results import RecordingStatus
from tracking.orders.sharing import Share, share_order
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.usefixtures("at_juniper")
TODAY = NOW.date()


def rate(value: str, *, days_ago: int = 0, currency: str = "USD", to: str = "GBP") -> None:
    dated = DatedRate(TODAY - timedelta(days=days_ago), currency, to, Decimal(value))
    save_rates([dated], by=SYSTEM, now=NOW)


def sold_in_dollars(*prices: str, **changes: Any) -> Order:
    sell(stated(lines=lines(*(prices or ("100",))), currency="USD", **changes))
    return Order.objects.get()


def look_again(order: Order) -> list[str]:
    found = credit_by_own_evidence(order_ids=[order.pk], by=SYSTEM, now=LATER)
    return [str(each) for each in found.not_credited]


def consistent(cast: Cast) -> bool:
    connection.check_constraints()
    return list(differences(cast.juniper)) == []


def test_an_order_is_credited_by_its_own_evidence_at_the_rate_of_its_day(cast: Cast) -> None:
    order = sold_in_dollars()
    assert "the order is in USD" in order.unattributed
    assert look_again(order) == [f"Order 1001 stays: {order.unattributed}."]
    rate("0.7", days_ago=2)
    rate("0.7912", days_ago=1)
    rate("0.9", days_ago=-1)

    assert look_again(order) == []

    row = Conversion.objects.get()
    assert (row.currency, row.sale_minor, row.commission_minor) == ("GBP", 7_912, 791)
    assert (row.rate, row.rate_on) == (Decimal("0.7912"), TODAY - timedelta(days=1))
    assert row.promo_code == "MARA15"
    assert LedgerEntry.objects.get().currency == "GBP"
    order.refresh_from_db()
    assert order.unattributed == ""
    assert consistent(cast)


def test_refunds_and_revisions_keep_the_rate(cast: Cast) -> None:
    rate("0.5")
    order = sold_in_dollars()
    look_again(order)
    rate("0.9")

    record_refunds(
        source="api",
        refunds=[
            refund("R1", sku=None, quantity=None, amount="10.01", currency="USD", refunded_at=at(5))
        ],
        by=SYSTEM,
        now=LATER,
    )
    row = Conversion.objects.get()
    assert (row.sale_minor, row.refunded_minor, row.commission_minor) == (5_000, 501, 450)
    state(stated(lines=lines("200"), currency="USD"))
    row.refresh_from_db()
    assert (row.sale_minor, row.rate) == (10_000, Decimal("0.5"))
    assert consistent(cast)


def test_a_changed_order_at_an_absurd_rate_is_the_largest_amount(cast: Cast) -> None:
    """It is recorded; staff see that the rate is wrong."""
    rate("999999999")
    look_again(sold_in_dollars())

    [answer] = state(stated(lines=lines("9999999999999"), currency="USD"))

    assert answer.status == RecordingStatus.REVISED
    assert Conversion.objects.get().sale_minor == MAX_AMOUNT_MINOR
    assert consistent(cast)


def test_an_order_that_was_sent_in_a_wrong_currency_is_put_right(cast: Cast) -> None:
    """Nobody could be credited for it so far."""
    sell(stated(lines=lines("100"), currency="USD"))
    assert "USD" in Order.objects.get().unattributed

    [answer] = state(stated(lines=lines("100"), currency="GBP"))

    assert answer.status == RecordingStatus.REVISED
    row = Conversion.objects.get()
    assert (row.sale_minor, row.commission_minor, row.rate) == (10_000, 1_000, None)
    contents = OrderRevision.objects.order_by("number").values_list("contents__currency", flat=True)
    assert list(contents) == ["USD", "GBP"]
    assert consistent(cast)


def test_a_credited_order_changes_its_currency_where_there_is_a_rate(cast: Cast) -> None:
    sell(stated(lines=lines("100")))
    returned = refund("R1", sku=None, quantity=None, amount="10", currency="USD")
    record_refunds(source="api", refunds=[returned], by=SYSTEM, now=LATER)
    assert Conversion.objects.get().refunded_minor == 0

    [refused] = state(stated(lines=lines("100"), currency="USD"))
    rate("0.5")
    [taken] = state(stated(lines=lines("100"), currency="USD"))

    assert [problem.code for problem in refused.problems] == ["no_rate"]
    assert taken.status == RecordingStatus.REVISED
    row = Conversion.objects.get()
    assert (row.sale_minor, row.refunded_minor, row.commission_minor) == (5_000, 500, 450)
    assert row.rate == Decimal("0.5")
    assert consistent(cast)
    state(stated(lines=lines("100")), now=LATER + timedelta(minutes=1))
    row.refresh_from_db()
    assert (row.sale_minor, row.refunded_minor) == (10_000, 0)
    assert row.rate is None
    assert consistent(cast)


def test_an_older_statement_in_another_currency_is_kept_and_changes_nothing(cast: Cast) -> None:
    sell(stated(lines=lines("100"), updated_at=at(30)), now=LATER)
    in_dollars = stated(lines=lines("100"), currency="USD", updated_at=at(10))

    answers = [state(in_dollars)[0].status for _ in range(2)]

    assert answers == [RecordingStatus.SUPERSEDED, RecordingStatus.DUPLICATE]
    assert Conversion.objects.get().sale_minor == 10_000


def test_a_cancelled_order_needs_no_rate_until_it_is_restored(cast: Cast) -> None:
    sell(stated(lines=lines("100"), updated_at=at(1)), now=LATER)
    in_dollars: dict[str, Any] = {"lines": lines("100"), "currency": "USD"}

    [cancelled] = state(stated(**in_dollars, cancelled_at=at(10), updated_at=at(10)))
    assert cancelled.status == RecordingStatus.REVISED
    assert Conversion.objects.get().status == "rejected"
    [refused] = state(stated(**in_dollars, updated_at=at(20)))
    rate("0.5")
    state(stated(**in_dollars, updated_at=at(20)))

    assert [problem.code for problem in refused.problems] == ["no_rate"]
    row = Conversion.objects.get()
    assert (row.status, row.sale_minor, row.commission_minor) == ("accepted", 5_000, 500)
    assert consistent(cast)


def test_rules_about_products_see_converted_lines(cast: Cast) -> None:
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=1_000, rules=(Rule(RuleKind.PRODUCT, "S0", 2_000),)),
        starts_at=NOW + timedelta(minutes=1),
        by=SYSTEM,
        now=NOW,
    )
    rate("0.333333333")
    sell(stated(lines=lines("10.01", "10.01"), currency="USD", ordered_at=at(5)), now=LATER)

    look_again(Order.objects.get())

    row = Conversion.objects.get()
    assert row.sale_minor == 667
    bases = [step["base"] for step in row.explanation if step["step"] == "percent"]
    assert sum(bases) == row.sale_minor
    assert consistent(cast)


def test_staff_credit_it_by_hand_or_share_it(cast: Cast) -> None:
    order = sold_in_dollars(promo_code=None)
    reason = "Said so on the phone"
    refused = credit_orders_by_hand(
        order_ids=[order.pk], enrollment=cast.mara_in_glow, reason=reason, by=SYSTEM, now=LATER
    )
    assert "no exchange rate" in str(refused.not_credited[0])
    rate("150", currency="USD", to="JPY")
    rate("0.8")

    credit_orders_by_hand(
        order_ids=[order.pk], enrollment=cast.mara_in_glow, reason=reason, by=SYSTEM, now=LATER
    )
    share_order(
        order_id=order.pk,
        shares=[Share(cast.mara_in_glow, 5_000), Share(cast.diego_in_glow, 5_000)],
        reason=reason,
        by=SYSTEM,
        now=LATER,
    )

    rows = Conversion.objects.order_by("pk")
    assert [(row.sale_minor, row.commission_minor) for row in rows] == [(4_000, 400)] * 2
    assert consistent(cast)


def test_a_rate_that_is_older_than_a_month_does_not_count() -> None:
    rate("0.8", days_ago=32)

    assert "USD" in look_again(sold_in_dollars())[0]


def test_a_rate_that_makes_an_impossible_amount_does_not_count() -> None:
    rate("999999999", currency="USD")

    assert "USD" in look_again(sold_in_dollars("99999999"))[0]


def test_a_rate_for_the_same_day_takes_the_place_of_the_first() -> None:
    rate("0.8")
    rate("0.9")

    assert ExchangeRate.objects.get().rate == Decimal("0.9")


@pytest.mark.parametrize("value", ["0", "-1"])
def test_the_database_takes_no_rate_that_is_not_positive(value: str) -> None:
    wrong = ExchangeRate(currency="USD", to="GBP", day=date(2026, 11, 1), rate=Decimal(value))

    with pytest.raises(IntegrityError, match="tracking_rate_positive"), transaction.atomic():
        wrong.save()
