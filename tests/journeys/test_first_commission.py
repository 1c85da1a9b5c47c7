"""A new owner, from an empty brand to the first commission, with each click counted.

docs/first-commission.md writes the same walk down. It names the number of clicks, and the
test compares it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.brands import create_brand
from tests.cast import SYSTEM, Cast
from tests.journeys.devices import DESKTOP
from tests.journeys.drawer import Drawer
from tests.journeys.shops import HighStreet, WooCommerceShop
from tests.journeys.steps import go_to, only_mail_to, text_of, tick
from tests.mailbox import Mailbox
from tests.own_processes import ROOT
from tests.worker import Worker

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GUIDE = ROOT / "docs" / "first-commission.md"
NORA = "nora@lind.example"
MOST_CLICKS = 40  # to the first test order
# A press counts one. A field that gets the focus counts one, as somebody who types clicks into it,
# and what is chosen from a list counts two.
COUNT = """(() => {
    const add = (clicks) => sessionStorage.setItem("clicks",
        Number(sessionStorage.getItem("clicks")) + clicks);
    let pressed = null;
    document.addEventListener("pointerdown", (event) => { pressed = event.target; add(1); }, true);
    document.addEventListener("focusin", (event) => {
        const isTyped = event.target.matches(
            "textarea, input:not([type=checkbox], [type=radio], [type=file], [type=hidden])");
        if (isTyped && event.target !== pressed) add(1);
    }, true);
    document.addEventListener("change", (event) => {
        if (event.target.matches("select")) add(2);
    }, true);
})()"""


@pytest.fixture
def street(
    high_street: HighStreet, settings: Settings, live_server: LiveServer, desk: Callable[..., Page]
) -> HighStreet:
    """Shops' addresses lead to this machine, and shops reach us by its address."""
    settings.STAND_INS = high_street.stand_ins
    settings.BASE_URL = live_server.url.replace("localhost", "127.0.0.1")
    return high_street


def clicks(page: Page) -> int:
    return int(page.evaluate("Number(sessionStorage.getItem('clicks'))"))


def step(page: Page, button: str) -> None:
    """Press the button of a step of Get started."""
    page.get_by_role("list", name="Get started").get_by_role("link", name=button).click()


def connect_the_shop(page: Page, shop: WooCommerceShop) -> None:
    step(page, "Connect a shop")
    page.get_by_role("link", name=shop.name).click()
    for label, value in shop.pasted().items():
        page.get_by_role("main").locator("form").get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Check and connect").click()
    expect(page.get_by_role("heading", name="Waiting for the first real order")).to_be_visible()


def add_the_offer(page: Page) -> None:
    step(page, "Add offer")
    page.get_by_label("Name", exact=True).fill("Winter Glow")
    page.get_by_label("Destination").fill("https://www.fresh.example/winter")
    page.get_by_label("Percent of the sale").fill("12,5")
    expect(page.locator(".sentence")).to_contain_text("You earn 12.5%")
    page.get_by_role("button", name="Add offer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Winter Glow")


def add_the_member(page: Page) -> None:
    step(page, "Add member")
    page.get_by_label("First name").fill("Nora")
    page.get_by_label("Last name").fill("Lind")
    page.get_by_label("Email").fill(NORA)
    page.get_by_role("button", name="Add member").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nora Lind")


def give_her_a_code(page: Page) -> str:
    """In a project: its members, its offer, their codes. Returns Nora's code."""
    step(page, "Add project")
    page.get_by_label("Name").fill("Winter 2026")
    page.get_by_role("button", name="Add project").click()
    tick(page, "Nora Lind")
    page.get_by_role("button", name="Add to project").click()
    page.get_by_role("link", name="Set up offer").click()
    offers = page.get_by_label("Offer", exact=True)
    offers.select_option(offers.locator("option", has_text="Winter Glow").get_attribute("value"))
    page.get_by_role("button", name="Use this offer").click()
    code = page.get_by_label("Code for Nora Lind").input_value()
    tick(page, "Nora Lind")
    page.get_by_role("button", name=re.compile("Generate")).last.click()
    expect(page.get_by_text("Made 1 code and 1 link.")).to_be_visible()
    return code


def send_a_test_order(page: Page) -> None:
    step(page, "Send a test order")
    page.get_by_role("button", name="Send a test order").click()
    expect(page.get_by_text("All of it works on our side.")).to_be_visible()


def send_her_the_items(page: Page) -> None:
    """The first mail needs the brand's postal address: the drawer says so, and leads there."""
    step(page, "Go on")
    page.get_by_role("link", name="Go to Send").or_(
        page.get_by_role("link", name="Send")
    ).first.click()
    tick(page, "Nora Lind")
    page.get_by_role("button", name="Send Sales Tracking Items").click()
    drawer = Drawer(page, "Send Sales Tracking Items")
    drawer.box.get_by_role("link", name="Add it in Settings").click()
    page.get_by_label("Postal address").fill("Fresh\n1 Mill Lane\nLeeds LS1 4AP")
    page.get_by_role("button", name="Save").first.click()
    go_to(page, "Home")
    step(page, "Go on")
    tick(page, "Nora Lind")
    page.get_by_role("button", name="Send Sales Tracking Items").click()
    drawer = Drawer(page, "Send Sales Tracking Items")
    drawer.press("Next")
    drawer.says("Nora Lind")
    drawer.press("Send")
    drawer.is_done(accepted=1)


def test_a_new_owner_reaches_the_first_commission_in_few_clicks(
    cast: Cast, desk: Callable[..., Page], street: HighStreet, worker: Worker, mailbox: Mailbox
) -> None:
    create_brand(
        slug="fresh", name="Fresh", currency="GBP", time_zone="Europe/London",
        owner_email=cast.ines.email, by=SYSTEM, now=timezone.now(),
    )  # fmt: skip
    shop = WooCommerceShop()
    street.open(shop.host, shop.stand_in)
    page = desk(cast.ines, **DESKTOP)
    page.add_init_script(COUNT)
    page.goto("/admin/fresh/")

    walks: dict[str, Callable[[], object]] = {
        "Connect your shop": lambda: connect_the_shop(page, shop),
        "Add an offer": lambda: add_the_offer(page),
        "Add your members": lambda: add_the_member(page),
    }
    counted = {}
    for name, walk in walks.items():
        walk()
        go_to(page, "Home")
        counted[name] = clicks(page)
    code = give_her_a_code(page)
    go_to(page, "Home")
    counted["Give them codes and links"] = clicks(page)
    send_a_test_order(page)
    counted["Send a test order"] = clicks(page)
    go_to(page, "Home")
    send_her_the_items(page)
    counted["Send them their codes and links"] = clicks(page)
    assert code in text_of(only_mail_to(mailbox, NORA))

    assert shop.sell(code) == [200]
    page.get_by_role("link", name="Done", exact=True).click()
    go_to(page, "Home")
    expect(page.get_by_role("list", name="Latest conversions")).to_contain_text("£12.50")

    assert counted["Send a test order"] < MOST_CLICKS
    assert re.findall(r"\| (\d+) \|$", GUIDE.read_text(), re.MULTILINE) == [
        str(number) for number in counted.values()
    ]
