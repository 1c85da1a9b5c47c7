"""One box finds members, codes, orders, offers, payments, pages and actions of the brand."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from brand_admin.search.places import PLACES
from brand_admin.tabs import SECTION_TABS, Group
from core.tenancy import acting_for
from tests.brand_admin.desk import desk_of, queries_of
from tests.cast import Cast, order, pay_all_due
from tracking.orders.recording import record_order

pytestmark = pytest.mark.django_db
QUERIES = 11  # three are those of every page of the admin


def sell(cast: Cast, number: str, **changes: Any) -> None:
    with acting_for(cast.juniper):
        record_order(order=order(number, **changes), source="shop", by=cast.by, now=cast.now)


def found(client: Client, words: str, *, brand: str = "juniper") -> dict[str, dict[str, str]]:
    """The results by group: title, and where each leads."""
    answer = client.get(f"/admin/{brand}/search/", {"q": words}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    groups = re.findall(
        r'<section class="found" aria-label="([^"]+)">(.*?)</section>',
        answer.content.decode(),
        re.DOTALL,
    )
    return {
        title: {name: href for href, name in re.findall(r'<a href="([^"]+)">\s*<b>(.*?)</b>', body)}
        for title, body in groups
    }


def test_a_member_is_found_by_name_and_by_address(cast: Cast, theo: Client) -> None:
    address = f"/admin/juniper/members/{cast.mara.pk}/"

    assert found(theo, "lindq")["Members"] == {"Mara Lindqvist": address}
    assert found(theo, "mara@lind")["Members"] == {"Mara Lindqvist": address}


def test_a_code_is_found_by_its_beginning_in_any_case(cast: Cast, theo: Client) -> None:
    address = f"/admin/juniper/members/{cast.mara.pk}/"

    assert found(theo, "mara1")["Codes"] == {"MARA15": address}
    assert "Codes" not in found(theo, "ARA15")


def test_an_order_leads_to_its_conversion_and_without_one_to_where_it_is_listed(
    cast: Cast, theo: Client
) -> None:
    sell(cast, "SHOP-4821")
    sell(cast, "SHOP-4822", promo_code="NOBODYS")

    credited = found(theo, "4821")["Orders"]
    lost = found(theo, "4822")["Orders"]

    assert "Orders" not in found(theo, "482")  # its beginning or its end, not its middle
    assert re.fullmatch(r"/admin/juniper/conversions/\d+/", credited["SHOP-4821"])
    assert lost == {"SHOP-4822": "/admin/juniper/conversions/unattributed/?q=SHOP-4822"}
    assert theo.get(credited["SHOP-4821"]).status_code == 200


def test_offers_and_payments_are_found(cast: Cast, theo: Client) -> None:
    sell(cast, "1001")
    with acting_for(cast.juniper):
        payment = pay_all_due(cast.mara, reference="BACS 77")

    assert found(theo, "winter")["Offers"] == {
        "Winter Glow creators": f"/admin/juniper/reporting/sales-tracking/{cast.glow.pk}/"
    }
    assert found(theo, "BACS 77")["Payments"] == {
        "£8.42 to Mara Lindqvist": f"/admin/juniper/payments/{payment.pk}/"
    }


def test_pages_are_found_by_other_words_too_and_only_those_that_may_be_opened(
    cast: Cast, theo: Client
) -> None:
    owner = desk_of(cast.ines)

    assert list(found(theo, "influencers")["Pages about this"]) == ["Members"]
    assert "Add member" in found(theo, "add mem")["Go to"]
    assert "API keys" not in found(theo, "api").get("Go to", {})
    assert "API keys" in found(owner, "api")["Go to"]
    assert "Add member" not in found(desk_of(cast.vera), "add mem").get("Go to", {})


def test_a_pasted_letter_is_searched_for_by_its_first_words(cast: Cast, theo: Client) -> None:
    letter = " ".join(f"word{number}" for number in range(200))

    for name in ("payments_sent", "conversions", "questions", "unattributed", "flags"):
        page = reverse(f"brand_admin:{name}", args=["juniper"])
        assert queries_of(theo, f"{page}?q={quote(letter)}") < 50


def test_what_postgresql_can_not_store_is_not_searched_for(theo: Client) -> None:
    assert "Members" in found(theo, "\0Ma\0ra")


def test_every_place_opens_for_an_owner(cast: Cast) -> None:
    owner = desk_of(cast.ines)

    answers = {
        place.page: owner.get(reverse(f"brand_admin:{place.page}", args=["juniper"])).status_code
        for place in PLACES
    }

    assert {page: status for page, status in answers.items() if status != 200} == {}


def test_every_tab_of_the_admin_is_found() -> None:
    listed = [one for tabs in SECTION_TABS.values() for one in tabs]
    tabs = [tab for one in listed for tab in (one.tabs if isinstance(one, Group) else [one])]

    assert {tab.name for tab in tabs} - {place.page for place in PLACES} == set()


def test_another_brands_things_are_not_found(cast: Cast) -> None:
    otto = desk_of(cast.otto)

    assert found(otto, "mara", brand="saltmarsh") == {}
    assert found(otto, "winter", brand="saltmarsh") == {}
    assert otto.get("/admin/juniper/search/", {"q": "mara"}).status_code == 404


@pytest.mark.parametrize("words", ["", " ", "m", "x" * 5_000, "%%", "\\", "'; --", "<b>hi", "ß İ"])
def test_odd_words_find_nothing_and_break_nothing(cast: Cast, theo: Client, words: str) -> None:
    assert found(theo, words) == {}


def test_a_page_without_script_shows_the_same(cast: Cast, theo: Client) -> None:
    page = theo.get("/admin/juniper/search/", {"q": "mara"}).content.decode()

    assert "Mara Lindqvist" in page
    assert 'value="mara"' in page


def test_it_takes_as_many_queries_for_many_as_for_one(
    cast: Cast, theo: Client, django_assert_num_queries: Any
) -> None:
    sell(cast, "MARA-1")
    with django_assert_num_queries(QUERIES):
        found(theo, "mara")
    for number in range(2, 9):
        sell(cast, f"MARA-{number}")
    with django_assert_num_queries(QUERIES):
        assert len(found(theo, "mara")["Orders"]) == 5


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_box_opens_by_key_and_leads_there_by_arrows(cast: Cast, desk: Any) -> None:
    page: Page = desk(cast.theo)
    page.goto("/admin/juniper/")
    page.keyboard.press("/")
    box = page.get_by_role("dialog", name="Search")
    expect(box.get_by_text("two letters are enough")).to_be_visible()
    page.keyboard.type("lindq")
    expect(box.get_by_role("link", name="Mara Lindqvist")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Mara Lindqvist")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Search")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Search")).to_be_hidden()
