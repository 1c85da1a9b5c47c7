"""Where a member's clicks and sales come from, on a page of the dashboard."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core.tenancy import acting_for
from offers.models import Offer, OfferKind
from tests.cast import Cast
from tests.following import follow_link
from tests.portal.conftest import Sell, text_of
from tracking.figures import top_products
from tracking.models import OTHER, SourceTotal, TrackingLink

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile"
DUTCH = "193.0.6.139"  # of RIPE NCC, which gives out such addresses


def click(cast: Cast, **asked: Any) -> str:
    """A click on Mara's link two days ago; returns its id."""
    with acting_for(cast.juniper):
        slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
    at = cast.now - timedelta(days=2)
    redirect = follow_link(slug=slug, user_agent=PHONE, now=at, **asked)
    assert redirect is not None
    return redirect.url.rpartition("trb=")[2]


def rows(client: Client, path: str) -> str:
    page = text_of(client, path)
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<h1>")[2]).split())


def test_each_source_shows_its_clicks_sales_and_earnings(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell(promo_code=None, click_id=click(cast, referrer="https://www.video.example/watch"))
    click(cast, referrer="", client=DUTCH)

    shown = rows(client, f"{path}/sources")

    assert "Your link £8.42 2 clicks · 1 sale · 50%" in shown
    assert "www.video.example £8.42 1 click · 1 sale · 100%" in shown
    assert "Direct £0.00 1 click · 0 sales" in shown
    assert "Netherlands £0.00 1 click · 0 sales" in shown
    assert "Phone £8.42 2 clicks · 1 sale · 50%" in shown


def test_only_the_chosen_days_count(cast: Cast, client: Client, path: str) -> None:
    click(cast, referrer="")

    empty = rows(client, f"{path}/sources?range=today")
    assert "No clicks in these days" in empty
    assert "Where do you share it?" in empty
    assert "1 click" in rows(client, f"{path}/sources?range=7d")


def test_a_member_sees_nobody_elses(cast: Cast, client: Client) -> None:
    from tests.portal.conftest import path_of

    click(cast, referrer="https://www.video.example/")

    assert "No clicks" in rows(client, f"{path_of(cast.diego_in_glow)}/sources?range=all")


def test_an_offer_without_links_has_no_such_page(cast: Cast, client: Client, path: str) -> None:
    with acting_for(cast.juniper):
        Offer.objects.filter(pk=cast.glow.pk).update(kind=OfferKind.CODE)

    assert client.get(f"{path}/sources").status_code == 404
    assert "/sources" not in text_of(client, path)


@pytest.mark.parametrize("kind", ["links", "sub1", "referrer", "country", "device", "products"])
def test_staff_see_the_sources_of_an_offer(
    cast: Cast, client: Client, sell: Sell, kind: str
) -> None:
    sell(
        promo_code=None,
        click_id=click(cast, referrer="https://www.video.example/watch", client=DUTCH),
    )
    client.force_login(cast.vera)

    page = client.get(f"/admin/juniper/reporting/sales-tracking/{cast.glow.pk}/sources/?by={kind}")

    wanted = {
        "links": "Mara Lindqvist", "sub1": "Nothing in this period",
        "referrer": "www.video.example", "country": "Netherlands", "device": "Phone",
        "products": "Orders",
    }  # fmt: skip
    assert wanted[kind] in page.text
    assert ("£8.42" in page.text) is (kind in {"links", "referrer", "country", "device"})


def test_products_of_the_newest_conversions_are_said_to_be_that(
    cast: Cast, client: Client, sell: Sell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        sell(f"P{number}", days_ago=number)
    client.force_login(cast.vera)
    address = f"/admin/juniper/reporting/sales-tracking/{cast.glow.pk}/sources/?by=products"

    whole = client.get(address).text
    monkeypatch.setattr(top_products, "MAX_CONVERSIONS", 2)
    partial = client.get(address).text

    assert "Only the newest" not in whole
    assert "Only the newest 2 conversions of this period are added up." in partial
    assert 'data-label="Orders">2<' in partial
    assert "Orders by code alone" not in whole
    assert "Orders by code alone" in client.get(address.replace("products", "links")).text


@pytest.mark.parametrize("kind", ["sub1", "referrer"])
def test_what_is_beyond_the_first_of_a_day_is_named(
    cast: Cast, client: Client, path: str, kind: str
) -> None:
    click(cast, referrer="https://www.video.example/watch")
    with acting_for(cast.juniper):
        SourceTotal.objects.filter(dimension="referrer").update(dimension=kind, value=OTHER)

    assert "All others £0.00 1 click" in rows(client, f"{path}/sources")
    client.force_login(cast.vera)
    page = client.get(f"/admin/juniper/reporting/sales-tracking/{cast.glow.pk}/sources/?by={kind}")
    assert "Beyond the first 500 of a member on a day" in page.text


def test_staff_see_more_sources_when_they_ask(cast: Cast, client: Client) -> None:
    for number in range(16):
        click(cast, referrer=f"https://blog-{number:02}.example/")
    client.force_login(cast.vera)
    address = f"/admin/juniper/reporting/sales-tracking/{cast.glow.pk}/sources/?by=referrer"

    first, more = client.get(address).text, client.get(f"{address}&rows=100").text

    assert ("The 15 with the most clicks." in first, "blog-15" in first) == (True, False)
    assert "rows=100" in first
    assert ("with the most clicks" in more, "blog-15" in more) == (False, True)
