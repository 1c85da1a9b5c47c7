"""Home: what needs a person today, and how the brand is doing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.brands import create_brand
from core.tenancy import acting_for
from offers.services import create_offer
from offers.terms import TermsValues
from tests.brand_admin.desk import at, desk_of, queries_of, sell, shown
from tests.cast import NOW, SYSTEM, Cast, offer_values, order
from tests.notifications.senders import confirm, recipient
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_noon")


def test_home_lists_what_needs_a_person(cast: Cast) -> None:
    sell(cast)

    page = shown(desk_of(cast.vera).get(at(cast.juniper, "home")))

    assert "Sales Tracking Items not sent" in page
    assert "Payments due" in page
    assert "£8.42" in page
    assert "Conversions to review" not in page


def test_home_leads_to_recent_orders_that_no_member_is_credited_for(cast: Cast) -> None:
    vera, address = desk_of(cast.vera), at(cast.juniper, "home")
    before = shown(vera.get(address))
    with acting_for(cast.juniper):
        record_order(source="shop", order=order(promo_code=None), by=SYSTEM, now=NOW)

    page = shown(vera.get(address))

    assert "no member is credited for" not in before
    assert "Orders that no member is credited for" in page
    assert "the shop may be wired wrongly: look at what their codes say." in page
    listed = f"{at(cast.juniper, 'unattributed')}?first=2026-10-21"
    assert f'href="{listed}"' in page
    assert [row.external_id for row in vera.get(listed).context["page"]] == ["1001"]


def test_a_phone_names_the_section_it_is_in(cast: Cast) -> None:
    ines = desk_of(cast.ines)

    bars = {
        name: shown(ines.get(at(cast.juniper, name))).partition("</summary>")[0]
        for name in ("home", "members", "reporting", "work_list")
    }

    assert "Home</small>" in bars["home"]
    assert "Members</small>" in bars["members"]
    assert "Sales Tracking</small>" in bars["reporting"]
    assert "Background work</small>" in bars["work_list"]


def test_home_says_when_nothing_waits(cast: Cast) -> None:
    with acting_for(cast.juniper):
        cast.glow.status = "paused"
        cast.glow.save(update_fields=["status"])

    assert "There is nothing to do." in shown(desk_of(cast.vera).get(at(cast.juniper, "home")))


def test_home_compares_thirty_days_with_the_thirty_before(cast: Cast) -> None:
    sell(cast, "old", days_ago=35, amount="100.00")
    sell(cast, "1001", amount="75.00")
    sell(cast, "1002", amount="75.00")

    response = desk_of(cast.ines).get(at(cast.juniper, "home"))

    ((_, tiles),) = response.context["sums"]
    assert [(tile.label, tile.value, tile.change, tile.tone) for tile in tiles] == [
        ("Sales", "£150.00", "+50% from £100.00", "good"),
        ("Commission", "£15.00", "+50% from £10.00", "good"),
        ("Conversions", "2", "+100% from 1", "good"),
        ("Clicks", "0", "", ""),
    ]
    drawn = response.context["drawn"]
    assert drawn.chart.earlier
    assert sum(point.earlier for point in drawn.chart.points) == 100_00
    assert [(one.member, str(one.sales)) for one in response.context["top"]] == [
        (cast.mara, "150.00 GBP")
    ]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("than=year", "22 Oct 2025 to 20 Nov 2025"),
        ("range=7d", "7 Nov 2026 to 13 Nov 2026"),
        ("range=nonsense&than=nonsense", "22 Sept 2026 to 21 Oct 2026"),
    ],
)
def test_home_compares_with_the_period_or_the_year_before(
    query: str, words: str, cast: Cast
) -> None:
    sell(cast, "old", days_ago=500)

    home = desk_of(cast.ines).get(f"{at(cast.juniper, 'home')}?{query}")

    assert home.context["compared"].words == words
    assert words in shown(home)


def test_nothing_is_shown_from_before_the_brand_began(cast: Cast) -> None:
    sell(cast)

    home = desk_of(cast.ines).get(f"{at(cast.juniper, 'home')}?range=6m&than=year")

    assert "the brand had not begun" in shown(home)
    points = home.context["drawn"].chart.points
    assert [points[0].label, points[-1].label] == ["1 Nov", "20 Nov"]
    assert all(point.earlier is None for point in points)


def test_the_latest_conversions_are_asked_for_again(cast: Cast) -> None:
    sell(cast)
    address = at(cast.juniper, "home_latest")

    assert f'data-hx-get="{address}"' in shown(desk_of(cast.ines).get(at(cast.juniper, "home")))
    assert "1001" in shown(desk_of(cast.vera).get(address))


def test_home_shows_each_currency_apart(cast: Cast) -> None:
    with acting_for(cast.juniper):
        create_offer(
            values=offer_values(name="Tokyo", currency="JPY"),
            terms=TermsValues(percent_bp=1_000),
            by=SYSTEM,
            now=NOW - timedelta(days=1),
        )

    response = desk_of(cast.ines).get(at(cast.juniper, "home"))

    assert [summary.currency for summary, _ in response.context["sums"]] == ["GBP", "JPY"]


def test_a_brand_without_offers_is_told_where_to_start(cast: Cast) -> None:
    bare = create_brand(
        slug="bare",
        name="Bare",
        currency="KWD",
        time_zone="Asia/Kuwait",
        owner_email=cast.otto.email,
        by=SYSTEM,
        now=NOW,
    )

    page = shown(desk_of(cast.otto).get(at(bare, "home")))

    assert "Welcome to Tributary" in page
    forms = ("connection_choice", "offer_new", "member_new", "project_new", "orders_import")
    assert [at(bare, form) in page for form in forms] == [True] * 5
    assert "Sales per day" not in page


def test_before_the_first_sale_home_says_what_comes_next(cast: Cast) -> None:
    theo = desk_of(cast.theo)

    steps = theo.get(at(cast.juniper, "home")).context["first_steps"]
    with acting_for(cast.juniper):
        confirm([recipient(1)])
        nobodys = order("2001", promo_code=None)
        record_order(source="shop", order=nobodys, by=SYSTEM, now=NOW)
    later = theo.get(at(cast.juniper, "home")).context["first_steps"]
    sell(cast)

    assert [step.is_done for step in steps] == [False, True, True, False, False]
    assert [step.is_next for step in steps] == [True, False, False, False, False]
    assert [step.is_done for step in later] == [False, True, True, True, True]
    assert theo.get(at(cast.juniper, "home")).context["first_steps"] == []


def test_home_takes_as_many_queries_for_three_conversions_as_for_one(cast: Cast) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "home")
    sell(cast)
    assert queries_of(ines, address) == 27

    sell(cast, "1002", promo_code="DIEGO10")
    sell(cast, "1003", promo_code="JUNE20")

    assert queries_of(ines, address) == 27
