"""What offers owe agrees with what their members are owed, whatever happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from core.tenancy import acting_for
from offers.models import Enrollment
from payouts.ledger import Balance, OfferDue, balances, due_by_offer, due_entries
from payouts.models import PayoutState
from payouts.services import adjust, record_payment, return_payment
from tests.cast import NOW, SYSTEM, Cast, order
from tracking.metrics import ALL_TIME
from tracking.ranking import ranked
from tracking.reports import in_order, offer_rows, summaries
from tracking.selectors import MemberRow, member_rows
from tracking.services import record_order


@pytest.fixture(autouse=True)
def history(cast: Cast) -> Iterator[None]:
    """Sales of three, one paid, one paid and returned, and June in the red."""
    with acting_for(cast.juniper):
        for number, code in (("1", "MARA15"), ("2", "DIEGO10"), ("3", "JUNE20")):
            record_order(source="shop", order=order(number, promo_code=code), by=SYSTEM, now=NOW)
        for member in (cast.mara, cast.diego):
            due = due_entries(member_id=member.pk, currency="GBP", now=NOW)
            payout = record_payment(
                member=member,
                currency="GBP",
                entry_ids=[entry.pk for entry in due],
                reference="",
                by=SYSTEM,
                now=NOW,
            )
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
    assert due_by_offer([cast.glow.pk], now=NOW - timedelta(days=1)) == {}


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
    assert in_order([], "-sales") == []
