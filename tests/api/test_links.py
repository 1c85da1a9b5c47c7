"""A shopper follows a tracking link."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from core.tenancy import acting_for
from offers.models import OfferStatus
from offers.services import set_offer_status
from tests.api.shop import ORDERS, Shop
from tests.cast import SYSTEM, Cast, raw_order
from tests.snapshot import snapshot
from tracking.models import Click, Conversion, DailyTotal, TrackingLink

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def link(cast: Cast) -> TrackingLink:
    """Mara's tracking link."""
    with acting_for(cast.juniper):
        return TrackingLink.objects.get(enrollment=cast.mara_in_glow)


@pytest.fixture
def shopper() -> Client:
    return Client(headers={"User-Agent": BROWSER})


def counted_clicks(cast: Cast) -> tuple[int, int]:
    """Clicks written, and clicks in the daily totals."""
    with acting_for(cast.juniper):
        return Click.objects.filter(kind="visit").count(), sum(
            DailyTotal.objects.values_list("clicks", flat=True)
        )


def test_the_shopper_is_at_the_shop_with_a_click_id(
    shopper: Client, link: TrackingLink, cast: Cast
) -> None:
    answer = shopper.get(f"/r/{link.slug}", headers={"Referer": "https://blog.example/winter"})

    assert answer.status_code == 302
    assert answer["Location"].startswith("https://www.juniper.example/winter?trb=")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert not answer.cookies
    assert counted_clicks(cast) == (1, 1)
    with acting_for(cast.juniper):
        assert Click.objects.get().referrer_host == "blog.example"


def test_an_order_with_that_click_id_is_the_members(
    shopper: Client, link: TrackingLink, shop: Shop, cast: Cast
) -> None:
    address = shopper.get(f"/r/{link.slug}")["Location"]
    click_id = parse_qs(urlsplit(address).query)["trb"][0]
    later = timezone.now() + timedelta(minutes=1)

    answer = shop.send(
        ORDERS, raw_order(promo_code=None, click_id=click_id, ordered_at=later.isoformat())
    )

    assert answer.json()["outcome"] == "recorded"
    with acting_for(cast.juniper):
        assert Conversion.objects.get().enrollment_id == cast.mara_in_glow.pk


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
    ],
)
def test_fetching_ahead_is_no_click_but_keeps_the_commission(
    shopper: Client, link: TrackingLink, cast: Cast, headers: dict[str, str]
) -> None:
    before = snapshot()

    answer = shopper.get(f"/r/{link.slug}", headers=headers)

    assert (answer.status_code, "trb=" in answer["Location"]) == (302, True)
    assert snapshot() == before


def test_head_is_no_click(shopper: Client, link: TrackingLink, cast: Cast) -> None:
    before = snapshot()

    answer = shopper.head(f"/r/{link.slug}")

    assert (answer.status_code, answer.content) == (302, b"")
    assert snapshot() == before


def test_a_robot_is_no_counted_click(link: TrackingLink, cast: Cast) -> None:
    robot = Client(headers={"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"})

    answer = robot.get(f"/r/{link.slug}")

    assert answer.status_code == 302
    assert counted_clicks(cast) == (0, 0)


@pytest.mark.parametrize("referrer", ["http://[::1", "javascript:x", "x" * 5_000, "http://a:b@c/"])
def test_an_odd_referrer_hurts_nobody(
    shopper: Client, link: TrackingLink, cast: Cast, referrer: str
) -> None:
    answer = shopper.get(f"/r/{link.slug}", headers={"Referer": referrer})

    assert answer.status_code == 302
    assert counted_clicks(cast) == (1, 1)


def test_a_paused_offer_redirects_and_does_not_count(
    shopper: Client, link: TrackingLink, cast: Cast
) -> None:
    with acting_for(cast.juniper):
        set_offer_status(offer=cast.glow, status=OfferStatus.PAUSED, by=SYSTEM, now=timezone.now())
    before = snapshot()

    answer = shopper.get(f"/r/{link.slug}")

    assert (answer.status_code, answer["Location"]) == (302, "https://www.juniper.example/winter")
    assert snapshot() == before


def test_an_unknown_link_is_a_neutral_page(shopper: Client, cast: Cast) -> None:
    before = snapshot()

    answer = shopper.get("/r/nobody")

    assert answer.status_code == 404
    assert b"There is nothing here" in answer.content
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert snapshot() == before


def test_nothing_is_written_to_a_link(shopper: Client, link: TrackingLink, cast: Cast) -> None:
    before = snapshot()

    answer = shopper.post(f"/r/{link.slug}")

    assert answer.status_code in {403, 405}
    assert snapshot() == before
