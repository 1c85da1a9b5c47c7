"""A sale, from the click on a member's link to the money on their dashboard."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from offers.dashboard_links import token_for
from tests.cast import Cast
from tests.journeys.conftest import OpenPage
from tests.journeys.devices import PHONE
from tests.journeys.steps import copied, go_to, row_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOPPER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"


def follow(chromium: Browser, link: str) -> str:
    """Follow a tracking link as a shopper and say where it leads, without going there."""
    context = chromium.new_context(user_agent=SHOPPER)
    leads_to: list[str] = []

    def stop_at_the_door(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        assert answer.status == 302, f"{link} answers {answer.status}"
        leads_to.append(answer.headers["location"])
        route.fulfill(body="The shop")

    page = context.new_page()
    page.route("**/*", stop_at_the_door)
    page.goto(link)
    context.close()
    return leads_to[0]


def make_key(desk: Page) -> str:
    """Make an API key under Connections, where it is shown once."""
    go_to(desk, "Connections")
    desk.get_by_role("link", name="For developers").click()
    desk.get_by_label("What uses it").fill("The shop")
    desk.get_by_role("button", name="Make key").click()
    key = desk.locator("[data-new-key] .copy-value").inner_text()
    assert re.fullmatch(r"trb_\w+_\S+", key), f"no API key but {key!r}"
    go_to(desk, "Home")
    go_to(desk, "Connections")
    desk.get_by_role("link", name="For developers").click()
    expect(desk.get_by_role("heading", name="Make a key")).to_be_visible()
    desk.wait_for_load_state()
    assert key not in desk.content(), "an API key is shown a second time"
    return key


def post_order(page: Page, server: str, key: str, click_id: str) -> dict[str, object]:
    """The shop sends an order of £84.20 that came by the click."""
    order = {
        "order_id": "JN-1001",
        "ordered_at": timezone.now().isoformat(),
        "currency": "GBP",
        "click_id": click_id,
        "lines": [{"sku": "GLOW-1", "product": "Glow set", "quantity": 1, "unit_price": "84.20"}],
    }
    answer = page.request.post(
        f"{server}/api/v1/orders",
        data=json.dumps(order),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    assert answer.status == 201, f"{answer.status}: {answer.text()}"
    return dict(answer.json())


def test_from_the_click_to_the_payment(
    cast: Cast,
    chromium: Browser,
    desk: Callable[..., Page],
    open_page: OpenPage,
    live_server: LiveServer,
) -> None:
    phone = open_page(**PHONE, permissions=["clipboard-read", "clipboard-write"])
    phone.goto(f"/d/{token_for(cast.mara_in_glow)}")
    expect(phone.get_by_text("No conversions yet")).to_be_visible()
    link = copied(phone, phone.get_by_role("button", name="Copy: Your link"))

    # A shopper follows the link and is at the shop with a click id.
    shop = urlsplit(follow(chromium, link))
    assert (shop.netloc, shop.path) == ("www.juniper.example", "/winter")
    click_id = parse_qs(shop.query)["trb"][0]

    # The shop posts the order with a key.
    office = desk(cast.ines)
    office.goto("/admin/juniper/")
    key = make_key(office)
    post_order(office, live_server.url, key, click_id)

    # It stands on the dashboard with its commission.
    phone.reload()
    conversion = phone.get_by_role("list", name="Conversions").get_by_role("listitem")
    expect(conversion).to_have_count(1)
    expect(conversion).to_contain_text("£84.20")
    expect(conversion.locator(".rows-amount")).to_have_text("+£8.42")
    expect(conversion).to_contain_text("Payable now")
    conversion.locator("summary").click()
    expect(conversion).to_contain_text("link")
    numbers = phone.locator("#numbers .stats")
    expect(numbers).to_contain_text(re.compile(r"Clicks\s*1"))
    expect(numbers).to_contain_text(re.compile(r"Conversions\s*1"))
    expect(numbers).to_contain_text(re.compile(r"Sales\s*£84\.20"))
    expect(numbers).to_contain_text(re.compile(r"(Earned|Earnings)\s*£8\.42"))

    # Staff record a payment.
    go_to(office, "Payments")
    due = row_of(office, "Mara Lindqvist")
    expect(due).to_contain_text("£8.42")
    due.get_by_role("link", name="Send payment").click()
    expect(office.locator("#main")).to_contain_text("JN-1001")
    office.get_by_label("Reference").fill("BACS 2041")
    office.get_by_role("button", name="Record as paid").click()
    expect(office.get_by_role("heading", level=1)).to_have_text("£8.42")
    expect(office.locator("#main")).to_contain_text("Paid")
    go_to(office, "Payments")
    expect(office.get_by_text("Nothing is due")).to_be_visible()

    # The member sees it.
    phone.reload()
    expect(phone.locator("#money")).to_contain_text(re.compile(r"Paid to date\s*£8\.42"))
    expect(phone.locator("#money")).to_contain_text(re.compile(r"Can be paid now\s*£0\.00"))
    payment = phone.get_by_role("list", name="Payments").get_by_role("listitem")
    expect(payment).to_contain_text("BACS 2041")
    expect(conversion).to_contain_text("Paid")
    payment.get_by_role("link").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("£8.42")
    expect(phone.get_by_role("list", name="Conversions in this payment")).to_contain_text("£84.20")
