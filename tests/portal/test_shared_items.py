"""Deep links, QR codes, and the page that explains a missing sale."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core.tenancy import acting_for
from offers.models import Offer, OfferStatus
from offers.services import set_offer_status, supersede_terms
from offers.terms import TermsValues
from portal.dashboard.share_text import share_text
from tests.answers import page_text
from tests.cast import SYSTEM, Cast
from tests.portal.conftest import (
    Sell,
    new_terms,
    path_of,
    text_of,
)
from tests.snapshot import snapshot
from tracking.links.tracking_links import give_links, make_deep_link
from tracking.models import TrackingLink

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"


@pytest.mark.parametrize(
    ("code", "url", "text"),
    [
        ("MARA15", "", "Ad: my code for Juniper is MARA15. I earn a commission if you use it."),
        (
            "MARA15",
            "https://a.example/r/1",
            (
                "Ad: my code for Juniper is MARA15. I earn a commission if you use it.\n"
                "https://a.example/r/1"
            ),
        ),
        (
            "",
            "https://a.example/r/1",
            (
                "Ad: my link to Juniper. I earn a commission if you order through it.\n"
                "https://a.example/r/1"
            ),
        ),
        ("", "", ""),
    ],
)
def test_the_text_to_share_says_first_that_it_is_an_ad(code: str, url: str, text: str) -> None:
    assert share_text(brand="Juniper", code=code, url=url) == text


def test_code_and_link_are_shared_together(cast: Cast, client: Client, path: str) -> None:
    with acting_for(cast.juniper):
        slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug

    shared = re.findall(r'data-share-text="([^"]*)"', text_of(client, path))

    assert len(shared) == 2  # beside the link, and below the text itself
    assert all("MARA15" in text and f"http://testserver/r/{slug}" in text for text in shared)


def test_a_deep_link_is_made_once_and_listed(cast: Cast, client: Client, path: str) -> None:
    browser = Client(enforce_csrf_checks=True)

    for _ in range(2):
        answer = browser.post(f"{path}/links", {"page": "juniper.example/gift?for=you"})

    with acting_for(cast.juniper):
        [link] = TrackingLink.objects.exclude(destination_url="")
    assert link.destination_url == "https://juniper.example/gift?for=you"
    assert link.enrollment_id == cast.mara_in_glow.pk
    assert (answer.status_code, answer["Location"]) == (302, f"{path}/links/{link.slug}?done=made")
    assert answer.cookies == {}
    page = text_of(client, answer["Location"])
    assert f'data-copy="http://testserver/r/{link.slug}"' in page
    assert "juniper.example/gift?for=you" in page


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "https://juniper.example.evil.example/",
        "https://juniper.example@evil.example/",
        r"https://evil.example\@juniper.example/",
        "javascript:alert(1)",
        "ftp://juniper.example/",
        "",
        "https://juniper.example/" + "x" * 2_000,
    ],
)
def test_only_pages_of_the_shop_become_links(client: Client, path: str, address: str) -> None:
    before = snapshot()

    answer = client.post(f"{path}/links", {"page": address})

    assert answer.status_code == 422
    assert 'role="alert"' in page_text(answer)
    assert snapshot() == before


def test_no_link_is_made_where_none_are_allowed(cast: Cast, client: Client, path: str) -> None:
    with acting_for(cast.juniper):
        Offer.objects.filter(pk=cast.glow.pk).update(deep_links_allowed=False)
    before = snapshot()

    answer = client.post(f"{path}/links", {"page": "https://juniper.example/gift"})

    assert answer.status_code == 422
    assert snapshot() == before
    assert "Make a link" not in text_of(client, path)


@pytest.mark.parametrize("status", ["paused", "ended", "archived"])
def test_no_link_is_made_while_the_offer_does_not_count(
    cast: Cast, client: Client, path: str, status: str
) -> None:
    with acting_for(cast.juniper):
        set_offer_status(offer=cast.glow, status=OfferStatus(status), by=SYSTEM, now=cast.now)
    before = snapshot()

    answer = client.post(f"{path}/links", {"page": "https://juniper.example/gift"})

    assert answer.status_code == 422
    assert snapshot() == before


def test_a_qr_code_is_drawn_of_own_links_only(cast: Cast, client: Client, path: str) -> None:
    with acting_for(cast.juniper):
        own, others = (
            make_deep_link(
                enrollment=row, destination_url="https://juniper.example/gift",
                by=cast.by, now=cast.now,
            )
            for row in (cast.mara_in_glow, cast.diego_in_glow)
        )  # fmt: skip

    drawn = client.get(f"{path}/qr.svg")
    picture = client.get(f"{path}/qr.png?link={own.slug}")

    assert drawn["Content-Type"] == "image/svg+xml"
    assert drawn.content.startswith(b"<?xml")
    assert picture.content.startswith(b"\x89PNG")
    assert picture["Content-Disposition"] == f'attachment; filename="qr-{own.slug}.png"'
    assert f"{path}/qr.svg" in text_of(client, f"{path}/qr")
    assert client.get(f"{path}/qr?link={others.slug}").status_code == 404
    assert client.get(f"{path}/qr.svg?link={others.slug}").status_code == 404


def test_a_missing_sale_is_explained_with_this_offers_numbers(
    cast: Cast, client: Client, path: str, time_machine: Any
) -> None:
    new_terms(cast, hold_days=14)
    time_machine.move_to(cast.now + timedelta(minutes=10), tick=False)

    page = text_of(client, f"{path}/why")

    assert "within 28 days of the click" in page
    assert "14 days after the order" in page
    assert "A code wins over a link" in page


def test_terms_that_will_change_are_announced(cast: Cast, client: Client, path: str) -> None:
    with acting_for(cast.juniper):
        supersede_terms(
            offer=cast.glow, values=TermsValues(percent_bp=2_000),
            starts_at=cast.now + timedelta(days=10), by=cast.by, now=cast.now,
        )  # fmt: skip

    page = text_of(client, path)

    assert "You earn 10% of every sale" in page
    assert "From 30 Nov 2026: You earn 20% of every sale" in page


def test_the_links_of_one_member_never_show_on_anothers(
    cast: Cast, client: Client, sell: Sell
) -> None:
    sell("SHOP-4821")
    with acting_for(cast.juniper):
        give_links(enrollments=[cast.diego_in_glow], by=cast.by, now=cast.now)

    page = text_of(client, path_of(cast.diego_in_glow))

    assert "MARA15" not in page
    assert "4821" not in page
    assert "No conversions yet" in page
    assert "No payments yet" in page
