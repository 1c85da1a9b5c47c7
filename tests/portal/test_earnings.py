"""The portal's earnings: a year over all brands, every payment, and the statement as PDF."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Brand
from affiliates.models import Creator
from core.tenancy import acting_for
from offers.models import Enrollment
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from payouts.ledger import balances
from payouts.models import PayoutState
from payouts.services import adjust, return_payment
from portal.creator.earnings_pdf import year_pdf
from tests.answers import page_text
from tests.cast import NOW, SYSTEM, Cast, offer_values, order, pay_all_due
from tests.paid_clicks import earn_by_clicks
from tests.portal.test_portal import JUNE, logged_in
from tracking.figures.creator_earnings import CreatorYear, year_of, years_of
from tracking.links.items import codes_and_links
from tracking.orders.recording import record_order

EARNINGS = "/portal/earnings/"


@pytest.fixture
def june_client(cast: Cast) -> Client:
    return logged_in(Client(), cast)


def bonus(enrollment: Enrollment, minor: int, *, now: datetime = NOW) -> None:
    with acting_for(enrollment.brand_id):
        currency = enrollment.offer.currency
        adjust(
            enrollment=enrollment, currency=currency, amount_minor=minor, note="Thanks",
            by=SYSTEM, now=now,
        )  # fmt: skip


def sell(cast: Cast, order_id: str, at: datetime, *, now: datetime = NOW) -> None:
    """June sells for £84.20, of which she earns £8.42."""
    with acting_for(cast.juniper):
        codes, _links = codes_and_links([cast.june_in_glow.pk])
        facts = order(order_id, ordered_at=at.isoformat(), promo_code=codes[cast.june_in_glow.pk])
        outcome = record_order(source="shop", order=facts, by=SYSTEM, now=now)
        assert outcome.conversion_id is not None, outcome.problems


def year(number: int = 2026) -> CreatorYear:
    return year_of(Creator.objects.get(email=JUNE), number)


def sums(found: CreatorYear) -> list[tuple[str, int, int]]:
    return [(one.currency, one.earned.minor, one.paid.minor) for one in found.currencies]


def test_a_year_adds_up_brands_by_currency_and_month(cast: Cast) -> None:
    sell(cast, "1", NOW - timedelta(hours=1))
    sell(cast, "2", datetime(2026, 10, 5, tzinfo=UTC))
    sell(cast, "3", datetime(2025, 12, 31, 23, 30, tzinfo=UTC))
    bonus(cast.june_in_glow, 1_000)
    bonus(cast.june_in_tide, 500)
    with acting_for(cast.juniper):
        pay_all_due(cast.june)

    found = year()

    other = cast.saltmarsh.currency
    assert sums(found) == [("GBP", 1_842 + 842, 3 * 842 + 1_000), (other, 500, 0)]
    gbp = found.currencies[0]
    assert [gbp.earned_in(month).minor for month in (9, 10, 11)] == [0, 842, 1_842]
    assert sums(year(2025)) == [("GBP", 842, 0)]
    assert years_of(Creator.objects.get(email=JUNE), now=NOW) == [2026, 2025]


def test_clicks_are_earned_once_on_the_page_and_in_the_file(
    cast: Cast, june_client: Client
) -> None:
    earn_by_clicks(cast.june)

    with acting_for(cast.juniper):
        owed = balances(Enrollment.objects.filter(member=cast.june), now=NOW).values()

    assert sums(year()) == [("GBP", 200, 0)]
    assert sum(one.earned_minor for one in owed) == 200
    assert "£2.00" in page_text(june_client.get(EARNINGS))


def test_a_new_year_begins_when_it_does_in_the_zone_of_the_brand(
    cast: Cast, client: Client, time_machine: Any
) -> None:
    Brand.objects.update(time_zone="Pacific/Auckland")
    sell(cast, "1", NOW - timedelta(days=1))
    new_year = datetime(2026, 12, 31, 12, tzinfo=UTC)  # 01:00 on 1 January in Auckland
    time_machine.move_to(new_year, tick=False)
    sell(cast, "2", new_year - timedelta(minutes=30), now=new_year)

    june = logged_in(client, cast)

    page = june.get(EARNINGS)

    assert page.context["years"] == [2027, 2026]
    assert sums(page.context["found"]) == [("GBP", 842, 0)]
    assert june.get(f"{EARNINGS}2027.pdf").status_code == 200


def test_years_are_those_of_the_brand_and_begin_with_the_first_bonus(cast: Cast) -> None:
    Brand.objects.update(time_zone="Pacific/Auckland")
    june = Creator.objects.get(email=JUNE)
    bonus(cast.june_in_glow, 500, now=datetime(2024, 12, 31, 12, tzinfo=UTC))
    new_year = datetime(2026, 12, 31, 12, tzinfo=UTC)
    bonus(cast.june_in_glow, 700, now=new_year)

    assert years_of(june, now=new_year) == [2027, 2026, 2025]
    assert [sums(year(one)) for one in (2027, 2025)] == [[("GBP", 700, 0)], [("GBP", 500, 0)]]


def test_a_year_that_is_no_year_shows_the_newest(june_client: Client) -> None:
    page = june_client.get(EARNINGS, {"year": "9" * 5_000})

    assert page.context["found"].year == page.context["years"][0]


def test_a_payment_that_came_back_is_listed_and_not_counted(
    cast: Cast, june_client: Client
) -> None:
    bonus(cast.june_in_glow, 1_000)
    with acting_for(cast.juniper):
        payment = pay_all_due(cast.june)
        return_payment(
            payout=payment, state=PayoutState.FAILED, reason="Closed", by=SYSTEM, now=NOW
        )

    page = page_text(june_client.get(EARNINGS))

    assert sums(year()) == [("GBP", 1_000, 0)]
    assert "Failed" in page
    assert f"/payments/{payment.public_id}" in june_client.get(EARNINGS).content.decode()


def test_a_payment_leads_to_the_offer_that_it_pays(cast: Cast, june_client: Client) -> None:
    with acting_for(cast.juniper):
        first = create_offer(
            values=offer_values(name="Aurora"),
            terms=TermsValues(percent_bp=1_000),
            by=SYSTEM,
            now=NOW,
        )
        enroll(offer=first, members=[cast.june], by=SYSTEM, now=NOW)
    bonus(cast.june_in_glow, 1_000)
    with acting_for(cast.juniper):
        pay_all_due(cast.june)

    page = june_client.get(EARNINGS).content.decode()

    [path] = re.findall(r'class="rows-link" href="([^"]+)"', page)
    answer = june_client.get(path)
    assert answer.status_code == 200
    assert "£10.00" in page_text(answer)


def test_the_page_shows_the_chosen_year_alone(cast: Cast, june_client: Client) -> None:
    sell(cast, "1", NOW - timedelta(hours=1))
    sell(cast, "2", datetime(2025, 3, 3, tzinfo=UTC))

    now, then = june_client.get(EARNINGS), june_client.get(EARNINGS, {"year": "2025"})

    assert "Earnings 2026" in page_text(now)
    assert "Earnings 2025" in page_text(then)
    assert "£8.42" in page_text(then)
    for nonsense in ("1999", "x", "٢٠٢٥", "2" * 30):
        assert "Earnings 2026" in page_text(june_client.get(EARNINGS, {"year": nonsense}))


def test_a_year_without_anything_says_so(cast: Cast, june_client: Client) -> None:
    assert "No payments in this year" in page_text(june_client.get(EARNINGS))


def test_a_year_is_a_pdf_of_the_creators_own(cast: Cast, june_client: Client) -> None:
    bonus(cast.june_in_glow, 1_000)
    bonus(cast.june_in_tide, 500)
    with acting_for(cast.juniper):
        pay_all_due(cast.june)

    answer = june_client.get(f"{EARNINGS}2026.pdf")

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="earnings-2026.pdf"'
    assert answer.content.startswith(b"%PDF")
    assert june_client.get(f"{EARNINGS}2019.pdf").status_code == 404
    assert Client().get(f"{EARNINGS}2026.pdf").status_code == 302


def test_a_pdf_of_an_empty_year_is_made_too(cast: Cast) -> None:
    creator = Creator.objects.get(email=JUNE)

    assert year_pdf(creator, year(), now=NOW).startswith(b"%PDF")


def test_what_others_earn_is_not_shown(cast: Cast) -> None:
    with acting_for(cast.juniper):
        record_order(source="shop", order=order("9"), by=SYSTEM, now=NOW)  # Mara's
    bonus(cast.mara_in_glow, 700)

    assert sums(year()) == []
