"""What members did over all their offers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.money import Money
from offers.models import Enrollment, Offer
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, offer_values, order, pay_all_due
from tracking.figures.member_summaries import accounts_by_currency, member_summaries
from tracking.figures.member_table import offer_rows_of
from tracking.links.promo_codes import give_codes
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_juniper")


@pytest.fixture
def euros(cast: Cast) -> Offer:
    """A second offer of Mara's: 20% in euros, held for ten days, code MARAEUR."""
    offer = create_offer(
        values=offer_values(name="Euros", currency="EUR"),
        terms=TermsValues(percent_bp=2_000, hold_days=10),
        by=SYSTEM,
        now=NOW,
    )
    rows = enroll(offer=offer, members=[cast.mara], by=SYSTEM, now=NOW)
    give_codes(codes={rows[0].pk: "MARAEUR"}, enrollments=rows, by=SYSTEM, now=NOW)
    return offer


def sell(cast: Cast) -> None:
    for facts in (order("1"), order("2", promo_code="MARAEUR", currency="EUR", amount="50.00")):
        record_order(source="shop", order=facts, by=SYSTEM, now=NOW)


def test_amounts_stand_per_currency(cast: Cast, euros: Offer) -> None:
    sell(cast)

    mara, diego = member_summaries([cast.mara, cast.diego], now=NOW)

    assert (mara.offers, mara.conversions) == (2, 2)
    assert [one.sales for one in mara.sold] == [Money(5_000, "EUR"), Money(8_420, "GBP")]
    assert mara.commission == (Money(1_000, "EUR"), Money(842, "GBP"))
    assert mara.due == (Money(0, "EUR"), Money(842, "GBP"))
    assert (diego.offers, diego.conversions, diego.due) == (1, 0, (Money(0, "GBP"),))


def test_accounts_add_up_one_member_per_currency(cast: Cast, euros: Offer) -> None:
    sell(cast)
    pay_all_due(cast.mara, reference="BACS 7")
    enrollments = list(Enrollment.objects.filter(member=cast.mara).select_related("offer"))

    in_euros, in_pounds = accounts_by_currency(offer_rows_of(enrollments, now=NOW))
    [later, _] = accounts_by_currency(offer_rows_of(enrollments, now=NOW + timedelta(days=11)))

    assert (in_euros.held, in_euros.due) == (Money(1_000, "EUR"), Money(0, "EUR"))
    assert (later.held, later.due) == (Money(0, "EUR"), Money(1_000, "EUR"))
    assert (in_pounds.paid, in_pounds.due) == (Money(842, "GBP"), Money(0, "GBP"))
    assert (in_pounds.sales, in_pounds.commission) == (Money(8_420, "GBP"), Money(842, "GBP"))


def test_a_member_without_an_offer_has_no_amounts(cast: Cast) -> None:
    Enrollment.objects.filter(member=cast.diego).update(status="removed")

    [diego] = member_summaries([cast.diego], now=NOW)

    assert (diego.offers, [one.sales for one in diego.sold]) == (0, [Money(0, "GBP")])
