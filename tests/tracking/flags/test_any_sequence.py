"""Orders, clicks and checks in any sequence lead to the same flags, holds and ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from core.tenancy import acting_for
from payouts.models import LedgerEntry
from tests.amounts import amount
from tests.cast import NOW, SYSTEM, Cast
from tests.tracking.flags.selling import (
    LATER,
    MARAS_ADDRESS,
    click_of,
    look,
    open_flags,
    sell,
    store_click,
)
from tracking.flags import rules
from tracking.flags.checking import CLICK_PAUSES
from tracking.flags.settings import change_hold
from tracking.models import Conversion, FlagHold, TrackingLink
from tracking.reconciliation.differences import differences


class Fact(NamedTuple):
    """An order, or the click of an order."""

    kind: str
    name: str
    at: datetime
    more: dict[str, Any]


# After more looks than these, a click that did not come counts as lost.
MAX_LOOKS = len(CLICK_PAUSES) - 1
# Low limits, so that few orders reach them on one day after usual ones.
LOW = rules.Limits(velocity_sales=4, velocity_times=2, surge_orders=100)


def _facts(link: TrackingLink) -> list[Fact]:
    """Eleven orders and four clicks, with something of every kind that depends on others."""
    facts = []
    for number in range(4):
        at = NOW - timedelta(days=2 * number, minutes=number)
        clicked_at = at - timedelta(seconds=10 if number == 1 else 600)
        click_id = click_of(link, clicked_at)
        facts.append(Fact("order", f"clicked-{number}", at, {"click_id": click_id}))
        landing = "gclid" if number == 2 else ""
        facts.append(Fact("click", click_id, clicked_at, {"landing": landing}))
    for number in range(6):
        at = NOW - timedelta(days=number // 3, minutes=number)
        facts.append(Fact("order", f"same-{number}", at, {"customer_id": "c-1"}))
    own = {"customer_email": MARAS_ADDRESS}
    return [*facts, Fact("order", "own", NOW - timedelta(hours=1), own)]


@pytest.fixture
def at_low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("rules", "facts", "checking"):
        monkeypatch.setattr(f"tracking.flags.{module}.LIMITS", LOW)
    days = {kind: lambda day, rule=rule: rule(day, LOW) for kind, rule in rules.DAY_RULES.items()}
    monkeypatch.setattr("tracking.flags.checking.DAY_RULES", days)


def _arrive(fact: Fact, link: TrackingLink) -> None:
    if fact.kind == "click":
        store_click(link, fact.name, fact.at, **fact.more)
    else:
        sell(fact.name, ordered_at=fact.at.isoformat(), **fact.more)


def _end_state(cast: Cast, facts: list[Fact], looks: set[int], link: TrackingLink) -> Any:
    """What is there after the facts arrived so, with looks between them; it is undone."""
    with acting_for(cast.juniper), transaction.atomic():
        change_hold(offer=cast.glow, kinds=[FlagHold.ALL], by=SYSTEM, now=NOW)
        for place, fact in enumerate(facts):
            _arrive(fact, link)
            if place in looks:
                look(LATER + timedelta(days=place))
        for days in range(100, 103):  # also what waited for its click
            look(LATER + timedelta(days=days))
        rows = Conversion.objects.order_by("order__external_id")
        state = (
            open_flags(),
            list(rows.values_list("order__external_id", "status", "is_held", "commission_minor")),
            sum(LedgerEntry.objects.values_list("amount_minor", flat=True)),
        )
        assert list(differences(cast.juniper)) == []
        transaction.set_rollback(True)
    return state


@pytest.mark.usefixtures("at_low_limits")
def test_the_sequence_of_arrival_does_not_matter(cast: Cast) -> None:
    with acting_for(cast.juniper):
        link = TrackingLink.objects.get(enrollment=cast.mara_in_glow)
    facts = _facts(link)
    first = _end_state(cast, facts, set(), link)

    assert {kind for _, kind in first[0]} == {
        "fast_order", "paid_search", "same_customer", "self_purchase", "velocity",
    }  # fmt: skip
    held = {name for name, status, is_held, _ in first[1] if is_held and status == "pending"}
    assert held == {name for name, _ in first[0]}

    @settings(max_examples=amount(5, soak=100), deadline=None, database=None)
    @given(st.permutations(facts), st.sets(st.integers(0, len(facts) - 1), max_size=MAX_LOOKS))
    def in_any_sequence(shuffled: list[Fact], looks: set[int]) -> None:
        assert _end_state(cast, shuffled, looks, link) == first

    in_any_sequence()
