"""What a member was paid too much is written off: once, with a reason, by an entry of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEntry, OutboxEntry
from core.tenancy import acting_for
from offers.models import Enrollment
from payouts.due import due_by_member
from payouts.ledger import Balance, balances, due_entries
from payouts.models import LedgerEntry, PayoutState
from payouts.runs import confirm_run, draft_run
from payouts.services import DueChangedError, PayoutError, return_payment, write_off
from tests.cast import NOW, SYSTEM, Cast, pay_all_due, refund
from tests.payouts.owing import earn
from tests.tracking.orders.stating import LATER, at, lines, sell, stated
from tracking.figures.statements import statement_of, statement_rows
from tracking.orders.refunds import record_refunds, undo_refund
from tracking.reconciliation.differences import differences


@pytest.fixture
def indebted(cast: Cast) -> Iterator[Cast]:
    """Mara was paid £10.00, of which £8.00 was taken back afterwards."""
    with acting_for(cast.juniper):
        earn(cast.mara_in_glow, 1_000)
        pay_all_due(cast.mara)
        earn(cast.mara_in_glow, -800)
        yield cast


def balance(cast: Cast) -> Balance:
    return balances([cast.mara_in_glow.pk], now=NOW)[cast.mara_in_glow.pk]


def forgive(cast: Cast, debt_minor: int = 800, **more: Any) -> LedgerEntry:
    values: dict[str, Any] = {
        "note": "Returned after she had left",
        "by": SYSTEM,
        "now": NOW,
    } | more
    return write_off(enrollment=cast.mara_in_glow, debt_minor=debt_minor, **values)


def test_a_debt_becomes_zero_and_nothing_is_earned_by_it(indebted: Cast) -> None:
    assert balance(indebted) == Balance(earned_minor=200, paid_minor=1_000, due_minor=-800)
    assert balance(indebted).debt_minor == 800

    entry = forgive(indebted)

    assert (entry.kind, entry.amount_minor, entry.currency) == ("write_off", 800, "GBP")
    assert balance(indebted) == Balance(
        earned_minor=200, paid_minor=1_000, written_off_minor=800, due_minor=0
    )
    assert due_by_member(now=NOW) == []
    assert list(differences(indebted.juniper)) == []


def test_it_is_audited_and_told_to_other_systems(indebted: Cast) -> None:
    entry = forgive(indebted, note="  Returned  ")

    audited = AuditEntry.objects.get(action="ledger.written_off")
    assert audited.target == f"ledgerentry:{entry.pk}"
    assert audited.detail == {"amount_minor": 800, "note": "Returned"}
    told = OutboxEntry.objects.filter(event="balance.adjusted").order_by("pk").last()
    assert told is not None
    assert (told.target, told.data["amount_minor"]) == (f"ledgerentry:{entry.pk}", 800)


def test_what_is_earned_later_is_paid_in_full(indebted: Cast) -> None:
    forgive(indebted)
    earn(indebted.mara_in_glow, 500)

    payout = pay_all_due(indebted.mara, reference="BACS 2")

    assert payout.amount_minor == 500
    lines = statement_of(payout)
    assert sorted((line.entry.kind, line.amount.minor) for line in lines) == [
        ("adjustment", -800), ("adjustment", 500), ("write_off", 800),
    ]  # fmt: skip
    assert "Debt written off" in [line.what for line in lines]
    assert [row[-2] for row in statement_rows(payout)][-1] == "5.00"
    assert not due_entries(member_id=indebted.mara.pk, currency="GBP", now=NOW).exists()
    assert list(differences(indebted.juniper)) == []


def test_a_run_pays_it_in_full_too(indebted: Cast) -> None:
    forgive(indebted)
    earn(indebted.mara_in_glow, 500)

    run = draft_run(
        currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
        by=SYSTEM, now=NOW,
    )  # fmt: skip
    confirm_run(run=run, by=SYSTEM, now=NOW)

    run.refresh_from_db()
    assert (run.amount_minor, run.payments) == (500, 1)
    assert balance(indebted).due_minor == 0
    assert list(differences(indebted.juniper)) == []


def test_what_is_in_its_hold_lowers_the_debt(indebted: Cast) -> None:
    earn(indebted.mara_in_glow, 300, available_at=NOW + timedelta(days=7))

    assert balance(indebted).debt_minor == 500
    forgive(indebted, 500)

    assert (balance(indebted).due_minor, balance(indebted).held_minor) == (-300, 300)


def test_a_second_press_of_the_button_posts_nothing(indebted: Cast) -> None:
    key = uuid.uuid4()

    first, second = (forgive(indebted, confirmation=key) for _ in range(2))

    assert first == second
    assert LedgerEntry.objects.filter(kind="write_off").count() == 1


@pytest.mark.parametrize(
    ("debt_minor", "note", "error", "message"),
    [
        (700, "x", DueChangedError, "the debt has changed meanwhile"),
        (900, "x", DueChangedError, "the debt has changed meanwhile"),
        (800, "  ", PayoutError, "say why the debt is written off"),
    ],
)
def test_what_can_not_be_written_off_posts_nothing(
    indebted: Cast, debt_minor: int, note: str, error: type[PayoutError], message: str
) -> None:
    before = balance(indebted)

    with pytest.raises(error, match=message):
        forgive(indebted, debt_minor, note=note)

    assert balance(indebted) == before


def test_what_comes_back_after_a_write_off_is_not_paid_again(at_juniper: Cast) -> None:
    cast = at_juniper
    sell(stated(lines=lines("100")))
    paid = pay_all_due(cast.mara, now=LATER)
    give_all_back()
    write_off(enrollment=cast.mara_in_glow, debt_minor=1_000, note="Ours", by=SYSTEM, now=LATER)

    return_payment(payout=paid, state=PayoutState.FAILED, reason="Closed", by=SYSTEM, now=LATER)

    assert owed_to(cast.mara_in_glow) == 0
    sell(stated("1002", lines=lines("50")))
    assert owed_to(cast.mara_in_glow) == 500


def test_a_refund_that_is_undone_after_a_write_off_takes_that_back(at_juniper: Cast) -> None:
    cast = at_juniper
    sell(stated(lines=lines("100")))
    pay_all_due(cast.mara, now=LATER)
    give_all_back()
    write_off(enrollment=cast.mara_in_glow, debt_minor=1_000, note="Ours", by=SYSTEM, now=LATER)
    sell(stated("1002", lines=lines("50")))
    assert owed_to(cast.mara_in_glow) == 500

    undo_refund(source="api", external_id="R1", by=SYSTEM, now=LATER)

    assert owed_to(cast.mara_in_glow) == 500


def give_all_back() -> None:
    whole = refund("R1", sku=None, quantity=None, amount=None, refunded_at=at(5))
    record_refunds(source="api", refunds=[whole], by=SYSTEM, now=LATER)


def owed_to(enrollment: Enrollment) -> int:
    return balances([enrollment.pk], now=LATER)[enrollment.pk].owed_minor


def test_without_a_debt_there_is_nothing_to_write_off(indebted: Cast) -> None:
    earn(indebted.mara_in_glow, 800)

    with pytest.raises(PayoutError, match="there is no debt"):
        forgive(indebted)


@pytest.mark.parametrize("changes", [{"payout_id": 1}, {"conversion_id": 1}])
def test_postgresql_knows_what_a_write_off_is(indebted: Cast, changes: dict[str, int]) -> None:
    values: dict[str, Any] = {
        "enrollment": indebted.mara_in_glow, "kind": "write_off", "amount_minor": 1,
        "currency": "GBP", "posted_at": NOW, "available_at": NOW,
    }  # fmt: skip

    with pytest.raises(IntegrityError, match="payouts_entry_kind"), transaction.atomic():
        LedgerEntry.objects.create(**values | changes)
