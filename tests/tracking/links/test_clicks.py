"""Following tracking links."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from core.tenancy import acting_for
from offers.models import OfferStatus
from offers.projects import add_to_project, create_project, set_up_stage
from offers.services import change_offer, set_offer_status
from tests.cast import NOW, SYSTEM, Cast, offer_values, order
from tests.following import Redirect, follow_link
from tracking.links import click_ids
from tracking.links.membership import deactivate_member
from tracking.models import Click, ClickKind, Conversion, DailyTotal, TrackingLink
from tracking.orders.recording import record_order

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def follow(cast: Cast, *, user_agent: str = PHONE) -> Redirect:
    with acting_for(cast.juniper):
        slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
    redirect = follow_link(
        slug=slug, user_agent=user_agent, referrer="https://a.example/x", now=NOW
    )
    assert redirect
    return redirect


def test_a_shopper_is_counted_and_carries_a_click_id_to_the_shop(cast: Cast) -> None:
    redirect = follow(cast)

    with acting_for(cast.juniper):
        click = Click.objects.get()
        assert redirect.url == f"https://www.juniper.example/winter?trb={click.click_id}"
        assert (click.counted, click.referrer_host) == (True, "a.example")
        assert DailyTotal.objects.get().clicks == 1
        outcome = record_order(
            source="api",
            order=order(promo_code=None, click_id=click.click_id, ordered_at=NOW.isoformat()),
            by=SYSTEM,
            now=NOW,
        )
        assert outcome.conversion_id
        assert Conversion.objects.get(pk=outcome.conversion_id).evidence == "click"


def test_a_robot_is_sent_on_and_not_counted(cast: Cast) -> None:
    follow(cast, user_agent=ROBOT)

    with acting_for(cast.juniper):
        assert Click.objects.get().counted is False
        assert DailyTotal.objects.count() == 0


def test_a_paused_offers_link_goes_to_the_shop_and_counts_nothing(cast: Cast) -> None:
    with acting_for(cast.juniper):
        set_offer_status(offer=cast.glow, status=OfferStatus.PAUSED, by=SYSTEM, now=NOW)

    redirect = follow(cast)

    assert redirect.url == "https://www.juniper.example/winter"
    with acting_for(cast.juniper):
        assert Click.objects.get().kind == ClickKind.INACTIVE
        assert DailyTotal.objects.count() == 0


def test_an_inactive_members_link_still_goes_to_the_shop(cast: Cast) -> None:
    with acting_for(cast.juniper):
        deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)

    assert follow(cast).counted is False


@pytest.mark.django_db
def test_an_unknown_slug_leads_nowhere() -> None:
    assert follow_link(slug="nothing", user_agent=PHONE, referrer="", now=NOW) is None


@pytest.mark.parametrize("place", range(48))
def test_a_click_id_altered_anywhere_is_not_ours(place: int) -> None:
    click_id = click_ids.make(link_id=7, clicked_at=NOW)
    other = "A" if click_id[place] != "A" else "B"

    read = click_ids.read(click_id)
    assert read
    assert read.link_id == 7
    assert click_ids.read(click_id[:place] + other + click_id[place + 1 :]) is None


def test_click_ids_of_a_retired_key_still_count(settings: Any) -> None:
    click_id = click_ids.make(link_id=7, clicked_at=NOW)
    settings.CLICK_KEYS = ["a-new-key", *settings.CLICK_KEYS]

    assert click_ids.read(click_id) == click_ids.ClickIdContents(link_id=7, clicked_at=NOW)


def test_the_offers_utm_template_is_filled_in(cast: Cast) -> None:
    with acting_for(cast.juniper):
        project = create_project(name="Launch & more", by=SYSTEM, now=NOW)
        add_to_project(project=project, members=[cast.mara], by=SYSTEM, now=NOW)
        set_up_stage(project=project, offer=cast.glow, by=SYSTEM, now=NOW)
        template = "utm_source=own&utm_medium={project_name}&utm_content={creator_name}"
        change_offer(
            offer=cast.glow,
            values=offer_values(
                destination_url="https://www.juniper.example/winter?utm_source=shop&q=a%20b",
                utm_template=template,
            ),
            by=SYSTEM,
            now=NOW,
        )
        mara = TrackingLink.objects.get(enrollment=cast.mara_in_glow)
        diego = TrackingLink.objects.get(enrollment=cast.diego_in_glow)

    def led_to(link: TrackingLink) -> list[tuple[str, str]]:
        found = follow_link(slug=link.slug, user_agent="Firefox", referrer="", now=NOW)
        assert found is not None
        return parse_qsl(urlsplit(found.url).query)[:-1]

    assert led_to(mara) == [
        ("utm_source", "shop"),
        ("q", "a b"),
        ("utm_medium", "Launch & more"),
        ("utm_content", "Mara Lindqvist"),
    ]
    assert led_to(diego) == [
        ("utm_source", "shop"),
        ("q", "a b"),
        ("utm_content", "Diego Arroyo"),
    ]
