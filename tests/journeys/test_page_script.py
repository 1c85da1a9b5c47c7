"""From a member's link to a shop with the page script, and from its order to the dashboard.

The shop lies on another host and port, and has a strict Content-Security-Policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Page,
    ViewportSize,
    expect,
)
from pytest_django.live_server_helper import LiveServer

from accounts.order_keys import create_publishable_key, publishable_text
from core.tenancy import acting_for
from offers.dashboard_links import token_for
from offers.models import Offer
from tests.api.shop import key_for
from tests.cast import SYSTEM, Cast
from tests.journeys.conftest import OpenPage
from tests.journeys.devices import DESKTOP, PHONE, combined
from tests.journeys.page_shop import HOST, PageShop
from tests.journeys.steps import go_to
from tracking.links.items import items_of
from tracking.models import Conversion

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# What pages of a browser see whose owner forbids cookies: none, and no storage either.
NO_COOKIES = """
Object.defineProperty(Document.prototype, 'cookie', {get: () => '', set: () => {}});
Object.defineProperty(window, 'sessionStorage', {get: () => {
  throw new DOMException('denied', 'SecurityError');
}});
"""
CLICK_ID = re.compile(r"[\w-]{48}")


class Shopper:
    """A browser of somebody who was never here."""

    def __init__(self, context: BrowserContext) -> None:
        self.context, self.page = context, context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", self._error)
        self.page.on("console", self._console)

    def _error(self, error: Error) -> None:
        self.faults.append(str(error))

    def _console(self, message: Any) -> None:
        if message.type == "error" and "404" not in message.text:
            self.faults.append(message.text)

    def cookies(self) -> list[dict[str, Any]]:
        return [dict(one) for one in self.context.cookies() if one["name"] == "trb"]

    def click_id(self) -> str:
        return str(self.page.evaluate("window.trb.id()"))


@pytest.fixture
def arrive(chromium: Browser) -> Iterator[Callable[..., Shopper]]:
    """Open a browser; whatever goes wrong in its pages fails the test."""
    open_ones: list[Shopper] = []

    def open_one(device: dict[str, Any] = DESKTOP, *, cookies: bool = True) -> Shopper:
        given = dict(device)
        size = ViewportSize(width=given.pop("width"), height=given.pop("height"))
        context = chromium.new_context(viewport=size, **given)
        if not cookies:
            context.add_init_script(NO_COOKIES)
        open_ones.append(Shopper(context))
        return open_ones[-1]

    yield open_one
    for one in open_ones:
        one.context.close()
    assert not [fault for one in open_ones for fault in one.faults]


@pytest.fixture
def shop(cast: Cast, live_server: LiveServer, open_page: OpenPage) -> Iterator[PageShop]:
    """The shop that the links of Mara's offer lead to, with a publishable key of the brand."""
    with PageShop(live_server.url).running() as one, acting_for(cast.juniper):
        key = create_publishable_key(label="Shop", origins=[one.address], by=SYSTEM, now=cast.now)
        one.key = publishable_text(key, is_test=False)
        one.files = PageShop(live_server.url, key=one.key).files
        Offer.objects.filter(pk=cast.glow.pk).update(destination_url=f"{one.address}/winter")
        yield one


def link_of(cast: Cast, server: str) -> str:
    with acting_for(cast.juniper):
        return str(items_of([cast.mara_in_glow])[cast.mara_in_glow.pk].tracking_link)


@combined("device, cookies", (DESKTOP, True), (PHONE, False))
def test_from_the_link_to_the_dashboard_by_the_script(
    cast: Cast, shop: PageShop, arrive: Callable[..., Shopper], desk: Callable[..., Page],
    open_page: OpenPage, live_server: LiveServer, device: dict[str, Any], cookies: bool,
) -> None:  # fmt: skip
    shopper = arrive(device, cookies=cookies)
    shopper.page.goto(link_of(cast, live_server.url))
    shopper.page.get_by_role("link", name="Product").click()
    shopper.page.get_by_role("link", name="Checkout").click()
    hidden = shopper.page.locator("input[name=click_id]")
    expect(hidden).to_have_value(CLICK_ID)
    if cookies:
        [cookie] = shopper.cookies()
        assert (cookie["domain"], cookie["sameSite"]) == (".shop.localhost", "Lax")
        assert cookie["value"] == hidden.input_value()
    else:
        assert shopper.cookies() == []

    with shopper.page.expect_response("**/api/v1/script/orders**") as answered:
        shopper.page.get_by_role("button", name="Buy").click()
    assert answered.value.status == 202

    # The order waits for review, and counts once it is accepted.
    office = desk(cast.ines)
    office.goto("/admin/juniper/conversions/?status=pending")
    expect(office.locator("#main")).to_contain_text("1001")
    with acting_for(cast.juniper):
        assert Conversion.objects.get().evidence in ("click", "code")
    dashboard = open_page(**device)
    dashboard.goto(f"/d/{token_for(cast.mara_in_glow)}")
    conversion = dashboard.get_by_role("list", name="Conversions").get_by_role("listitem")
    expect(conversion).to_contain_text("£84.20")


@combined("device, cookies", (DESKTOP, False), (PHONE, True))
def test_from_the_link_to_the_dashboard_by_a_form_and_the_api(
    cast: Cast, shop: PageShop, arrive: Callable[..., Shopper], open_page: OpenPage,
    live_server: LiveServer, device: dict[str, Any], cookies: bool,
) -> None:  # fmt: skip
    shop.secret = key_for(cast.juniper)
    shopper = arrive(device, cookies=cookies)
    shopper.page.goto(link_of(cast, live_server.url))
    shopper.page.get_by_role("link", name="Product").click()
    shopper.page.get_by_role("link", name="Checkout").click()
    expect(shopper.page.locator("input[name=click_id]")).to_have_value(CLICK_ID)
    with shopper.page.expect_response("**/done"):
        shopper.page.get_by_role("button", name="Buy").click()

    with acting_for(cast.juniper):
        assert Conversion.objects.get().evidence == "click"
    dashboard = open_page(**device)
    dashboard.goto(f"/d/{token_for(cast.mara_in_glow)}")
    conversion = dashboard.get_by_role("list", name="Conversions").get_by_role("listitem")
    expect(conversion).to_contain_text("£84.20")
    expect(conversion.locator(".rows-amount")).to_have_text("+£8.42")


def test_a_router_that_changes_the_address_and_forms_that_come_later(
    shop: PageShop, arrive: Callable[..., Shopper]
) -> None:
    shopper = arrive()
    shopper.page.goto(f"{shop.address}/router?trb={'r' * 48}")
    expect(shopper.page).to_have_url(f"{shop.address}/winter")
    shopper.page.wait_for_function("window.trb && 'id' in window.trb")
    assert shopper.click_id() == "r" * 48

    shopper.page.get_by_role("button").click()
    expect(shopper.page.locator("input[name=later]")).to_have_value("r" * 48)


def test_nothing_is_kept_before_consent_and_everything_is_deleted_afterwards(
    shop: PageShop, arrive: Callable[..., Shopper]
) -> None:
    shop.attributes = "data-consent"
    shopper = arrive()
    shopper.page.goto(f"{shop.address}/consent?trb={'c' * 48}")
    shopper.page.wait_for_function("window.trb && 'id' in window.trb")
    assert (shopper.click_id(), shopper.cookies()) == ("", [])
    assert shopper.page.evaluate("Object.keys(sessionStorage).length") == 0

    shopper.page.get_by_role("button", name="Agree").click()
    shopper.page.wait_for_function("window.trb.id()")
    assert [one["value"] for one in shopper.cookies()] == ["c" * 48]

    shopper.page.evaluate("window.trb.consent(false)")
    assert (shopper.click_id(), shopper.cookies()) == ("", [])


def test_the_newest_click_counts_and_no_other_text_is_one(
    shop: PageShop, arrive: Callable[..., Shopper]
) -> None:
    shopper = arrive()
    for value in ("a" * 48, "b" * 48):
        shopper.page.goto(f"{shop.address}/product?trb={value}")
    for value in ("c" * 47, "d" * 49, "%3Cscript%3E", ""):
        shopper.page.goto(f"{shop.address}/product?trb={value}")
        shopper.page.wait_for_function("window.trb && 'id' in window.trb")
        assert shopper.click_id() == "b" * 48
    assert len(shopper.cookies()) == 1


def test_a_cart_of_shopify_gets_the_id_once(shop: PageShop, arrive: Callable[..., Shopper]) -> None:
    shopper = arrive()
    with shopper.page.expect_response("**/en/cart/update.js"):
        shopper.page.goto(f"{shop.address}/shopify?trb={'s' * 48}")
    shopper.page.wait_for_function("sessionStorage.trb_cart")
    shopper.page.goto(f"{shop.address}/shopify")
    shopper.page.wait_for_function("window.trb && 'id' in window.trb")

    assert shop.carts == ["s" * 48]


def test_a_page_of_another_address_can_not_report(
    cast: Cast, shop: PageShop, arrive: Callable[..., Shopper]
) -> None:
    shopper = arrive()
    other = shop.address.replace(HOST, "other.localhost")
    with shopper.page.expect_event("requestfailed") as failed:
        shopper.page.goto(f"{other}/thanks?trb={'o' * 48}")
    shopper.page.wait_for_load_state("networkidle")

    assert "/api/v1/script/orders" in failed.value.url
    shopper.faults.clear()  # the browser says that it was refused
    with acting_for(cast.juniper):
        assert not Conversion.objects.exists()


def test_staff_make_a_key_and_find_it_in_what_to_paste(
    cast: Cast, desk: Callable[..., Page]
) -> None:
    office = desk(cast.ines)
    office.goto("/admin/juniper/")
    go_to(office, "Connections")
    office.get_by_role("link", name="Links and pages").click()
    office.get_by_role("link", name="Page script").click()
    office.get_by_label("Name").fill("Our shop")
    office.get_by_label("Addresses of the shop").fill("https://shop.juniper.example/checkout")
    office.get_by_role("button", name="Make key").click()

    expect(office.get_by_role("row").nth(1)).to_contain_text("https://shop.juniper.example")
    expect(office.get_by_role("row").nth(1)).to_contain_text("wait for review")
    expect(office.locator("pre").first).to_contain_text(re.compile(r'data-key="trb_pub_[0-9a-f]+"'))
