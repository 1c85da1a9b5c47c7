"""Writing a debt off while it disappears: one of the two knows the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from core.tenancy import acting_for
from offers.models import Enrollment
from payouts.ledger import balances
from payouts.models import LedgerEntry, Payout, PayoutState
from payouts.services import DueChangedError, return_payment, write_off
from tests.cast import SYSTEM, Cast, pay_all_due, refund
from tests.own_processes import MAX_WAIT_SECONDS, until
from tests.payouts.owing import earn
from tests.tracking.orders.stating import LATER, at, lines, sell, stated
from tests.tracking.orders.test_at_the_same_moment import of_its_own, somebody_waits
from tracking.orders.refunds import record_refunds, undo_refund
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.django_db(transaction=True)


def undo(payout: Payout) -> None:
    undo_refund(source="api", external_id="R1", by=SYSTEM, now=LATER)


def give_back(payout: Payout) -> None:
    return_payment(payout=payout, state=PayoutState.FAILED, reason="x", by=SYSTEM, now=LATER)


def correct(payout: Payout) -> None:
    earn(Enrollment.objects.get(member=payout.member_id), 1_000)


def forgive(cast: Cast) -> LedgerEntry:
    return write_off(
        enrollment=cast.mara_in_glow, debt_minor=1_000, note="Ours", by=SYSTEM, now=LATER
    )


def in_debt(cast: Cast) -> Payout:
    sell(stated(lines=lines("100")))
    payout = pay_all_due(cast.mara, now=LATER)
    whole = refund("R1", sku=None, quantity=None, amount=None, refunded_at=at(5))
    record_refunds(source="api", refunds=[whole], by=SYSTEM, now=LATER)
    return payout


@pytest.mark.parametrize("act", [undo, give_back, correct])
def test_a_debt_that_is_disappearing_is_not_written_off(
    act: Callable[[Payout], None], cast: Cast
) -> None:
    with acting_for(cast.juniper), ThreadPoolExecutor(1) as pool:
        payout = in_debt(cast)
        with transaction.atomic():
            act(payout)
            writing_off = pool.submit(of_its_own(cast, lambda: forgive(cast)))
            until(somebody_waits, "who writes off does not wait")
        with pytest.raises(DueChangedError):
            writing_off.result(MAX_WAIT_SECONDS)

        assert owed_to(cast) == 0
        assert list(differences(cast.juniper)) == []


@pytest.mark.parametrize("act", [undo, give_back])
def test_what_comes_back_while_it_is_written_off_is_taken_back(
    act: Callable[[Payout], None], cast: Cast
) -> None:
    with acting_for(cast.juniper), ThreadPoolExecutor(1) as pool:
        payout = in_debt(cast)
        with transaction.atomic():
            forgive(cast)
            acting: Any = pool.submit(of_its_own(cast, lambda: act(payout)))
            until(somebody_waits, "who changes the debt does not wait")
        acting.result(MAX_WAIT_SECONDS)

        assert owed_to(cast) == 0
        assert list(differences(cast.juniper)) == []


def owed_to(cast: Cast) -> int:
    return balances([cast.mara_in_glow.pk], now=LATER)[cast.mara_in_glow.pk].owed_minor
