"""A shopper follows a tracking link."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from core.tenancy import acting_for
from offers.models import OfferStatus
from offers.services import set_offer_status
from tests.api.shop import ORDERS, Shop
from tests.cast import SYSTEM, Cast, raw_order
from tests.following import Answer, get, store
from tests.snapshot import snapshot
from tracking.models import Click, ClickKind, Conversion, DailyTotal, TrackingLink

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def link(cast: Cast) -> TrackingLink:
    """Mara's tracking link."""
    with acting_for(cast.juniper):
        return TrackingLink.objects.get(enrollment=cast.mara_in_glow)


def counted_clicks(cast: Cast) -> tuple[int, int]:
    """Clicks that count, and clicks in the daily totals."""
    with acting_for(cast.juniper):
        return Click.objects.filter(kind=ClickKind.VISIT).count(), sum(
            DailyTotal.objects.values_list("clicks", flat=True)
        )


def follow(link: TrackingLink, *, method: str = "GET", **headers: str) -> Answer:
    """Follow the link now, and store the click."""
    now = timezone.now()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = get(
        f"/r/{link.slug}", now=now, method=method, headers={"User-Agent": BROWSER, **named}
    )
    store(answer, now=now)
    return answer


def test_the_shopper_is_at_the_shop_with_a_click_id(link: TrackingLink, cast: Cast) -> None:
    answer = follow(link, Referer="https://blog.example/winter")

    assert answer.status == 302
    assert answer["Location"].startswith("https://www.juniper.example/winter?trb=")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "set-cookie" not in dict(answer.headers)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.body == b""
    assert counted_clicks(cast) == (1, 1)
    with acting_for(cast.juniper):
        assert Click.objects.get().referrer_host == "blog.example"


def test_an_order_with_that_click_id_is_the_members(
    link: TrackingLink, shop: Shop, cast: Cast
) -> None:
    address = follow(link)["Location"]
    click_id = parse_qs(urlsplit(address).query)["trb"][0]
    later = timezone.now() + timedelta(minutes=1)

    answer = shop.send(
        ORDERS, raw_order(promo_code=None, click_id=click_id, ordered_at=later.isoformat())
    )

    assert answer.json()["outcome"] == "recorded"
    with acting_for(cast.juniper):
        assert Conversion.objects.get().enrollment_id == cast.mara_in_glow.pk


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Sec_Purpose": "prefetch"}, "prefetch"),
        ({"Sec_Purpose": "prefetch;prerender"}, "prefetch"),
        ({"Purpose": "prefetch"}, "prefetch"),
        ({"X_Moz": "prefetch"}, "prefetch"),
        ({"User_Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}, "robot"),
        ({"User_Agent": "curl/8.5"}, "robot"),
        ({"User_Agent": "WhatsApp/2.23.20.0"}, "preview"),
        ({"User_Agent": "facebookexternalhit/1.1 Facebot Twitterbot/1.0"}, "preview"),
        ({"User_Agent": "TelegramBot (like TwitterBot)"}, "preview"),
    ],
)
def test_what_is_no_visit_is_kept_apart_and_keeps_the_commission(
    link: TrackingLink, cast: Cast, headers: dict[str, str], kind: str
) -> None:
    answer = follow(link, **headers)

    assert (answer.status, "trb=" in answer["Location"]) == (302, True)
    assert counted_clicks(cast) == (0, 0)
    with acting_for(cast.juniper):
        assert Click.objects.get().kind == kind


def test_head_is_no_click(link: TrackingLink, cast: Cast) -> None:
    answer = follow(link, method="HEAD")

    assert (answer.status, answer.body) == (302, b"")
    assert counted_clicks(cast) == (0, 0)
    with acting_for(cast.juniper):
        assert Click.objects.get().kind == ClickKind.HEAD


@pytest.mark.parametrize("referrer", ["http://[::1", "javascript:x", "x" * 5_000, "http://a:b@c/"])
def test_an_odd_referrer_hurts_nobody(link: TrackingLink, cast: Cast, referrer: str) -> None:
    answer = follow(link, Referer=referrer)

    assert answer.status == 302
    assert counted_clicks(cast) == (1, 1)


def test_a_paused_offer_redirects_and_does_not_count(link: TrackingLink, cast: Cast) -> None:
    with acting_for(cast.juniper):
        set_offer_status(offer=cast.glow, status=OfferStatus.PAUSED, by=SYSTEM, now=timezone.now())
    answer = follow(link)

    assert (answer.status, answer["Location"]) == (302, "https://www.juniper.example/winter")
    assert counted_clicks(cast) == (0, 0)
    with acting_for(cast.juniper):
        assert Click.objects.get().kind == ClickKind.INACTIVE


def test_an_unknown_link_is_a_neutral_page(cast: Cast) -> None:
    before = snapshot()

    answer = get("/r/nobody")

    assert answer.status == 404
    assert b"There is nothing here" in answer.body
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert snapshot() == before


def test_nothing_is_written_to_a_link(link: TrackingLink, cast: Cast) -> None:
    before = snapshot()

    answer = follow(link, method="POST")

    assert (answer.status, answer["Allow"]) == (405, "GET, HEAD")
    assert snapshot() == before
