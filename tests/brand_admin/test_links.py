"""Staff see every tracking link, name it and choose its end."""

from __future__ import annotations

import pytest
from django.test import Client

from core.tenancy import acting_for
from tests.answers import page_text
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, shown
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot
from tracking.links.tracking_links import change_link, make_deep_link
from tracking.models import LinkDomain, TrackingLink

PAGE = "https://juniper.example/gift"


@pytest.fixture
def gift(cast: Cast) -> TrackingLink:
    """Mara's link to a page of the shop, with a name and an end of its own."""
    with acting_for(cast.juniper):
        return make_deep_link(
            enrollment=cast.mara_in_glow, destination_url=PAGE, label="Gift video",
            slug="mara-gifts", by=SYSTEM, now=NOW,
        )  # fmt: skip


def test_all_links_are_listed_with_their_members(
    cast: Cast, theo: Client, gift: TrackingLink
) -> None:
    page = shown(theo.get(at(cast.juniper, "links")))

    assert page.count("Diego Arroyo") == 1
    assert "Gift video" in page
    assert 'data-copy="http://testserver/r/mara-gifts"' in page


@pytest.mark.parametrize(
    ("query", "members"),
    [
        ("q=gift", ["mara@lindqvist.example"]),
        ("q=MARA-GIFTS", ["mara@lindqvist.example"]),
        ("q=juniper.example/gift", ["mara@lindqvist.example"]),
        ("q=before", ["diego@arroyo.example"]),
        ("q=diego", ["diego@arroyo.example"]),
        ("q=nobody", []),
        ("kind=deep", ["mara@lindqvist.example"]),
        ("kind=main&q=mara", ["mara@lindqvist.example"]),
        ("status=inactive", []),
        ("offer=999999&q=diego", ["diego@arroyo.example"]),
    ],
)
def test_links_are_found_by_what_people_know_of_them(
    cast: Cast, theo: Client, gift: TrackingLink, query: str, members: list[str]
) -> None:
    with acting_for(cast.juniper):
        diegos = TrackingLink.objects.get(enrollment=cast.diego_in_glow)
        for slug in ("before", "afterwards"):
            change_link(link=diegos, slug=slug, by=SYSTEM, now=NOW)

    lines = csv_of(theo.get(f"{at(cast.juniper, 'links_csv')}?{query}"))

    assert [line[3] for line in lines[1:]] == members


def test_the_list_takes_as_many_queries_for_three_links_as_for_one(
    cast: Cast, theo: Client, gift: TrackingLink
) -> None:
    one = queries_of(theo, f"{at(cast.juniper, 'links')}?kind=deep")
    with acting_for(cast.juniper):
        for name in ("a", "b"):
            make_deep_link(
                enrollment=cast.diego_in_glow, destination_url=f"{PAGE}/{name}", by=SYSTEM, now=NOW
            )

    assert queries_of(theo, f"{at(cast.juniper, 'links')}?kind=deep") == one


def test_a_link_is_changed_and_says_where_else_it_is_reached(
    cast: Cast, theo: Client, gift: TrackingLink
) -> None:
    address = at(cast.juniper, "link", link_id=gift.pk)

    page = shown(theo.post(address, {"label": "Gifts", "slug": "presents"}, follow=True))

    assert "The link is changed." in page
    assert "testserver/r/mara-gifts" in page.replace("<wbr>", "")
    assert "changed the end of a link from mara-gifts to presents" in page.lower()
    with acting_for(cast.juniper):
        gift.refresh_from_db()
    assert (gift.label, gift.slug) == ("Gifts", "presents")


def test_what_is_refused_is_said_at_its_field(cast: Cast, theo: Client, gift: TrackingLink) -> None:
    before = snapshot()

    answer = theo.post(at(cast.juniper, "link", link_id=gift.pk), {"slug": "admin"})

    assert "admin is taken" in page_text(answer)
    assert snapshot() == before


def test_viewers_look_and_change_nothing(cast: Cast, gift: TrackingLink) -> None:
    vera, before = desk_of(cast.vera), snapshot()
    address = at(cast.juniper, "link", link_id=gift.pk)

    assert 'name="slug"' not in shown(vera.get(address))
    assert vera.post(address, {"slug": "presents"}).status_code == 403
    assert snapshot() == before


def test_the_members_page_and_the_file_carry_the_brands_domain(
    cast: Cast, theo: Client, gift: TrackingLink
) -> None:
    with acting_for(cast.juniper):
        LinkDomain.objects.create(
            host="go.juniper.example", proof="x", is_main=True, verified_at=NOW, problem=""
        )
        main = TrackingLink.objects.main().get(enrollment=cast.mara_in_glow)

    member = shown(theo.get(at(cast.juniper, "member", member_id=cast.mara.pk)))
    file = csv_of(theo.get(f"{at(cast.juniper, 'links_csv')}?kind=deep"))

    assert f'data-copy="https://go.juniper.example/{main.slug}"' in member
    assert file[1][0] == "https://go.juniper.example/mara-gifts"
