"""Payments: exactly the entries named, once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from core.tenancy import acting_for
from payouts.ledger import Balance, balances, due_by_member, due_entries
from payouts.models import LedgerEntry, Payout, PayoutItem, PayoutState
from payouts.services import (
    DueChangedError,
    PayoutError,
    adjust,
    record_payment,
    return_payment,
)
from tests.cast import NOW, SYSTEM, Cast, assemble


@pytest.fixture
def owed(cast: Cast) -> Iterator[Cast]:
    """Mara is due £10.00 now and £5.00 in a week."""
    with acting_for(cast.juniper):
        adjustment(cast, 1_000)
        adjustment(cast, 500, available_at=NOW + timedelta(days=7))
        yield cast


def adjustment(cast: Cast, amount_minor: int, available_at: datetime = NOW) -> LedgerEntry:
    return adjust(
        enrollment=cast.mara_in_glow,
        currency="GBP",
        amount_minor=amount_minor,
        note="bonus",
        by=SYSTEM,
        now=available_at,
    )


def due_ids(cast: Cast) -> list[int]:
    due = due_entries(member_id=cast.mara.pk, currency="GBP", now=NOW)
    return list(due.values_list("pk", flat=True))


def pay(cast: Cast, entry_ids: list[int]) -> Payout:
    return record_payment(
        member=cast.mara,
        currency="GBP",
        entry_ids=entry_ids,
        reference="BACS 1",
        by=SYSTEM,
        now=NOW,
    )


def balance(cast: Cast) -> Balance:
    return balances([cast.mara_in_glow.pk], now=NOW)[cast.mara_in_glow.pk]


def test_a_payment_pays_exactly_what_is_due(owed: Cast) -> None:
    payout = pay(owed, due_ids(owed))

    assert (payout.amount_minor, payout.state, payout.reference) == (1_000, "paid", "BACS 1")
    assert balance(owed) == Balance(
        earned_minor=1_500, due_minor=0, held_minor=500, on_the_way_minor=0, paid_minor=1_000
    )
    assert due_by_member(now=NOW) == []


def test_paying_the_same_entries_again_is_refused(owed: Cast) -> None:
    ids = due_ids(owed)
    pay(owed, ids)

    with pytest.raises(DueChangedError):
        pay(owed, ids)

    assert Payout.objects.count() == 1


def test_an_entry_still_on_hold_can_not_be_paid(owed: Cast) -> None:
    held = LedgerEntry.objects.get(amount_minor=500)

    with pytest.raises(DueChangedError):
        pay(owed, [held.pk])

    assert Payout.objects.count() == 0


def test_nothing_due_is_no_payment(cast: Cast) -> None:
    with acting_for(cast.juniper):
        with pytest.raises(PayoutError):
            pay(cast, [])

        assert Payout.objects.count() == 0


def test_a_failed_payment_gives_the_money_back_and_can_be_paid_again(owed: Cast) -> None:
    ids = due_ids(owed)
    payout = pay(owed, ids)

    return_payment(
        payout=payout, state=PayoutState.FAILED, reason="account closed", by=SYSTEM, now=NOW
    )

    assert balance(owed) == Balance(earned_minor=1_500, due_minor=1_000, held_minor=500)
    assert pay(owed, ids).amount_minor == 1_000


def test_a_payment_comes_back_once(owed: Cast) -> None:
    payout = pay(owed, due_ids(owed))
    told = {"payout": payout, "state": PayoutState.CANCELLED, "by": SYSTEM, "now": NOW}
    return_payment(**told, reason="typed wrongly")

    with pytest.raises(PayoutError):
        return_payment(**told, reason="again")

    assert balance(owed).due_minor == 1_000


def test_postgresql_itself_refuses_a_second_live_item_for_an_entry(owed: Cast) -> None:
    first = pay(owed, due_ids(owed))
    entry = PayoutItem.objects.get().entry

    with pytest.raises(IntegrityError, match="payouts_item_entry_paid_once"), transaction.atomic():
        PayoutItem.objects.create(payout=first, entry=entry)


@pytest.mark.django_db(transaction=True)
def test_a_hundred_people_pressing_pay_at_once_pay_once_and_so_each_time() -> None:
    """Three times over; `python -m benchmarks payouts` does it a hundred times."""
    cast = assemble()
    for times in range(1, 4):
        with acting_for(cast.juniper):
            adjustment(cast, 1_000)
            ids = due_ids(cast)

        results = press_at_once(cast, ids, people=100)

        assert sorted(results) == ["paid"] + ["refused"] * 99
        with acting_for(cast.juniper):
            assert balance(cast).paid_minor == 1_000 * times


def press_at_once(cast: Cast, ids: list[int], *, people: int) -> list[str]:
    start = threading.Barrier(people)
    results: list[str] = []

    def press() -> None:
        start.wait()
        with acting_for(cast.juniper):
            try:
                pay(cast, ids)
                results.append("paid")
            except DueChangedError:
                results.append("refused")
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
