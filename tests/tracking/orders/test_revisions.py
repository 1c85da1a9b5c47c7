"""Orders change: each statement is kept, the newest one counts, and commission follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from offers.models import Approval
from offers.services import supersede_terms
from offers.terms import TermsValues
from payouts.ledger import balances
from payouts.models import LedgerEntry
from payouts.services import record_payment
from tests.cast import NOW, SYSTEM, Cast, order, refund
from tests.tracking.orders.stating import LATER, at, earned, lines, sell, state, stated
from tracking.models import Conversion, ConversionStatus, DailyTotal, Order, OrderLine, Refund
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.lookup import revisions_of_order
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds
from tracking.orders.results import RecordingStatus
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.usefixtures("at_juniper")


def the_state() -> dict[str, Any]:
    """Everything that may not depend on how the facts came."""
    return {
        "orders": list(Order.objects.order_by("external_id").values_list(
            "external_id", "total_minor", "commissionable_minor", "payment_status", "cancelled_at",
            "is_test", "promo_codes", "updated_at", "digest",
        )),
        "lines": list(OrderLine.objects.order_by("order__external_id", "position").values_list(
            "line_id", "net_minor", "refunded_minor"
        )),
        "refunds": list(Refund.objects.order_by("external_id").values_list(
            "external_id", "state", "amount_minor", "reason"
        )),
        "conversions": list(Conversion.objects.order_by("order__external_id").values_list(
            "member", "status", "reason", "sale_minor", "refunded_minor", "commission_minor"
        )),
        "days": list(DailyTotal.objects.order_by("enrollment", "day").values_list(
            "enrollment", "day", "conversions", "pending", "sales_minor", "refunds_minor",
            "commission_minor", "pending_minor",
        )),
        "earned": earned(),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "sale", "commission"),
    [
        ({"lines": lines("100")}, 10000, 1000),
        ({"lines": lines("10")}, 1000, 100),
        ({"lines": lines("10", "5")}, 1500, 150),
        ({"lines": lines("0")}, 0, 0),
    ],
    ids=["raised", "lowered", "a line more", "nothing left"],
)
def test_a_revision_settles_the_difference_on_the_day_of_the_order(
    cast: Cast, changes: dict[str, Any], sale: int, commission: int
) -> None:
    sell()

    [result] = state(stated(**changes))

    conversion, day = Conversion.objects.get(), DailyTotal.objects.get()
    assert result.status == RecordingStatus.REVISED
    assert result.conversion_id == conversion.pk
    assert (conversion.sale_minor, conversion.commission_minor) == (sale, commission)
    assert (day.day, day.sales_minor, day.commission_minor) == (NOW.date(), sale, commission)
    assert earned() == commission
    assert list(differences(cast.juniper)) == []


def test_a_revision_after_the_payment_posts_what_was_paid_too_much(cast: Cast) -> None:
    sell()
    record_payment(
        member=cast.mara,
        currency="GBP",
        entry_ids=LedgerEntry.objects.values_list("pk", flat=True),
        reference="bank",
        by=SYSTEM,
        now=NOW,
    )

    state(stated(lines=lines("10")))

    balance = balances([cast.mara_in_glow.pk], now=LATER)[cast.mara_in_glow.pk]
    assert (balance.earned_minor, balance.paid_minor, balance.due_minor) == (100, 842, -742)


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"cancelled_at": at(0)}, "rejected", "The shop cancelled the order."),
        ({"payment_status": "voided"}, "rejected", "The payment of the order was voided."),
        ({"payment_status": "pending"}, "pending", "The order is not paid yet."),
        ({"is_test": True}, "rejected", "It is a test order."),
    ],
)
def test_what_the_shop_says_stands_above_the_decision_and_can_be_taken_back(
    cast: Cast, changes: dict[str, Any], status: str, reason: str
) -> None:
    sell()
    before = the_state()

    state(stated(**changes, updated_at=at(1)))
    found = Conversion.objects.get()
    assert (found.status, found.reason, found.commission_minor) == (status, reason, 0)
    assert (earned(), found.decision) == (0, "accepted")
    state(stated(updated_at=at(2)))

    after = the_state()
    assert after["conversions"] == before["conversions"]
    assert after["days"] == before["days"]
    assert list(differences(cast.juniper)) == []


def test_an_order_that_comes_unpaid_waits_and_earns_when_it_is_paid(cast: Cast) -> None:
    sell(stated(payment_status="pending"))
    waiting = Conversion.objects.get()
    assert (waiting.status, waiting.earnable_minor, earned()) == ("pending", 842, 0)

    state(stated())

    assert (Conversion.objects.get().status, earned()) == ("accepted", 842)


def test_staff_decide_and_the_order_still_has_to_be_paid(cast: Cast) -> None:
    sell(stated(payment_status="pending"))
    conversion = Conversion.objects.get()
    assert reject_conversions(
        conversion_ids=[conversion.pk], reason="own purchase", by=SYSTEM, now=NOW
    )

    state(stated())

    conversion.refresh_from_db()
    assert (conversion.status, conversion.reason, earned()) == ("rejected", "own purchase", 0)
    assert accept_conversions(conversion_ids=[conversion.pk], by=SYSTEM, now=LATER)
    assert earned() == 842


def test_approval_by_hand_is_still_asked_for_after_a_revision(cast: Cast) -> None:
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=1000, approval=Approval.BY_HAND),
        starts_at=NOW + timedelta(minutes=1),
        by=SYSTEM,
        now=NOW,
    )
    sell(stated(ordered_at=at(1)))
    state(stated(ordered_at=at(1), cancelled_at=at(2), updated_at=at(2)))
    state(stated(ordered_at=at(1), updated_at=at(3)))

    found = Conversion.objects.get()
    assert (found.status, found.reason) == (ConversionStatus.PENDING, "")


def test_a_test_order_is_kept_and_credited_to_nobody_and_says_to_whom_it_would_be(
    cast: Cast,
) -> None:
    [result] = sell(stated(is_test=True))

    assert result.status == RecordingStatus.UNATTRIBUTED
    assert [problem.code for problem in result.problems] == ["test_order"]
    assert Order.objects.get().unattributed == (
        "a test order never counts; the order brought the code MARA15"
    )
    assert not Conversion.objects.exists()


def test_lines_that_earn_no_commission_are_no_sale(cast: Cast) -> None:
    gift = {"line_id": "G", "quantity": 1, "unit_price": "50", "commissionable": False}
    sell(stated(lines=[*lines("10"), gift]))
    record_refunds(
        source="api",
        refunds=[refund(sku=None, quantity=None, amount="30")],
        by=SYSTEM,
        now=NOW,
    )

    found, sold = Conversion.objects.get(), Order.objects.get()
    assert (sold.total_minor, found.sale_minor) == (6000, 1000)
    assert (found.refunded_minor, found.commission_minor) == (500, 50)
    assert list(differences(cast.juniper)) == []


def test_the_newest_statement_counts_in_whatever_sequence_they_come(cast: Cast) -> None:
    """The first one creates the order, so all say the same code."""
    statements = [
        stated(lines=lines("100"), updated_at=at(1)),
        stated(lines=lines("80", "5"), updated_at=at(2)),
        stated(lines=lines("80"), updated_at=at(3), cancelled_at=at(3)),
        stated(lines=lines("70"), updated_at=at(4)),
    ]
    found = []
    for number, sequence in enumerate(permutations(statements)):
        for one in sequence:
            alone = replace(one, external_id=f"alone-{number}")
            record_orders(source="shop", orders=[alone], revising=True, by=SYSTEM, now=LATER)
        batch = [replace(one, external_id=f"batch-{number}") for one in sequence]
        whole = record_orders(source="shop", orders=batch, revising=True, by=SYSTEM, now=LATER)
        assert len(whole) == len(statements)
    for conversion in Conversion.objects.select_related("order"):
        found.append((conversion.sale_minor, conversion.commission_minor, conversion.status))
        revisions = revisions_of_order(conversion.order)
        assert len(revisions) == len(statements)
        assert [one.number for one in revisions] == [1, 2, 3, 4]
        current = revisions[conversion.order.revision - 1]
        assert current.updated_at == NOW + timedelta(minutes=4)
    assert found == [(7000, 700, "accepted")] * 48
    assert list(differences(cast.juniper)) == []


def test_an_older_statement_that_comes_late_is_kept_and_changes_nothing(cast: Cast) -> None:
    sell(stated(lines=lines("100"), updated_at=at(5)))
    before = the_state()

    [late] = state(stated(lines=lines("1"), updated_at=at(1)))
    [again] = state(stated(lines=lines("1"), updated_at=at(1)))

    assert (late.status, again.status) == (RecordingStatus.SUPERSEDED, RecordingStatus.DUPLICATE)
    assert the_state() == before
    assert [one.number for one in revisions_of_order(Order.objects.get())] == [1, 2]


def test_the_same_statement_with_a_newer_time_holds_off_those_in_between(cast: Cast) -> None:
    sell(stated(lines=lines("100"), updated_at=at(1)))

    [repeat] = state(stated(lines=lines("100"), updated_at=at(9)))
    [between] = state(stated(lines=lines("1"), updated_at=at(5)))

    assert (repeat.status, between.status) == (
        RecordingStatus.DUPLICATE,
        RecordingStatus.SUPERSEDED,
    )
    assert earned() == 1000


def test_a_statement_without_a_time_is_what_the_shop_says_now(cast: Cast) -> None:
    """Also when the shop's clock was ahead of ours."""
    sell(stated(updated_at=at(30)))

    [result] = state(stated(lines=lines("10")), now=NOW)

    assert (result.status, earned()) == (RecordingStatus.REVISED, 100)


def test_the_first_order_sent_again_after_a_revision_is_a_repeat(cast: Cast) -> None:
    sell()
    state(stated(lines=lines("10")))

    [repeat] = sell()
    [other] = sell(stated(lines=lines("11")))

    assert (repeat.status, other.status) == (RecordingStatus.DUPLICATE, RecordingStatus.CONFLICT)
    assert earned() == 100


def test_evidence_is_looked_at_again_only_while_nobody_is_credited(cast: Cast) -> None:
    sell(stated(promo_code="NOBODY"))

    [credited] = state(stated(promo_codes=["NOBODY", "MARA15"], promo_code=None, updated_at=at(1)))
    state(stated(promo_code="DIEGO10", updated_at=at(2)))

    assert credited.conversion_id
    found = Conversion.objects.get()
    assert found.member == cast.mara
    assert (Order.objects.get().unattributed, earned()) == ("", 842)


def test_a_credited_order_keeps_its_day(cast: Cast) -> None:
    sell()

    state(stated(ordered_at=(NOW - timedelta(days=3)).isoformat(), lines=lines("10")))

    assert Conversion.objects.get().occurred_at == order().ordered_at
    assert DailyTotal.objects.get().day == NOW.date()


def test_lines_that_go_take_their_refunds_along_and_bring_them_back(cast: Cast) -> None:
    """A refund takes what there is, whatever the lines are at the moment."""
    sell(stated(lines=lines("10", "20")))
    record_refunds(source="api", refunds=[refund(sku="S1", amount="15")], by=SYSTEM, now=NOW)
    assert Conversion.objects.get().refunded_minor == 1500

    state(stated(lines=lines("10"), updated_at=at(1)))
    row = Refund.objects.get()
    assert (row.amount_minor, row.reason) == (0, "the order has no line S1")
    assert earned() == 100
    state(stated(lines=lines("10", "20"), updated_at=at(2)))

    row.refresh_from_db()
    assert (row.amount_minor, row.reason) == (1500, "")
    assert earned() == 150
    assert list(differences(cast.juniper)) == []


def test_of_two_statements_with_one_time_the_later_counts_and_a_retry_does_not(
    cast: Cast,
) -> None:
    """Shops count in seconds, and send again what they had no answer for."""
    first, second = (stated(lines=lines(price), updated_at=at(1)) for price in ("10", "20"))
    sell(first)

    [changed] = state(second)
    [retry] = state(first)

    assert (changed.status, retry.status) == (RecordingStatus.REVISED, RecordingStatus.DUPLICATE)
    assert earned() == 200


def test_a_revision_is_never_changed(cast: Cast) -> None:
    sell()
    state(stated(lines=lines("10")))
    [first, second] = revisions_of_order(Order.objects.get())

    assert first.contents["lines"][0]["amount"] == "84.20"
    assert second.contents["lines"][0]["amount"] == "10.00"
