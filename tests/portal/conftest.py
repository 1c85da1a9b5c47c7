"""A shop that has sold for Mara, and dashboards to look at."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from core.tenancy import acting_for
from offers.dashboard_links import token_for
from offers.models import Enrollment
from offers.services import supersede_terms
from offers.terms import TermsValues
from payouts.models import Payout
from tests.answers import as_one_line
from tests.cast import Cast, order, pay_all_due
from tracking.models import Conversion
from tracking.orders.approval import reject_conversions
from tracking.orders.recording import record_order

Sell = Callable[..., Conversion]


@pytest.fixture(autouse=True)
def _no_misses_yet() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def _at_noon(cast: Cast, time_machine: Any) -> None:
    """The clock stands at the cast's now: 20 November 2026, 12:00 in London."""
    time_machine.move_to(cast.now, tick=False)


@pytest.fixture
def sell(cast: Cast) -> Sell:
    """Record an order with Mara's code some time ago: `sell("1002", days_ago=3)`."""

    def record(order_id: str = "1001", *, days_ago: int = 0, **changes: Any) -> Conversion:
        at = cast.now - timedelta(days=days_ago, hours=1)
        facts = order(order_id, **({"ordered_at": at.isoformat()} | changes))
        with acting_for(cast.juniper):
            now = max(at, facts.ordered_at)
            outcome = record_order(order=facts, source="shop", by=cast.by, now=now)
            assert outcome.conversion_id is not None
            return Conversion.objects.get(pk=outcome.conversion_id)

    return record


@pytest.fixture
def path(cast: Cast) -> str:
    """Mara's dashboard."""
    return f"/d/{token_for(cast.mara_in_glow)}"


def path_of(enrollment: Enrollment) -> str:
    return f"/d/{token_for(enrollment)}"


def text_of(client: Client, address: str) -> str:
    """The page behind `address`, which must open, as one line without the stylesheet in it."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    page = re.sub(r"<style>.*?</style>", "", answer.content.decode(), flags=re.DOTALL)
    return as_one_line(page)


def badges(page: str) -> list[str]:
    """The states of the conversions and payments, from top to bottom, without the offer's own."""
    return re.findall(r'class="badge badge-\w+">([^<]+)<', page)[1:]


def figures(client: Client, address: str) -> dict[str, tuple[str, str]]:
    """My numbers: value and change by label."""
    numbers = client.get(address).context["numbers"]
    return {figure.label: (figure.value, figure.change) for figure in numbers.figures}


def pay(cast: Cast, *, reference: str = "BACS 1") -> Payout:
    with acting_for(cast.juniper):
        return pay_all_due(cast.mara, reference=reference)


def new_terms(cast: Cast, **values: Any) -> None:
    """Other terms for orders from 12:01 on."""
    with acting_for(cast.juniper):
        supersede_terms(
            offer=cast.glow,
            values=TermsValues(**({"percent_bp": 1_000} | values)),
            starts_at=cast.now + timedelta(minutes=1),
            by=cast.by,
            now=cast.now,
        )


def reject(cast: Cast, row: Conversion, reason: str) -> None:
    with acting_for(cast.juniper):
        reject_conversions(conversion_ids=[row.pk], reason=reason, by=cast.by, now=cast.now)
