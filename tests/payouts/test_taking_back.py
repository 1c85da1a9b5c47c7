"""A write-off is taken back as far as the debt was none, and never takes what is earned later."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest

from core.tenancy import acting_for
from offers.models import Approval, Enrollment
from offers.services import create_offer, enroll, supersede_terms
from offers.terms import TermsValues
from payouts.ledger import balances
from payouts.models import LedgerEntry, Payout, PayoutState
from payouts.runs import confirm_run, draft_run
from payouts.services import PayoutError, return_payment, write_off
from tests.cast import NOW, SYSTEM, Cast, offer_values, pay_all_due, refund
from tests.payouts.owing import earn
from tests.tracking.orders.stating import at, lines, sell, stated
from tracking.models import Conversion
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.refunds import record_refunds, undo_refund
from tracking.reconciliation.differences import differences

HOUR = timedelta(hours=1)


@pytest.fixture
def cast(cast: Cast) -> Iterator[Cast]:
    with acting_for(cast.juniper):
        yield cast
        assert list(differences(cast.juniper)) == []


def owed_to(enrollment: Enrollment) -> int:
    return balances([enrollment.pk], now=NOW + 9 * HOUR)[enrollment.pk].owed_minor


def conversion(order_id: str) -> Conversion:
    return Conversion.objects.get(order__external_id=order_id)


def written_off() -> list[int]:
    rows = LedgerEntry.objects.filter(kind="write_off").order_by("pk")
    return list(rows.values_list("amount_minor", flat=True))


def give_back(order_id: str, refund_id: str, *, hours: float) -> None:
    whole = refund(refund_id, order_id, sku=None, quantity=None, amount=None, refunded_at=at(5))
    record_refunds(source="api", refunds=[whole], by=SYSTEM, now=NOW + hours * HOUR)


def paid_and_lost(cast: Cast, order_id: str = "A") -> None:
    """£10.00 were paid for an order that was given back afterwards."""
    sell(stated(order_id, lines=lines("100"), ordered_at=at(2)), now=NOW + HOUR)
    accept_conversions(conversion_ids=[conversion(order_id).pk], by=SYSTEM, now=NOW + HOUR)
    pay_all_due(cast.mara, now=NOW + 2 * HOUR)
    give_back(order_id, f"R-{order_id}", hours=3)


def forgive(cast: Cast, debt_minor: int, *, hours: int) -> None:
    write_off(
        enrollment=cast.mara_in_glow, debt_minor=debt_minor, note="Ours", by=SYSTEM,
        now=NOW + hours * HOUR,
    )  # fmt: skip


def come_back(payout: Payout, *, hours: int) -> None:
    return_payment(
        payout=payout, state=PayoutState.FAILED, reason="Closed", by=SYSTEM,
        now=NOW + hours * HOUR,
    )  # fmt: skip


def test_an_order_that_waited_for_review_is_paid_in_full(cast: Cast) -> None:
    """It was known before the write-off, and had earned nothing: it was no part of the debt."""
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=1_000, approval=Approval.BY_HAND),
        starts_at=NOW + timedelta(minutes=1),
        by=SYSTEM,
        now=NOW,
    )
    paid_and_lost(cast)
    sell(stated("B", lines=lines("100"), ordered_at=at(7)), now=NOW + 3 * HOUR)
    forgive(cast, 1_000, hours=4)

    accept_conversions(conversion_ids=[conversion("B").pk], by=SYSTEM, now=NOW + 5 * HOUR)

    assert (owed_to(cast.mara_in_glow), written_off()) == (1_000, [1_000])


def test_what_was_lost_after_the_write_off_comes_back_in_full(cast: Cast) -> None:
    paid_and_lost(cast)
    forgive(cast, 1_000, hours=4)
    sell(stated("B", lines=lines("50"), ordered_at=at(7)), now=NOW + 5 * HOUR)
    reject_conversions(
        conversion_ids=[conversion("B").pk], reason="x", by=SYSTEM, now=NOW + 6 * HOUR
    )

    accept_conversions(conversion_ids=[conversion("B").pk], by=SYSTEM, now=NOW + 7 * HOUR)

    assert (owed_to(cast.mara_in_glow), written_off()) == (500, [1_000])


def test_only_what_the_conversion_had_lost_is_taken_back(cast: Cast) -> None:
    paid_and_lost(cast)
    forgive(cast, 1_000, hours=4)

    undo_refund(source="api", external_id="R-A", by=SYSTEM, now=NOW + 5 * HOUR)

    assert (owed_to(cast.mara_in_glow), written_off()) == (0, [1_000, -1_000])
    give_back("A", "R2", hours=6)
    undo_refund(source="api", external_id="R2", by=SYSTEM, now=NOW + 7 * HOUR)
    assert (owed_to(cast.mara_in_glow), written_off()) == (0, [1_000, -1_000])


def test_taking_a_part_back_makes_nothing_old_that_was_earned_since(cast: Cast) -> None:
    mara = cast.mara_in_glow
    earn(mara, 6_000)
    first = pay_all_due(cast.mara, now=NOW)
    earn(mara, 4_000)
    pay_all_due(cast.mara, now=NOW + HOUR)
    earn(mara, -10_000)
    forgive(cast, 10_000, hours=3)
    earn(mara, 3_000)
    since = pay_all_due(cast.mara, now=NOW + 5 * HOUR)

    come_back(first, hours=6)
    assert (owed_to(mara), written_off()) == (0, [10_000, -6_000])
    come_back(since, hours=7)

    assert (owed_to(mara), written_off()) == (3_000, [10_000, -6_000])


def sold(order_id: str, price: str, *, minutes: int, hours: float = 1) -> None:
    sell(stated(order_id, lines=lines(price), ordered_at=at(minutes)), now=NOW + hours * HOUR)


@pytest.mark.parametrize("sequence", ["AE", "EA"])
def test_the_sequence_in_which_losses_come_back_makes_no_difference(
    sequence: str, cast: Cast
) -> None:
    sold("A", "100", minutes=2)
    sold("E", "100", minutes=3)
    pay_all_due(cast.mara, now=NOW + 2 * HOUR)
    give_back("A", "R-A", hours=3)
    forgive(cast, 1_000, hours=4)
    give_back("E", "R-E", hours=5)

    for hours, order_id in enumerate(sequence, 6):
        undo_refund(source="api", external_id=f"R-{order_id}", by=SYSTEM, now=NOW + hours * HOUR)

    assert (owed_to(cast.mara_in_glow), written_off()) == (0, [1_000, -1_000])


def test_a_second_small_write_off_does_not_open_the_first(cast: Cast) -> None:
    sold("A", "1000", minutes=2)
    pay_all_due(cast.mara, now=NOW + 2 * HOUR)
    give_back("A", "R-A", hours=3)
    forgive(cast, 10_000, hours=4)
    sold("G", "500", minutes=5, hours=4.1)
    sold("K", "10", minutes=6, hours=4.1)
    rejected = [conversion("G").pk]
    reject_conversions(conversion_ids=rejected, reason="x", by=SYSTEM, now=NOW + 4.2 * HOUR)
    pay_all_due(cast.mara, now=NOW + 4.5 * HOUR)
    give_back("K", "R-K", hours=5)
    forgive(cast, 100, hours=6)

    accept_conversions(conversion_ids=rejected, by=SYSTEM, now=NOW + 7 * HOUR)

    assert (owed_to(cast.mara_in_glow), written_off()) == (4_900, [10_000, 100, -100])


def test_a_payment_from_between_two_write_offs_takes_back_the_second_alone(cast: Cast) -> None:
    mara = cast.mara_in_glow
    earn(mara, 10_000)
    pay_all_due(cast.mara, now=NOW)
    earn(mara, -10_000)
    forgive(cast, 10_000, hours=1)
    earn(mara, 5_000)
    between = pay_all_due(cast.mara, now=NOW + 2 * HOUR)
    earn(mara, -100)
    forgive(cast, 100, hours=3)

    come_back(between, hours=4)

    assert (owed_to(mara), written_off()) == (4_900, [10_000, 100, -100])


def test_a_cap_that_passes_a_sum_from_one_order_to_another_takes_nothing_back(cast: Cast) -> None:
    """What A earns again, B earns less: the debt is another one, and stays as it was."""
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=1_000, cap_minor=1_000, cap_period="month", hold_days=0),
        starts_at=NOW + timedelta(minutes=1),
        by=SYSTEM,
        now=NOW,
    )
    sold("A", "100", minutes=2)
    sold("B", "100", minutes=3)
    pay_all_due(cast.mara, now=NOW + 1.5 * HOUR)
    give_back("A", "R-A", hours=2)
    earn(cast.mara_in_glow, -700)
    forgive(cast, 700, hours=4)

    undo_refund(source="api", external_id="R-A", by=SYSTEM, now=NOW + 5 * HOUR)

    assert (owed_to(cast.mara_in_glow), written_off()) == (0, [700])


def test_what_is_lost_and_comes_back_twice_is_taken_back_once(cast: Cast) -> None:
    sold("A", "100", minutes=2)
    sold("E", "100", minutes=3)
    pay_all_due(cast.mara, now=NOW + 2 * HOUR)
    give_back("A", "R-A", hours=3)
    give_back("E", "R-E", hours=3)
    forgive(cast, 2_000, hours=4)
    undo_refund(source="api", external_id="R-A", by=SYSTEM, now=NOW + 5 * HOUR)
    sold("F", "100", minutes=9, hours=6)

    give_back("A", "R-A2", hours=7)
    undo_refund(source="api", external_id="R-A2", by=SYSTEM, now=NOW + 8 * HOUR)

    assert (owed_to(cast.mara_in_glow), written_off()) == (1_000, [2_000, -1_000])


def test_nothing_is_written_off_while_any_payment_is_open(cast: Cast) -> None:
    """Two runs are on the way, which pay +£50.00 and -£50.00 in this offer."""
    mara = cast.mara_in_glow
    other = create_offer(
        values=offer_values(name="Other"), terms=TermsValues(percent_bp=1), by=SYSTEM, now=NOW
    )
    [second] = enroll(offer=other, members=[cast.mara], by=SYSTEM, now=NOW)
    earn(mara, 5_000)
    send(hours=1)
    earn(mara, -5_000)
    earn(second, 8_000)
    send(hours=2)
    earn(mara, -2_000)
    balance = balances([mara.pk], now=NOW + 3 * HOUR)[mara.pk]
    assert (balance.on_the_way_minor, balance.debt_minor) == (0, 2_000)

    with pytest.raises(PayoutError, match="a payment is on the way"):
        forgive(cast, 2_000, hours=3)


def send(*, hours: int) -> None:
    run = draft_run(
        currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(), by=SYSTEM,
        now=NOW + hours * HOUR,
    )  # fmt: skip
    confirm_run(run=run, by=SYSTEM, now=NOW + hours * HOUR)
