"""Payments: exactly the entries named, once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import repeat
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from core.tenancy import acting_for
from payouts.due import due_by_member
from payouts.ledger import Balance, balances, due_entries
from payouts.models import LedgerEntry, Payout, PayoutItem, PayoutState
from payouts.services import (
    DueChangedError,
    PayoutError,
    record_payment,
    return_payment,
)
from tests.amounts import amount
from tests.cast import NOW, SYSTEM, Cast, assemble
from tests.payouts.owing import earn


@pytest.fixture
def owed(cast: Cast) -> Iterator[Cast]:
    """Mara is due £10.00 now and £5.00 in a week."""
    with acting_for(cast.juniper):
        earn(cast.mara_in_glow, 1_000)
        earn(cast.mara_in_glow, 500, available_at=NOW + timedelta(days=7))
        yield cast


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


def test_a_payment_of_more_than_is_due_in_all_is_refused(owed: Cast) -> None:
    """A refund came after the form was opened: the member would have been paid too much."""
    seen = due_ids(owed)
    earn(owed.mara_in_glow, -1_000)

    with pytest.raises(DueChangedError):
        pay(owed, seen)

    assert not Payout.objects.exists()
    assert balance(owed).due_minor == 0


def test_corrections_stand_before_what_they_lower(owed: Cast) -> None:
    """A page shows the first entries only, and they never add up to more than is due."""
    earn(owed.mara_in_glow, -300)

    due = due_entries(member_id=owed.mara.pk, currency="GBP", now=NOW)

    assert list(due.values_list("amount_minor", flat=True)) == [-300, 1_000]


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
    told: dict[str, Any] = {"payout": payout, "state": PayoutState.CANCELLED}
    told |= {"by": SYSTEM, "now": NOW}
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
    """Again and again; `python -m benchmarks payouts` does it a hundred times."""
    cast = assemble()
    with acting_for(cast.juniper), pressing(cast, people=100) as press:
        for times in range(1, amount(3, soak=10) + 1):
            earn(cast.mara_in_glow, 1_000)

            results = press(due_ids(cast))

            assert sorted(results) == ["paid"] + ["refused"] * 99
            assert balance(cast).paid_minor == 1_000 * times


@contextmanager
def pressing(cast: Cast, *, people: int) -> Iterator[Callable[[list[int]], list[str]]]:
    """So many people who press Pay at one moment, as often as told."""
    start = threading.Barrier(people)

    def press(ids: list[int]) -> str:
        start.wait()
        try:
            with acting_for(cast.juniper):
                pay(cast, ids)
        except DueChangedError:
            return "refused"
        finally:
            connection.close()
        return "paid"

    with ThreadPoolExecutor(people) as crowd:
        yield lambda ids: list(crowd.map(press, repeat(ids, people)))
