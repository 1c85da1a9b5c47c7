"""What a refund takes: of lines by id or sku, by amount, by quantity, of the whole order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payouts.ledger import balances
from payouts.models import LedgerEntry
from tests.cast import NOW, SYSTEM, Cast, raw_order
from tracking.models import Conversion, OrderLine, Refund
from tracking.orders.applying import UnitsReturned, apply_to_lines
from tracking.orders.facts import RefundFacts, RefundPart
from tracking.orders.reading import read_order, read_refund
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refund, record_refunds, undo_refund
from tracking.orders.results import RecordingStatus
from tracking.reconciliation.differences import differences

LINES = [
    {"line_id": "a", "sku": "SOAP", "quantity": 3, "unit_price": "10"},
    {"line_id": "b", "sku": "SOAP", "quantity": 1, "unit_price": "5"},
    {"line_id": "c", "quantity": "1.5", "unit_price": "10"},
]


def refund(refund_id: str = "R1", *, days: int = 0, **said: Any) -> RefundFacts:
    raw = {"refund_id": refund_id, "order_id": "1001", "currency": "GBP"}
    return read_refund(raw | {"refunded_at": (NOW - timedelta(days=days)).isoformat()} | said)


@pytest.fixture
def sold(cast: Cast, at_juniper: None) -> None:
    facts = read_order(raw_order() | {"lines": LINES})
    record_orders(source="api", orders=[facts], by=SYSTEM, now=NOW)


def left() -> list[int]:
    return [line.left_minor for line in OrderLine.objects.order_by("position")]


KINDS: list[tuple[dict[str, Any], list[int]]] = [
    ({"line_id": "a"}, [0, 500, 1500]),
    ({"line_id": "a", "quantity": 1}, [2000, 500, 1500]),
    ({"line_id": "a", "quantity": 1, "amount": "25"}, [500, 500, 1500]),
    ({"line_id": "a", "quantity": 9}, [0, 500, 1500]),
    ({"line_id": "c", "quantity": "0.5"}, [3000, 500, 1000]),
    ({"sku": "SOAP"}, [0, 0, 1500]),
    ({"sku": "SOAP", "quantity": 2}, [1250, 500, 1500]),
    ({"sku": "SOAP", "amount": "32"}, [0, 300, 1500]),
    ({"lines": [{"line_id": "a", "quantity": 1}, {"line_id": "c"}]}, [2000, 500, 0]),
    ({"lines": [{"line_id": "b", "amount": "0"}]}, [3000, 500, 1500]),
    ({"amount": "10"}, [2400, 400, 1200]),
    ({"amount": "0.01"}, [2999, 500, 1500]),
    ({}, [0, 0, 0]),
    ({"amount": "999"}, [0, 0, 0]),
]


@pytest.mark.parametrize(("said", "then"), KINDS, ids=[str(said) for said, _ in KINDS])
def test_what_a_refund_takes_from_which_line(
    cast: Cast, sold: None, said: dict[str, Any], then: list[int]
) -> None:
    outcome = record_refund(source="api", refund=refund(**said), by=SYSTEM, now=NOW)

    assert left() == then
    assert outcome.applied is not None
    assert outcome.applied.minor == 5000 - sum(then)
    assert Conversion.objects.get().refunded_minor == 5000 - sum(then)
    assert list(differences(cast.juniper)) == []


def test_refunds_are_applied_as_they_happened_in_whatever_sequence_they_come(
    cast: Cast, at_juniper: None
) -> None:
    facts = [
        refund("R1", days=4, sku="SOAP", amount="30"),
        refund("R2", days=3, amount="10"),
        refund("R3", days=2, line_id="a"),
        refund("R4", days=1),
    ]
    found = []
    for number, sequence in enumerate(permutations(facts)):
        source = f"shop-{number}"
        order = read_order(raw_order() | {"lines": LINES})
        after = sequence[:2]
        record_refunds(source=source, refunds=after, by=SYSTEM, now=NOW)
        record_orders(source=source, orders=[order], by=SYSTEM, now=NOW)
        record_refunds(source=source, refunds=sequence[2:], by=SYSTEM, now=NOW)
        refunds = Refund.objects.filter(source=source).order_by("external_id")
        found.append(tuple(refunds.values_list("amount_minor", flat=True)))

    assert set(found) == {(3000, 1000, 0, 1000)}
    assert list(differences(cast.juniper)) == []


def test_a_refund_is_replaced(cast: Cast, sold: None) -> None:
    record_refund(source="api", refund=refund(line_id="a"), by=SYSTEM, now=NOW)

    [result] = record_refunds(
        source="api", refunds=[refund(line_id="b")], replacing=True, by=SYSTEM, now=NOW
    )

    assert (result.status, left()) == (RecordingStatus.REPLACED, [3000, 0, 1500])
    assert sum(LedgerEntry.objects.values_list("amount_minor", flat=True)) == 450


def test_a_refund_is_undone_and_may_come_back(cast: Cast, sold: None) -> None:
    record_refund(source="api", refund=refund(line_id="a"), by=SYSTEM, now=NOW)

    for _ in range(2):
        assert undo_refund(source="api", external_id="R1", by=SYSTEM, now=NOW)
    row = Refund.objects.get()
    assert (row.state, row.amount_minor, left()) == ("undone", 0, [3000, 500, 1500])
    repeat = record_refund(source="api", refund=refund(line_id="a"), by=SYSTEM, now=NOW)
    assert (repeat.status, left()) == (RecordingStatus.DUPLICATE, [3000, 500, 1500])
    [back] = record_refunds(
        source="api", refunds=[refund(line_id="a")], replacing=True, by=SYSTEM, now=NOW
    )

    assert (back.status, left()) == (RecordingStatus.REPLACED, [0, 500, 1500])
    assert list(differences(cast.juniper)) == []


def test_a_refund_that_waits_can_be_undone(cast: Cast, at_juniper: None) -> None:
    record_refund(source="api", refund=refund(), by=SYSTEM, now=NOW)
    assert undo_refund(source="api", external_id="R1", by=SYSTEM, now=NOW)
    assert not undo_refund(source="api", external_id="R2", by=SYSTEM, now=NOW)
    assert not undo_refund(source="api", external_id="R\0", by=SYSTEM, now=NOW)

    record_orders(
        source="api",
        orders=[read_order(raw_order() | {"lines": LINES})],
        by=SYSTEM,
        now=NOW,
    )

    assert left() == [3000, 500, 1500]


def test_a_refund_undone_before_its_order_came_may_come_back(cast: Cast, at_juniper: None) -> None:
    record_refund(source="api", refund=refund(line_id="a"), by=SYSTEM, now=NOW)
    undo_refund(source="api", external_id="R1", by=SYSTEM, now=NOW)
    order = read_order(raw_order() | {"lines": LINES})
    record_orders(source="api", orders=[order], by=SYSTEM, now=NOW)

    [back] = record_refunds(
        source="api", refunds=[refund(line_id="a")], replacing=True, by=SYSTEM, now=NOW
    )

    assert (back.status, left()) == (RecordingStatus.REPLACED, [0, 500, 1500])


def test_a_refund_by_a_clock_that_is_ahead_is_taken_back_at_once(cast: Cast, sold: None) -> None:
    """Until that time came, the commission could still be paid."""
    ahead = refund(refunded_at=(NOW + timedelta(minutes=59)).isoformat())
    record_refund(source="api", refund=ahead, by=SYSTEM, now=NOW)

    balance = balances([cast.mara_in_glow.pk], now=NOW)[cast.mara_in_glow.pk]
    assert (balance.due_minor, balance.held_minor) == (0, 0)


PARTS = st.builds(
    RefundPart,
    line_id=st.sampled_from(["", "0", "1", "9"]),
    sku=st.sampled_from(["A", "B", "none"]),
    quantity=st.none() | st.decimals(0, 5, places=3),
    amount_minor=st.none() | st.integers(0, 500),
)


@given(
    sold=st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 300)), min_size=1, max_size=4),
    refunds=st.lists(
        st.tuples(st.lists(PARTS, max_size=3), st.none() | st.integers(1, 500)), max_size=4
    ),
)
def test_no_line_gives_back_more_than_it_has_and_every_penny_is_on_a_line(
    sold: list[tuple[str, int]], refunds: list[tuple[list[RefundPart], int | None]]
) -> None:
    lines = [
        OrderLine(line_id=str(place), sku=sku, quantity=Decimal(2), net_minor=net)
        for place, (sku, net) in enumerate(sold)
    ]
    taken = 0
    returned: UnitsReturned = {}
    for parts, asked in refunds:
        applied = apply_to_lines(lines, parts, asked_minor=asked, currency="GBP", returned=returned)
        taken += applied.amount_minor
        assert applied.amount_minor >= 0
        assert all(0 <= line.refunded_minor <= line.net_minor for line in lines)
        assert sum(line.refunded_minor for line in lines) == taken
