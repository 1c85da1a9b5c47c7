"""What offers owe agrees with what their members are owed, whatever happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.tenancy import acting_for
from offers.models import Enrollment, Offer
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from payouts.due import OfferDue, due_by_offer
from payouts.ledger import Balance, balances
from payouts.models import PayoutState
from payouts.services import adjust, return_payment
from tests.amounts import amount
from tests.cast import NOW, SYSTEM, Cast, offer_values, order, pay_all_due
from tracking.figures.member_table import MemberRow, member_rows
from tracking.figures.metrics import (
    ALL_TIME,
    DateRange,
    days_of_enrollment,
    sellers_by_offer,
    totals_by_day,
    totals_by_enrollment,
)
from tracking.figures.offer_report import in_order, offer_rows, summaries
from tracking.figures.ranking import ranked
from tracking.links.promo_codes import give_codes
from tracking.models import Conversion, DailyTotal
from tracking.models.totals import NOTHING, Totals
from tracking.orders.approval import reject_conversions
from tracking.orders.recording import record_order
from tracking.totals.daily import add_to_totals


@pytest.fixture(autouse=True)
def history(cast: Cast) -> Iterator[None]:
    """Sales of three, one paid, one paid and returned, and June in the red."""
    with acting_for(cast.juniper):
        for number, code in (("1", "MARA15"), ("2", "DIEGO10"), ("3", "JUNE20")):
            record_order(source="shop", order=order(number, promo_code=code), by=SYSTEM, now=NOW)
        for member in (cast.mara, cast.diego):
            payout = pay_all_due(member, reference="")
        return_payment(payout=payout, state=PayoutState.FAILED, reason="Closed", by=SYSTEM, now=NOW)
        adjust(
            enrollment=cast.june_in_glow,
            currency="GBP",
            amount_minor=-2_000,
            note="Twice",
            by=SYSTEM,
            now=NOW,
        )
        yield


def test_an_offer_owes_the_sum_of_its_members(cast: Cast) -> None:
    each = balances(Enrollment.objects.filter(offer=cast.glow), now=NOW).values()
    together = sum(each, Balance())

    owed = due_by_offer([cast.glow.pk, cast.tide.pk], now=NOW)

    assert owed == {cast.glow.pk: OfferDue(due_minor=842 + 842 - 2_000, members=1)}
    assert owed[cast.glow.pk].due_minor == together.due_minor


def test_nothing_is_due_before_its_time(cast: Cast) -> None:
    offer = offer_of_june_alone(cast)
    in_time = due_by_offer([offer.pk], now=NOW)

    assert in_time == {offer.pk: OfferDue(due_minor=842, members=1)}
    assert due_by_offer([offer.pk], now=NOW - timedelta(days=1)) == {}


@pytest.mark.parametrize(
    ("first", "last", "sellers"),
    [
        (0, 20, 1),
        (10, 10, 1),
        (0, 10, 1),
        (11, 19, 0),  # between the two
        (10, 19, 1),
        (11, 20, 1),
        (0, 9, 0),
        (21, 30, 0),
        (None, 9, 0),
        (None, 12, 1),
        (21, None, 0),
        (12, None, 1),
        (None, None, 1),
    ],
)
def test_who_sold_in_a_period_is_counted_by_its_days(
    first: int | None, last: int | None, sellers: int, cast: Cast
) -> None:
    offer = offer_of_june_alone(cast, days=(10, 20))
    start = NOW.date() - timedelta(days=60)
    period = DateRange(*(None if day is None else start + timedelta(day) for day in (first, last)))

    assert sellers_by_offer([offer.pk], period=period) == ({offer.pk: 1} if sellers else {})


def test_who_sold_nothing_that_counts_has_not_sold(cast: Cast) -> None:
    offer = offer_of_june_alone(cast, days=(10, 20))
    early, late = Conversion.objects.filter(offer=offer).order_by("occurred_at")
    since = DateRange(NOW.date() - timedelta(days=45))

    reject_conversions(conversion_ids=[late.pk], reason="Fraud", by=SYSTEM, now=NOW)
    assert sellers_by_offer([offer.pk], period=since) == {}
    assert sellers_by_offer([offer.pk]) == {offer.pk: 1}
    reject_conversions(conversion_ids=[early.pk], reason="Fraud", by=SYSTEM, now=NOW)

    assert sellers_by_offer([offer.pk]) == {}


# Each example begins by taking the days of the one before away.
@settings(
    max_examples=amount(20, soak=200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    days=st.dictionaries(st.integers(0, 400), st.integers(1, 9), max_size=12),
    first=st.none() | st.integers(-40, 440),
    last=st.none() | st.integers(-40, 440),
)
def test_a_rank_is_the_sum_of_the_periods_days_and_a_seller_has_one_that_counts(
    cast: Cast, days: dict[int, int], first: int | None, last: int | None
) -> None:
    start = date(2025, 10, 20)
    period = DateRange(*(None if day is None else start + timedelta(day) for day in (first, last)))
    DailyTotal.objects.all().delete()
    keys = [(cast.mara_in_glow.pk, cast.june_in_glow.pk)[day % 2] for day in days]
    moves = {
        (key, start + timedelta(day)): Totals(conversions=clicks, sales_minor=100 * clicks)
        for key, (day, clicks) in zip(keys, days.items(), strict=True)
    }
    add_to_totals(moves)

    found: Any = ranked(
        Enrollment.objects.filter(offer=cast.glow), order="-sales", period=period, now=NOW
    )

    shown = totals_by_enrollment(found, period=period)
    assert {row.pk: row.rank for row in found} == {
        row.pk: shown.get(row.pk, NOTHING).sales_minor for row in found
    }
    sellers = sum(totals.conversions > 0 for totals in shown.values())
    assert sellers_by_offer([cast.glow.pk], period=period).get(cast.glow.pk, 0) == sellers


def offer_of_june_alone(cast: Cast, days: Sequence[int] = (60,)) -> Offer:
    """An offer in which June sold for £84.20 on each of these days, counted from sixty ago."""
    offer = create_offer(
        values=offer_values(name="Alone"),
        terms=TermsValues(percent_bp=1_000),
        by=SYSTEM,
        now=NOW - timedelta(days=90),
    )
    mine = enroll(offer=offer, members=[cast.june], by=SYSTEM, now=NOW)
    give_codes(codes={mine[0].pk: "ALONE"}, enrollments=mine, by=SYSTEM, now=NOW)
    for day in days:
        when = (NOW - timedelta(days=60 - day)).isoformat()
        facts = order(f"alone-{day}", promo_code="ALONE", ordered_at=when)
        record_order(source="shop", order=facts, by=SYSTEM, now=NOW)
    return offer


@pytest.mark.parametrize("figure", ["conversions", "sales", "refunds", "commission"])
def test_members_are_ranked_by_the_figure_that_their_row_shows(figure: str, cast: Cast) -> None:
    shown = {
        "conversions": lambda row: row.totals.conversions,
        "sales": lambda row: row.sales.minor,
        "refunds": lambda row: row.refunds.minor,
        "commission": lambda row: row.commission.minor,
    }
    record_order(source="shop", order=order("4", amount="5.00"), by=SYSTEM, now=NOW)

    assert_ranked(cast, figure, shown[figure])


@pytest.mark.parametrize("figure", ["due", "paid"])
def test_members_are_ranked_by_the_balance_that_their_row_shows(figure: str, cast: Cast) -> None:
    assert_ranked(cast, figure, lambda row: getattr(row, figure).minor)


def assert_ranked(cast: Cast, figure: str, shown: Callable[[MemberRow], int]) -> None:
    everybody = Enrollment.objects.filter(offer=cast.glow).select_related("member")
    for order_by in (figure, f"-{figure}"):
        found = list(ranked(everybody, order=order_by, period=ALL_TIME, now=NOW))
        values = [shown(row) for row in member_rows(cast.glow, found, now=NOW)]
        assert values == sorted(values, reverse=order_by.startswith("-"))
        assert len(set(values)) > 1 or figure == "refunds"


def test_summaries_agree_with_the_rows(cast: Cast) -> None:
    rows = offer_rows([cast.glow], period=ALL_TIME, now=NOW)

    (summary,) = summaries(rows, first_currency="GBP")

    assert summary.figures == rows[0].figures
    assert summary.due == rows[0].due


def test_a_brand_without_offers_has_an_empty_summary() -> None:
    (summary,) = summaries([], first_currency="GBP")

    assert (summary.currency, str(summary.figures.sales), summary.due.members) == (
        "GBP",
        "0.00 GBP",
        0,
    )
    assert in_order([], "-sales", first_currency="GBP") == []


def test_what_came_and_was_taken_back_leaves_no_totals(cast: Cast) -> None:
    ids = Conversion.objects.filter(enrollment=cast.june_in_glow).values_list("pk", flat=True)
    reject_conversions(conversion_ids=list(ids), reason="No", by=SYSTEM, now=NOW)

    found = [
        totals_by_enrollment([cast.june_in_glow.pk]),
        totals_by_enrollment([cast.june_in_glow.pk], period=DateRange.of_month(NOW.date())),
        days_of_enrollment(cast.june_in_glow.pk, period=ALL_TIME),
        totals_by_day([cast.june_in_glow.pk], period=ALL_TIME),
    ]

    assert found == [{}, {}, {}, {}]
