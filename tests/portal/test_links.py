"""A member's links: names and ends of their own, and the places where they share them."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.test import Client

from core.tenancy import acting_for
from offers.models import Offer, OfferStatus
from offers.services import set_offer_status
from tests import following
from tests.answers import page_text
from tests.cast import SYSTEM, Cast
from tests.portal.conftest import text_of
from tests.snapshot import snapshot
from tracking.links.tracking_links import make_deep_link
from tracking.models import LinkDomain, TrackingLink

PAGE = "https://juniper.example/gift"


@pytest.fixture
def own(cast: Cast) -> TrackingLink:
    """Mara's link to the offer's page."""
    with acting_for(cast.juniper):
        return TrackingLink.objects.get(enrollment=cast.mara_in_glow)


def test_a_link_is_made_with_a_name_and_an_end(cast: Cast, client: Client, path: str) -> None:
    answer = client.post(
        f"{path}/links", {"page": PAGE, "label": "Gift video", "slug": "Mara Gifts"}
    )

    assert answer["Location"] == f"{path}/links/mara-gifts?done=made"
    page = text_of(client, answer["Location"])
    assert "Gift video" in page
    assert 'data-copy="http://testserver/r/mara-gifts"' in page
    listed = text_of(client, f"{path}/links")
    assert "Gift video" in listed
    assert f"{path}/links/mara-gifts" in listed


def test_a_link_is_renamed_and_its_first_address_goes_on_working(
    cast: Cast, client: Client, path: str, own: TrackingLink
) -> None:
    answer = client.post(f"{path}/links/{own.slug}", {"label": "Bio", "slug": "mara"})

    assert answer["Location"] == f"{path}/links/mara?done=changed"
    page = text_of(client, answer["Location"])
    assert f"testserver/r/{own.slug}" in page
    assert 'data-copy="http://testserver/r/mara"' in text_of(client, path)
    assert following.get(f"/r/{own.slug}").status == 302
    assert following.get("/r/mara").status == 302


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"slug": "ab"}, "3 to 40 letters"),
        ({"slug": "admin"}, "is taken"),
        ({"slug": "diego"}, "diego-2 is free"),
        ({"label": "x" * 61}, "60"),
    ],
)
def test_what_is_refused_is_said_at_its_field(
    cast: Cast, client: Client, path: str, own: TrackingLink, typed: dict[str, str], said: str
) -> None:
    with acting_for(cast.juniper):
        TrackingLink.objects.filter(enrollment=cast.diego_in_glow).update(slug="diego")
    before = snapshot()

    for address, page in ((f"{path}/links/{own.slug}", ""), (f"{path}/links", PAGE)):
        answer = client.post(address, {"page": page, **typed})

        assert answer.status_code == 422
        assert said in page_text(answer)
    assert snapshot() == before


def test_where_members_may_not_choose_the_field_is_not_there(
    cast: Cast, client: Client, path: str, own: TrackingLink
) -> None:
    with acting_for(cast.juniper):
        Offer.objects.filter(pk=cast.glow.pk).update(own_slugs_allowed=False)

    answer = client.post(f"{path}/links/{own.slug}", {"label": "Bio", "slug": "mara"})

    assert answer["Location"] == f"{path}/links/{own.slug}?done=changed"
    assert 'name="slug"' not in text_of(client, f"{path}/links/{own.slug}")
    assert 'name="slug"' not in text_of(client, f"{path}/links")


def test_the_places_stand_in_the_link_to_copy_and_in_its_qr_code(
    cast: Cast, client: Client, path: str, own: TrackingLink
) -> None:
    query = f"sub={quote('you tube&co')}&sub2=Winter&sub5=%20&other=1"
    before = snapshot()

    page = text_of(client, f"{path}/links/{own.slug}?{query}")

    wanted = "sub=you%20tube%26co&amp;sub2=Winter"
    assert f'data-copy="http://testserver/r/{own.slug}?{wanted}"' in page
    assert f"{path}/qr?{wanted}" in page
    assert "<details" in page
    assert "open>" in page
    assert f"{path}/qr.svg?{wanted}" in text_of(client, f"{path}/qr?{query}")
    assert client.get(f"{path}/qr.svg?{query}").content != client.get(f"{path}/qr.svg").content
    assert snapshot() == before


def test_a_place_is_one_short_text(client: Client, path: str, own: TrackingLink) -> None:
    page = text_of(client, f"{path}/links/{own.slug}?sub={'x' * 61}")

    assert f'data-copy="http://testserver/r/{own.slug}"' in page
    assert 'role="alert"' in page


def test_nobody_elses_link_is_there(cast: Cast, client: Client, path: str) -> None:
    with acting_for(cast.juniper):
        others = make_deep_link(
            enrollment=cast.diego_in_glow, destination_url=PAGE, by=SYSTEM, now=cast.now
        )
    before = snapshot()

    for slug in (others.slug, "nothing"):
        assert client.get(f"{path}/links/{slug}").status_code == 404
        assert client.post(f"{path}/links/{slug}", {"slug": "mara"}).status_code == 404
    assert snapshot() == before


def test_no_copying_while_nothing_counts(
    cast: Cast, client: Client, path: str, own: TrackingLink
) -> None:
    with acting_for(cast.juniper):
        set_offer_status(offer=cast.glow, status=OfferStatus.PAUSED, by=SYSTEM, now=cast.now)

    assert "data-copy" not in text_of(client, f"{path}/links/{own.slug}")


def test_links_carry_the_brands_domain_and_a_changed_end_shows_at_once(
    cast: Cast, client: Client, path: str, own: TrackingLink
) -> None:
    tag = client.get(path)["ETag"]
    with acting_for(cast.juniper):
        LinkDomain.objects.create(
            host="go.juniper.example", proof="x", is_main=True, verified_at=cast.now, problem=""
        )
    with_domain = client.get(path, headers={"If-None-Match": tag})
    client.post(f"{path}/links/{own.slug}", {"slug": "mara"})
    renamed = client.get(path, headers={"If-None-Match": with_domain["ETag"]})

    assert f'data-copy="https://go.juniper.example/{own.slug}"' in page_text(with_domain)
    assert 'data-copy="https://go.juniper.example/mara"' in page_text(renamed)
