"""Whether a customer is new follows from their earliest order, whenever it became known."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from django.db import transaction

from offers.services import supersede_terms
from offers.structure import Rule, RuleKind
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, give_details, pay_all_due
from tests.tracking.orders.stating import LATER, at, lines, sell, state, stated
from tracking.models import Conversion
from tracking.orders.facts import OrderFacts
from tracking.orders.recording import record_orders
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.usefixtures("at_juniper")


@pytest.fixture(autouse=True)
def _new_customers_pay_more(at_juniper: Cast) -> None:
    supersede_terms(
        offer=at_juniper.glow,
        values=TermsValues(
            percent_bp=1_000, rules=(Rule(RuleKind.CUSTOMER, "new", percent_bp=2_000),)
        ),
        starts_at=NOW + timedelta(minutes=1),
        by=SYSTEM,
        now=NOW,
    )


def bought(name: str, minutes: int, **changes: object) -> OrderFacts:
    """An order of £100 of the customer "ada"."""
    return stated(
        name, lines=lines("100"), ordered_at=at(minutes), **({"customer_id": "ada"} | changes)
    )


def earnings() -> dict[str, int]:
    return dict(Conversion.objects.values_list("order__external_id", "commission_minor"))


def test_a_late_order_decides_again(cast: Cast) -> None:
    sell(bought("second", 20), now=LATER)
    assert earnings() == {"second": 2_000}

    sell(bought("first", 10), now=LATER)

    assert earnings() == {"first": 2_000, "second": 1_000}
    assert list(differences(cast.juniper)) == []


def test_so_does_a_late_order_that_nobody_is_credited_for(cast: Cast) -> None:
    sell(bought("second", 20), now=LATER)

    sell(bought("first", 10, promo_code="NOBODY"), now=LATER)

    assert earnings() == {"second": 1_000}


def test_what_is_paid_stays(cast: Cast) -> None:
    sell(bought("second", 20), now=LATER)
    give_details(cast.mara)
    pay_all_due(cast.mara, now=LATER)

    sell(bought("first", 10), now=LATER)

    assert earnings() == {"first": 2_000, "second": 2_000}


def test_customers_of_two_shops_are_two_people() -> None:
    sell(bought("first", 10), now=LATER)
    record_orders(source="other", orders=[bought("second", 20)], by=SYSTEM, now=LATER)

    assert earnings() == {"first": 2_000, "second": 2_000}


def test_an_order_that_turns_out_to_be_of_somebody_else_decides_again() -> None:
    sell(bought("first", 10), bought("second", 20), now=LATER)
    assert earnings() == {"first": 2_000, "second": 1_000}

    state(bought("first", 10, customer_id="bob"))

    assert earnings() == {"first": 2_000, "second": 2_000}


def test_a_customer_taken_off_an_order_is_new_on_none() -> None:
    sell(bought("first", 10), bought("second", 20), now=LATER)

    state(bought("first", 10, customer_id=None))

    assert earnings() == {"first": 1_000, "second": 2_000}


def test_every_sequence_of_arrival_ends_the_same() -> None:
    orders = [bought("a", 10), bought("b", 10), bought("c", 20), bought("d", 30, new_customer=True)]
    ends = set()
    for sequence in permutations(orders):
        with transaction.atomic():
            for facts in sequence:
                sell(facts, now=LATER)
            ends.add(tuple(sorted(earnings().items())))
            transaction.set_rollback(True)
    assert ends == {(("a", 2_000), ("b", 1_000), ("c", 1_000), ("d", 2_000))}
