"""What stands on an affiliate's dashboard."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core.tenancy import acting_for
from offers.models import Offer, OfferStatus
from offers.services import create_offer, enroll, set_offer_status
from offers.terms import TermsValues
from tests.cast import Cast, offer_values
from tests.following import follow_link
from tests.portal.conftest import (
    Sell,
    badges,
    figures,
    new_terms,
    path_of,
    pay,
    text_of,
)
from tracking.links.membership import activate_member, deactivate_member, remove_from_offer
from tracking.links.promo_codes import give_codes
from tracking.models import ItemStatus, PromoCode, TrackingLink
from tracking.orders.approval import accept_conversions

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"


def test_code_link_and_commission_stand_on_top(cast: Cast, client: Client, path: str) -> None:
    with acting_for(cast.juniper):
        slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug

    page = text_of(client, path)

    assert 'data-copy="MARA15"' in page
    assert f'data-copy="http://testserver/r/{slug}"' in page
    assert "You earn 10% of every sale" in page
    assert "Updated 12:00, London time" in page
    assert page.index("MARA15") < page.index("Your commission") < page.index("Your numbers")
    cards = ("numbers", "money", "payments", "conversions")
    places = [page.index(f'id="{card}"') for card in cards]
    assert places == sorted(places)


def test_a_code_only_offer_has_no_link_and_no_clicks(cast: Cast, client: Client) -> None:
    with acting_for(cast.juniper):
        codes = create_offer(
            values=offer_values(name="Codes", kind="code"),
            terms=TermsValues(percent_bp=500),
            by=cast.by,
            now=cast.now,
        )
        [row] = enroll(offer=codes, members=[cast.mara], by=cast.by, now=cast.now)
        give_codes(codes={row.pk: "MARACODE"}, enrollments=[row], by=cast.by, now=cast.now)

    page = text_of(client, path_of(row))

    assert "MARACODE" in page
    assert "Your link" not in page
    assert "Clicks" not in page
    assert client.get(f"{path_of(row)}/qr").status_code == 404


def test_what_is_not_given_yet_is_said(cast: Cast, client: Client) -> None:
    with acting_for(cast.juniper):
        other = create_offer(
            values=offer_values(name="Other"),
            terms=TermsValues(percent_bp=1_000),
            by=cast.by,
            now=cast.now,
        )
        [row] = enroll(offer=other, members=[cast.mara], by=cast.by, now=cast.now)

    page = text_of(client, path_of(row))

    assert "hasn\N{RIGHT SINGLE QUOTATION MARK}t given you a code yet" in page
    assert "hasn\N{RIGHT SINGLE QUOTATION MARK}t given you a link yet" in page
    assert 'data-copy="' not in page


def set_status(cast: Cast, status: OfferStatus) -> None:
    set_offer_status(offer=cast.glow, status=status, by=cast.by, now=cast.now)


def end_by_date(cast: Cast) -> None:
    Offer.objects.filter(pk=cast.glow.pk).update(ends_at=cast.now - timedelta(days=1))


def begin_by_date(cast: Cast) -> None:
    Offer.objects.filter(pk=cast.glow.pk).update(starts_at=cast.now + timedelta(days=1))


QUIET = {
    "This offer begins on 21 Nov 2026": begin_by_date,
    "Inactive": lambda cast: deactivate_member(
        enrollment=cast.mara_in_glow, by=cast.by, now=cast.now
    ),
    "Not in this offer": lambda cast: remove_from_offer(
        enrollment=cast.mara_in_glow, by=cast.by, now=cast.now
    ),
    "Paused": lambda cast: set_status(cast, OfferStatus.PAUSED),
    "Ended": lambda cast: set_status(cast, OfferStatus.ENDED),
    "This offer ended on 19 Nov 2026": end_by_date,
}


@pytest.mark.parametrize("words", QUIET)
def test_what_does_not_count_is_said_and_not_offered_for_copying(
    cast: Cast, client: Client, path: str, words: str
) -> None:
    with acting_for(cast.juniper):
        QUIET[words](cast)

    page = text_of(client, path)

    assert words in page
    counts_later = words in {"Paused", "This offer begins on 21 Nov 2026"}
    assert ('<s class="code">MARA15</s>' in page) is not counts_later
    assert ("From 21 Nov 2026" in page) is (words == "This offer begins on 21 Nov 2026")
    assert "You can still earn" not in page
    assert 'data-copy="' not in page
    assert "data-share-text" not in page
    assert ("An order counts when" in page) is counts_later


def test_a_code_out_of_use_is_not_copied_and_the_link_comes_first(
    cast: Cast, client: Client, path: str
) -> None:
    with acting_for(cast.juniper):
        PromoCode.objects.filter(enrollment=cast.mara_in_glow).update(status=ItemStatus.INACTIVE)

    page = text_of(client, path)

    assert '<s class="code">MARA15</s>' in page
    assert 'data-copy="MARA15"' not in page
    assert re.search(r'class="button button-primary" data-copy="http[^"]+/r/', page)
    assert "count any more. Ask Juniper &amp; Co for a new one." in page


def test_who_was_taken_out_still_reads_what_was_earned_and_paid(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell("SHOP-1001")
    pay(cast, reference="BACS 7")
    with acting_for(cast.juniper):
        remove_from_offer(enrollment=cast.mara_in_glow, by=cast.by, now=cast.now)

    page = text_of(client, path)

    assert "····1001" in page
    assert "BACS 7" in page
    assert figures(client, path)["Earnings"][0] == "£8.42"


def test_a_range_that_ends_before_it_starts_says_so_and_shows_the_last_thirty_days(
    client: Client, path: str, sell: Sell
) -> None:
    sell("1", days_ago=20)
    backwards = f"{path}?range=custom&first=2026-11-20&last=2026-11-19"

    page = text_of(client, backwards)

    assert "The last day is before the first" in page
    assert "Until then you see the last 30 days." in page
    assert figures(client, backwards) == figures(client, path)


def test_an_inactive_member_who_comes_back_copies_again(
    cast: Cast, client: Client, path: str
) -> None:
    with acting_for(cast.juniper):
        row = deactivate_member(enrollment=cast.mara_in_glow, by=cast.by, now=cast.now)
        activate_member(enrollment=row, by=cast.by, now=cast.now)

    assert 'data-copy="MARA15"' in text_of(client, path)


def test_names_of_every_script_stand_as_they_are_and_are_escaped(
    cast: Cast, client: Client, path: str
) -> None:
    with acting_for(cast.juniper):
        cast.mara.first_name, cast.mara.last_name = "محمد", "<b>الفاسي"
        cast.mara.save()

    page = text_of(client, path)

    assert "<bdi>محمد &lt;b&gt;الفاسي</bdi>" in page


def test_numbers_move_with_the_range(cast: Cast, client: Client, path: str, sell: Sell) -> None:
    sell("1", days_ago=0, amount="100.00")
    sell("2", days_ago=3, amount="200.00")
    sell("3", days_ago=20, amount="400.00")
    sell("4", days_ago=50, amount="800.00")

    assert figures(client, path)["Sales"] == ("£700.00", "\N{MINUS SIGN}13%")
    assert figures(client, f"{path}?range=today")["Conversions"] == ("1", "+1")
    assert figures(client, f"{path}?range=7d")["Earnings"] == ("£30.00", "+£30.00")
    assert figures(client, f"{path}?range=month")["Sales"][0] == "£300.00"
    assert figures(client, f"{path}?range=all")["Sales"] == ("£1,500.00", "")
    custom = f"{path}?range=custom&first=2026-10-01&last=2026-10-31"
    assert figures(client, custom)["Sales"] == ("£1,200.00", "+£1,200.00")


def test_clicks_are_counted(cast: Cast, client: Client, path: str) -> None:
    with acting_for(cast.juniper):
        slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
    for _ in range(3):
        follow_link(slug=slug, user_agent=PHONE, referrer="", now=cast.now)

    assert figures(client, path)["Clicks"] == ("3", "+3")


@pytest.mark.parametrize(
    "query",
    [
        "range=custom",
        "range=custom&first=2026-11-09&last=2026-11-01",
        "range=custom&first=nonsense&last=2026-11-01",
        "range=custom&first=0001-01-01&last=9999-12-31",
        "range=custom&first=2027-01-01&last=2027-02-01",
        "range=nonsense",
        "page=nonsense",
        "page=999",
        "status=nonsense",
    ],
)
def test_an_odd_address_shows_a_page(client: Client, path: str, sell: Sell, query: str) -> None:
    sell()

    assert client.get(f"{path}?{query}").status_code == 200


def test_a_pending_order_is_told_apart(
    cast: Cast, client: Client, path: str, sell: Sell, time_machine: Any
) -> None:
    new_terms(cast, approval="by_hand")
    row = sell(ordered_at=(cast.now + timedelta(minutes=5)).isoformat())
    time_machine.move_to(cast.now + timedelta(minutes=10), tick=False)

    page = text_of(client, path)
    assert "1 more order pending" in page
    assert badges(page) == ["Pending"]
    assert figures(client, path)["Conversions"] == ("0", "")

    with acting_for(cast.juniper):
        accept_conversions(conversion_ids=[row.pk], by=cast.by, now=cast.now)

    assert badges(text_of(client, path)) == ["Payable now"]
