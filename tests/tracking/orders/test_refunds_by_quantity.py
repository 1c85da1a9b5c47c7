"""Units that come back one by one: together they are worth what their line is, to the penny."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.services import supersede_terms
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast
from tests.tracking.orders.stating import at, earned, sell, state, stated
from tracking.models import OrderLine, Refund
from tracking.orders.applying import UnitsReturned, apply_to_lines
from tracking.orders.facts import RefundFacts, RefundPart
from tracking.orders.reading import read_refund
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds, undo_refund
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.usefixtures("at_juniper")
LATER = NOW + timedelta(days=5)


def line(discount: str, *, quantity: object = 3) -> dict[str, Any]:
    return {
        "line_id": "L0", "sku": "S0", "quantity": quantity, "unit_price": "4.00",
        "discount": discount,
    }  # fmt: skip


def units(number: int, quantity: object = 1, **said: Any) -> RefundFacts:
    """A refund of units of the line. The larger its number, the later it happened."""
    named = said or {"line_id": "L0"}
    raw = {"refund_id": f"R{number}", "order_id": "1001", "currency": "GBP", "quantity": quantity}
    return read_refund(raw | {"refunded_at": at(20 + number)} | named)


def refunds() -> list[tuple[int, str]]:
    return list(Refund.objects.order_by("external_id").values_list("amount_minor", "reason"))


def test_all_units_one_by_one_leave_nothing_to_pay_for(cast: Cast) -> None:
    """A penny used to be kept, so that a whole fixed commission was paid for nothing."""
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=0, fixed_minor=500),
        starts_at=NOW + timedelta(minutes=1),
        by=SYSTEM,
        now=NOW,
    )
    sell(stated(lines=[line("2.00")], ordered_at=at(10)), now=LATER)
    assert earned() == 500

    record_refunds(
        source="api", refunds=[units(number) for number in range(3)], by=SYSTEM, now=LATER
    )

    assert refunds() == [(333, ""), (334, ""), (333, "")]
    assert OrderLine.objects.get().left_minor == 0
    assert earned() == 0
    assert list(differences(cast.juniper)) == []


@pytest.mark.parametrize("said", [{"line_id": "L0"}, {"sku": "S0"}])
def test_the_last_unit_is_not_more_than_is_left(said: dict[str, str]) -> None:
    """The third used to be flagged: 3.67 of the 3.66 that was left."""
    sell(stated(lines=[line("1.00")]))

    outcomes = record_refunds(
        source="api", refunds=[units(number, **said) for number in range(3)], by=SYSTEM, now=LATER
    )

    assert [outcome.problems for outcome in outcomes] == [(), (), ()]
    assert refunds() == [(367, ""), (366, ""), (367, "")]


def test_a_line_named_by_id_and_by_sku_is_one_line() -> None:
    sell(stated(lines=[line("2.00")]))
    facts = [units(0), units(1, sku="S0"), units(2)]

    record_refunds(source="api", refunds=facts, by=SYSTEM, now=LATER)

    assert OrderLine.objects.get().left_minor == 0


def test_a_unit_more_than_was_sold_is_flagged() -> None:
    sell(stated(lines=[line("2.00")]))

    record_refunds(
        source="api", refunds=[units(number) for number in range(4)], by=SYSTEM, now=LATER
    )

    assert refunds()[3] == (0, "3.33 GBP is more than the 0.00 GBP left on L0")


def test_units_in_any_sequence_of_arrival_give_the_same_rows(cast: Cast) -> None:
    """One comes with other contents at first, and one that is undone does not count."""
    found = []
    for place, sequence in enumerate(permutations([0, 1, 2, 3])):
        source = f"shop-{place}"
        order = stated(lines=[line("2.00")])
        record_refunds(source=source, refunds=[units(1, 2)], by=SYSTEM, now=LATER)
        for number in sequence:
            if number == 2:
                record_orders(source=source, orders=[order], by=SYSTEM, now=LATER)
            record_refunds(
                source=source, refunds=[units(number)], replacing=True, by=SYSTEM, now=LATER
            )
            if number == 0:
                undo_refund(source=source, external_id="R0", by=SYSTEM, now=LATER)
        rows = Refund.objects.filter(source=source).order_by("external_id")
        found.append(tuple(rows.values_list("amount_minor", "reason")))

    assert set(found) == {((0, ""), (333, ""), (334, ""), (333, ""))}
    assert list(differences(cast.juniper)) == []


def test_units_are_worth_what_the_line_is_now() -> None:
    sell(stated(lines=[line("1.00")]))
    record_refunds(
        source="api", refunds=[units(number) for number in range(3)], by=SYSTEM, now=LATER
    )

    state(stated(lines=[line("2.00")], updated_at=at(30)), now=LATER)

    assert refunds() == [(333, ""), (334, ""), (333, "")]


@given(
    net=st.integers(0, 2_000),
    quantities=st.lists(st.decimals("0.001", 5, places=3), min_size=1, max_size=6),
)
def test_all_units_in_any_portions_are_the_whole_line(
    net: int, quantities: Sequence[Decimal]
) -> None:
    sold = OrderLine(line_id="L0", quantity=sum(quantities), net_minor=net)
    returned: UnitsReturned = {}

    applied = [
        apply_to_lines(
            [sold],
            [RefundPart("L0", "", quantity, None)],
            asked_minor=None,
            currency="GBP",
            returned=returned,
        )
        for quantity in quantities
    ]

    assert sold.left_minor == 0
    assert {one.reason for one in applied} == {""}
