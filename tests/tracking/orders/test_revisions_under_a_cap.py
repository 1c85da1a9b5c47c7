"""What earns more than before gets what the cap leaves now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from offers.services import supersede_terms
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, refund
from tests.tracking.orders.stating import LATER, at, earned, lines, sell, state, stated
from tracking.models import Conversion
from tracking.orders.refunds import record_refunds, undo_refund
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.usefixtures("at_juniper")


def capped(cast: Cast) -> None:
    """At most £10.00 a month, from a minute after noon on."""
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=1000, cap_minor=1000, cap_period="month"),
        starts_at=NOW + timedelta(minutes=1),
        by=SYSTEM,
        now=NOW,
    )


def test_no_cap_is_exceeded_by_orders_that_are_lowered_and_raised_again(cast: Cast) -> None:
    capped(cast)
    for number in range(3):
        sell(stated(f"{number}", lines=lines("100"), ordered_at=at(10)))
        state(stated(f"{number}", lines=lines("0"), ordered_at=at(10)))
    state(*(stated(f"{number}", lines=lines("60"), ordered_at=at(10)) for number in range(3)))

    assert list(Conversion.objects.order_by("pk").values_list("commission_minor", flat=True)) == [
        600,
        400,
        0,
    ]
    assert earned() == 1000
    assert list(differences(cast.juniper)) == []


def test_no_cap_is_exceeded_by_a_refund_that_is_undone(cast: Cast) -> None:
    capped(cast)
    sell(stated("1", lines=lines("100"), ordered_at=at(10)))
    whole = refund("R1", "1", sku=None, quantity=None, amount=None, refunded_at=at(11))
    record_refunds(source="api", refunds=[whole], by=SYSTEM, now=LATER)
    sell(stated("2", lines=lines("100"), ordered_at=at(10)))

    undo_refund(source="api", external_id="R1", by=SYSTEM, now=LATER)

    assert earned() == 1000
    assert list(differences(cast.juniper)) == []
