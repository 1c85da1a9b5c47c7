"""My commission on the dashboard: tier, way to the next, cap, rules, and terms that change."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from core.tenancy import acting_for
from offers.services import supersede_terms
from offers.structure import Rule, RuleKind, Tier
from offers.terms import TermsValues
from tests.cast import Cast
from tests.portal.conftest import Sell, new_terms, text_of

TIERS = (Tier("Silver", 15_000, percent_bp=1_200), Tier("Gold", 30_000, percent_bp=1_500))


def card(client: Client, path: str) -> str:
    """The card in words, as it reads."""
    page = text_of(client, path).partition('id="commission"')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.fixture
def at_half_past(cast: Cast, time_machine: Any) -> datetime:
    """The new terms are in force."""
    moment = cast.now + timedelta(minutes=30)
    time_machine.move_to(moment, tick=False)
    return moment


def test_it_says_how_far_it_is_to_the_next_tier(
    cast: Cast, client: Client, path: str, sell: Sell, at_half_past: datetime
) -> None:
    new_terms(cast, tiers=TIERS)
    sell("1")
    below = card(client, path)

    sell("2", amount="100.00", ordered_at=at_half_past.isoformat())
    silver = card(client, path)

    assert "£65.80 more in sales to reach Silver" in below
    assert "You are in the tier" not in below
    assert "At first" not in below
    assert "You earn 10% of every sale, after discounts" in below
    assert "You earn 12% of every sale, after discounts" in silver
    assert "At first: 10% of every sale" in silver
    assert "You are in the tier Silver ." in silver
    assert "£115.80 more in sales to reach Gold" in silver
    assert "Gold, from £300.00 of sales: 15% of every sale" in silver


def test_the_highest_tier_says_so(
    cast: Cast, client: Client, path: str, sell: Sell, at_half_past: datetime
) -> None:
    new_terms(cast, tiers=(Tier("Busy", 1, percent_bp=1_200),), tier_by="conversions")
    sell("1")

    assert "This is the highest tier." in card(client, path)


def test_it_says_what_the_cap_leaves_and_names_the_rules(
    cast: Cast, client: Client, path: str, sell: Sell, at_half_past: datetime
) -> None:
    new_terms(
        cast, cap_minor=5_000, cap_period="month", rules=(Rule(RuleKind.CUSTOMER, "new", 2_000),)
    )
    sell("1", amount="100.00")

    shown = card(client, path)

    assert "You can earn at most £50.00 a month." in shown
    assert "You can still earn £40.00 this month." in shown
    assert "New customers: 20% of every sale" in shown


def test_terms_that_are_coming_are_announced_whole(cast: Cast, client: Client, path: str) -> None:
    with acting_for(cast.juniper):
        supersede_terms(
            offer=cast.glow,
            values=TermsValues(percent_bp=800, tiers=TIERS),
            starts_at=cast.now + timedelta(days=10),
            by=cast.by,
            now=cast.now,
        )

    shown = card(client, path)

    assert "You earn 10% of every sale" in shown
    assert "This will change From 30 Nov 2026: You earn 8% of every sale" in shown
    assert "Gold, from £300.00 of sales" in shown


def test_new_terms_are_pointed_out_for_a_month(
    cast: Cast, client: Client, path: str, at_half_past: datetime, time_machine: Any
) -> None:
    first = card(client, path)
    new_terms(cast, percent_bp=500)
    new = card(client, path)
    time_machine.move_to(cast.now + timedelta(days=31), tick=False)
    later = card(client, path)

    assert "New terms" not in first
    assert "They are for orders from 20 Nov 2026 on." in new
    assert "New terms" not in later
