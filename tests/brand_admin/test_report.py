"""What the report of a week says beside the pages: currencies, who is best, and where it leads."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import ReportEvery
from affiliates.models import Member
from brand_admin.reporting.report import Report, report_of
from brand_admin.reporting.report_mail import _values
from core.tenancy import acting_for
from offers.models import OfferStatus
from offers.services import create_offer, set_offer_status
from offers.terms import TermsValues
from tests.brand_admin.desk import at, csv_of, desk_of, sell, shown
from tests.cast import NOW, SYSTEM, Cast, offer_values
from tracking.links.membership import add_to_offer
from tracking.models import PromoCode
from tracking.orders.approval import reject_conversions

pytestmark = pytest.mark.usefixtures("at_noon")

MONDAY = datetime(2026, 11, 23, 7, tzinfo=ZoneInfo("Europe/London"))
LAST_WEEK = 8  # days ago


def code_in(cast: Cast, currency: str, *, member: Member, name: str = "") -> str:
    """The member's code in a new offer of this currency, which they joined long ago."""
    joined = NOW - timedelta(days=30)
    with acting_for(cast.juniper):
        offer = create_offer(
            values=offer_values(name=name or currency, currency=currency),
            terms=TermsValues(percent_bp=1_000),
            by=SYSTEM,
            now=joined,
        )
        [row] = add_to_offer(offer=offer, members=[member], with_items=True, by=SYSTEM, now=joined)
        return PromoCode.objects.get(enrollment=row).code


def report(cast: Cast) -> Report:
    return report_of(cast.juniper, ReportEvery.WEEK, morning=MONDAY)


def test_a_currency_that_fell_to_nothing_is_told(cast: Cast) -> None:
    sell(cast, "1")
    code = code_in(cast, "USD", member=cast.mara)
    code_in(cast, "JPY", member=cast.mara)  # which never sold anything
    sell(cast, "2", days_ago=LAST_WEEK, promo_code=code, currency="USD", amount="5000.00")

    with acting_for(cast.juniper):
        figures = dict(report(cast).figures)

    assert list(figures) == ["GBP", "USD"]
    assert ("Sales", "£84.20") in figures["GBP"]
    assert ("Sales", "US$0.00 (\N{MINUS SIGN}100%)") in figures["USD"]


def test_amounts_of_two_currencies_are_not_compared(cast: Cast) -> None:
    code = code_in(cast, "JPY", member=cast.diego, name="Yen")
    sell(cast, "1", promo_code=code, currency="JPY", amount="10000")  # more minor units
    sell(cast, "2", amount="90.00")
    ines, page = desk_of(cast.ines), at(cast.juniper, "reporting")

    with acting_for(cast.juniper):
        offers = [row.offer.name for row in report(cast).offers]
        members = [str(row.enrollment.member) for row in report(cast).members]
    listed = {
        order: [row.offer.name for row in ines.get(f"{page}?sort={order}").context["page"]]
        for order in ("-sales", "sales", "-commission", "due")
    }

    assert offers == ["Winter Glow creators", "Yen"]
    assert members == ["Mara Lindqvist", "Diego Arroyo"]
    assert set(map(tuple, listed.values())) == {("Winter Glow creators", "Yen")}


def test_who_brought_nothing_is_not_among_the_members(cast: Cast) -> None:
    sell(cast, "1")
    rejected = sell(cast, "2", promo_code="JUNE20")
    with acting_for(cast.juniper):
        reject_conversions(conversion_ids=[rejected.pk], reason="No", by=SYSTEM, now=NOW)

        assert [row.enrollment for row in report(cast).members] == [cast.mara_in_glow]


def test_the_link_of_the_report_leads_to_the_same_sums(cast: Cast) -> None:
    code = code_in(cast, "GBP", member=cast.mara, name="Autumn")
    sell(cast, "1", promo_code=code, amount="1000.00")
    sell(cast, "2", amount="10.00")
    with acting_for(cast.juniper):
        autumn = PromoCode.objects.get(code=code).enrollment.offer
        set_offer_status(offer=autumn, status=OfferStatus.ARCHIVED, by=SYSTEM, now=NOW)
        told = _values(report(cast))
    ines = desk_of(cast.ines)

    followed = ines.get(str(told["page"]))
    usual = ines.get(at(cast.juniper, "reporting"))

    assert "('Sales', '£1,010.00')" in str(told["figures"])
    assert str(followed.context["sums"][0].figures.sales) == "1010.00 GBP"
    assert "not active" not in shown(followed)
    assert str(usual.context["sums"][0].figures.sales) == "10.00 GBP"
    assert "The sums leave out 1 offer that is not active." in shown(usual)
    assert "not active" not in shown(ines.get(at(cast.juniper, "reporting") + "?q=glow"))


def test_the_file_of_sales_tracking_is_named_after_its_days(cast: Cast) -> None:
    sell(cast, "1")
    sell(cast, "2", days_ago=300)

    answer = desk_of(cast.vera).get(at(cast.juniper, "reporting_csv"))

    name = "juniper-sales-tracking_2026-05-20-to-2026-11-20.csv"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    header, row = csv_of(answer)
    assert dict(zip(header, row, strict=True))["conversions"] == "1"
