"""A shop that named the wrong order of a refund states it anew: it moves, and both are settled."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from accounts.models import AuditEntry
from core.tenancy import acting_for
from tests.cast import SYSTEM, Cast
from tests.cast import refund as of_the_cast
from tests.own_processes import MAX_WAIT_SECONDS, until
from tests.tracking.orders.stating import LATER, at, lines, sell, stated
from tests.tracking.orders.test_at_the_same_moment import of_its_own, somebody_waits
from tracking.models import Conversion
from tracking.orders.facts import RefundFacts
from tracking.orders.refunds import record_refunds, undo_refund
from tracking.orders.results import RecordingResult, RecordingStatus
from tracking.reconciliation.differences import differences

at_juniper = pytest.mark.usefixtures("at_juniper")


def refund(order_id: str, amount: str = "10", refund_id: str = "R1") -> RefundFacts:
    changes: dict[str, Any] = {"sku": None, "quantity": None, "refunded_at": at(30)}
    return of_the_cast(refund_id, order_id, amount=amount, **changes)


def put(*refunds: RefundFacts) -> Sequence[RecordingResult]:
    return record_refunds(source="api", refunds=refunds, replacing=True, by=SYSTEM, now=LATER)


def come(*names: str) -> None:
    sell(*(stated(name, lines=lines("100"), ordered_at=at(5)) for name in names), now=LATER)


def refunded(cast: Cast) -> dict[str, int]:
    assert list(differences(cast.juniper)) == []
    return dict(Conversion.objects.values_list("order__external_id", "refunded_minor"))


@at_juniper
def test_it_moves_to_an_order_that_is_there(cast: Cast) -> None:
    come("A", "B")
    put(refund("A"))

    [answer] = put(refund("B"))

    assert answer.status == RecordingStatus.REPLACED
    assert refunded(cast) == {"A": 0, "B": 1_000}


@at_juniper
def test_it_moves_to_an_order_that_comes_later(cast: Cast) -> None:
    come("A")
    put(refund("A"))

    [answer] = put(refund("B"))
    assert answer.status == RecordingStatus.PARKED
    assert refunded(cast) == {"A": 0}
    come("B")

    assert refunded(cast) == {"A": 0, "B": 1_000}


@at_juniper
def test_one_that_waits_moves(cast: Cast) -> None:
    put(refund("A"))
    put(refund("B"))

    come("B", "A")

    assert refunded(cast) == {"A": 0, "B": 1_000}


@at_juniper
def test_it_moves_twice_also_at_once(cast: Cast) -> None:
    come("A", "B", "C")
    put(refund("A"))
    put(refund("B"), refund("C"))
    assert refunded(cast) == {"A": 0, "B": 0, "C": 1_000}

    put(refund("A"))

    assert refunded(cast) == {"A": 1_000, "B": 0, "C": 0}


@at_juniper
def test_each_of_two_statements_at_once_gets_its_own_answer(cast: Cast) -> None:
    come("A")

    first, second = put(refund("A", "10"), refund("A", "20"))

    assert (str(first.applied), str(second.applied)) == ("10.00 GBP", "20.00 GBP")
    actions = AuditEntry.objects.filter(action__startswith="refund.").order_by("pk")
    assert [one.action for one in actions] == ["refund.recorded", "refund.replaced"]


@pytest.mark.django_db(transaction=True)
def test_who_undoes_it_waits_for_the_order_that_it_is_of_by_then(cast: Cast) -> None:
    with acting_for(cast.juniper), ThreadPoolExecutor(2) as pool:
        come("A", "B")
        put(refund("A"))
        with transaction.atomic():
            put(refund("B"))
            undoing = pool.submit(
                of_its_own(
                    cast,
                    lambda: undo_refund(source="api", external_id="R1", by=SYSTEM, now=LATER),
                )
            )
            until(somebody_waits, "who undoes it does not wait")
            other = pool.submit(of_its_own(cast, lambda: put(refund("B", "20", "R2"))))
        undoing.result(MAX_WAIT_SECONDS)
        other.result(MAX_WAIT_SECONDS)

        assert refunded(cast) == {"A": 0, "B": 2_000}
