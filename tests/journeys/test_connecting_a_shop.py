"""An empty brand connects its shop, and sees its first commission; what is broken is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.brands import create_brand
from accounts.models import Brand
from affiliates.services import add_member
from core.tenancy import acting_for
from integrations.models import Connection
from integrations.shopify import tokens
from offers.models import Enrollment, OfferStatus
from offers.services import change_offer, create_offer, enroll, set_offer_status
from offers.terms import TermsValues
from tests.cast import SYSTEM, Cast, offer_values
from tests.journeys.devices import DESKTOP, PHONE, combined
from tests.journeys.shops import (
    Address,
    HighStreet,
    Shop,
    ShopifyShop,
    StripeShop,
    WooCommerceShop,
)
from tests.journeys.steps import go_to
from tests.own_processes import frozen
from tests.worker import Worker
from tracking.links.generating import deactivate_items
from tracking.links.membership import deactivate_member
from tracking.links.promo_codes import give_codes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Desk = Callable[..., Page]


@pytest.fixture
def street(
    high_street: HighStreet, settings: Settings, live_server: LiveServer, desk: Desk
) -> Iterator[HighStreet]:
    """Shops' addresses lead to this machine, and shops reach us by its address.

    It comes after `desk`, which sets BASE_URL too.
    """
    settings.STAND_INS = high_street.stand_ins
    settings.BASE_URL = live_server.url.replace("localhost", "127.0.0.1")
    tokens._kept.clear()
    yield high_street
    tokens._kept.clear()


@pytest.fixture
def fresh(cast: Cast) -> Brand:
    """A brand of Ines's without offers, members and orders."""
    return create_brand(
        slug="fresh", name="Fresh", currency="GBP", time_zone="Europe/London",
        owner_email=cast.ines.email, by=SYSTEM, now=timezone.now(),
    )  # fmt: skip


def a_member_with_code(brand: Brand, code: str, *, currency: str = "GBP") -> Enrollment:
    """Somebody in an offer of the brand that pays 10%."""
    with acting_for(brand):
        now = timezone.now()
        values = offer_values(name=f"Offer of {code}", currency=currency)
        terms = TermsValues(percent_bp=1_000)
        offer = create_offer(values=values, terms=terms, by=SYSTEM, now=now)
        member = add_member(
            email=f"{code.lower()}@members.example", first_name=code.title(), last_name="Lind",
            by=SYSTEM, now=now,
        )  # fmt: skip
        [enrollment] = enroll(offer=offer, members=[member], by=SYSTEM, now=now)
        give_codes(codes={enrollment.pk: code}, enrollments=[enrollment], by=SYSTEM, now=now)
        return enrollment


def paste(page: Page, shop: Shop) -> None:
    for label, value in shop.pasted().items():
        page.get_by_role("main").locator("form").get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Check and connect").click()


def hops(page: Page) -> dict[str, str]:
    """What each step of the test order says, by its name."""
    steps = page.get_by_role("list", name="The way of the test order").get_by_role("listitem")
    return dict(
        steps.evaluate_all(
            "all => all.map(one => ['b', 'p'].map(part => one.querySelector(part).textContent))"
        )
    )


@combined("make, device", (ShopifyShop, PHONE), (WooCommerceShop, DESKTOP), (StripeShop, PHONE))
def test_an_empty_brand_connects_its_shop_and_sees_its_first_commission(
    make: Callable[[], Shop],
    device: dict[str, object],
    fresh: Brand,
    cast: Cast,
    desk: Desk,
    street: HighStreet,
    worker: Worker,
) -> None:
    shop = make()
    street.open(shop.host, shop.stand_in)
    shop.sold_before()
    page = desk(cast.ines, **device)

    # From Home to the shop's steps, with the code of a member whom the brand has by now.
    page.goto("/admin/fresh/")
    a_member_with_code(fresh, "NORA10")
    page.get_by_role("link", name="Connect a shop").click()
    page.get_by_role("link", name=shop.name).click()
    expect(page.get_by_role("img").first).to_be_visible()
    paste(page, shop)
    expect(page.get_by_role("heading", name="Waiting for the first real order")).to_be_visible()
    expect(page.locator("#live")).to_contain_text("Earlier orders: 1 order fetched")

    # A test order passes every step, and is no order.
    page.get_by_role("button", name="Send a test order").click()
    expect(page.get_by_text("All of it works on our side.")).to_be_visible()
    said = hops(page)
    assert "Nora10 Lind in Offer of NORA10" in said["Credited"]
    assert said["Would earn"].startswith("10.00 GBP.")
    expect(page.locator("#shop-side")).to_contain_text("All is right")
    expect(page.get_by_role("heading", name="Waiting for the first real order")).to_be_visible()

    # The first real order shows by itself.
    assert shop.sell("NORA10") == [200]
    expect(page.get_by_role("heading", name="Connected: last order just now")).to_be_visible()
    latest = page.get_by_role("list", name="Latest orders from this shop")
    expect(latest.get_by_role("listitem").first).to_contain_text("Nora10 Lind")
    expect(latest.get_by_role("listitem").first).to_contain_text("£10.00")
    go_to(page, "Home")
    expect(page.get_by_role("list", name="Latest conversions")).to_contain_text("£10.00")


@pytest.fixture
def connected(
    fresh: Brand, cast: Cast, desk: Desk, street: HighStreet, worker: Worker
) -> tuple[Page, ShopifyShop, Address]:
    """Fresh's Shopify store, connected, with its page open; Nora has a code."""
    shop = ShopifyShop()
    address = street.open(shop.host, shop.stand_in)
    a_member_with_code(fresh, "NORA10")
    page = desk(cast.ines)
    page.goto("/admin/fresh/connections/new/shopify/")
    paste(page, shop)
    expect(page.get_by_role("heading", name="Waiting for the first real order")).to_be_visible()
    return page, shop, address


def test_the_test_names_what_is_broken_on_the_side_of_the_shop(
    connected: tuple[Page, ShopifyShop, Address],
) -> None:
    page, shop, address = connected
    store = shop.stand_in

    def says(*sentences: str) -> None:
        page.get_by_role("button", name=re.compile("Send (a|another) test order")).click()
        for one in sentences:
            expect(page.locator("#shop-side")).to_contain_text(one)
        page.reload()

    says("All is right")

    store.client_secret = "z" * 32
    says("Wrong: Client ID and client secret", "don't belong together. Copy both")
    store.client_secret = "s" * 32

    store.scopes.remove("read_orders")
    says("Wrong: Scope read_orders", "The app lacks the scope read_orders")
    store.scopes.append("read_orders")

    address.is_away()
    says("Wrong: Store address", "See that the store address is right, and try again.")
    address.is_back()

    address.clock_ahead = 3_600
    says("To look at: Clock", "Our server's clock is 60 minutes behind Shopify's.")
    address.clock_ahead = 0

    [gid] = [key for key, one in store.store.subscriptions.items() if one["topic"] == "ORDERS_PAID"]
    del store.store.subscriptions[gid]
    says("Webhook orders/paid", "It was not there, so we made it.")

    uri = next(iter(store.store.subscriptions.values()))["uri"]
    assert store.deliver("orders/create", shop.order(1, "NORA10"), uri, secret="w" * 32) == 401
    says("Wrong: Signatures of what arrived", "the shop signs with another secret")
    says_on_page = page.locator("#live")
    expect(says_on_page).to_contain_text("The shop is connected wrongly, not quiet.")

    assert shop.sell("NORA10") == [200]
    expect(page.get_by_role("heading", name="Connected: last order just now")).to_be_visible()
    says("All is right")


def test_the_test_names_what_is_broken_on_our_side(
    connected: tuple[Page, ShopifyShop, Address], fresh: Brand, worker: Worker
) -> None:
    page, _, _ = connected

    def credited(code: str) -> str:
        page.get_by_label("Promo code").fill(code)
        page.get_by_role("button", name=re.compile("Send (a|another) test order")).click()
        expect(page.locator("#test-order")).to_contain_text(f"with the code {code}.")
        said = hops(page)
        assert said.get("Would earn") == "It did not get this far."
        page.reload()
        return said["Wrong: Credited"]

    nobody = "A real order would be credited to nobody:"
    assert credited("NOBODY").startswith(f"{nobody} no member has the code NOBODY.")

    for code, breaks, advice in BROKEN:
        currency = "USD" if breaks is _in_dollars else "GBP"
        enrollment = a_member_with_code(fresh, code, currency=currency)
        with acting_for(fresh):
            breaks(enrollment)
        said = credited(code)
        assert said.startswith(nobody), code
        assert said.endswith(advice), code

    assert worker.process is not None
    with frozen(worker.process.pid):
        page.get_by_label("Promo code").fill("NORA10")
        page.get_by_role("button", name="Send a test order").click()
        expect(page.locator("#test-order")).to_contain_text("the worker is stopped")
        assert "No worker has taken it for" in hops(page)["Wrong: Worker"]
    page.reload()
    page.get_by_label("Promo code").fill("NORA10")
    page.get_by_role("button", name="Send a test order").click()
    expect(page.get_by_text("All of it works on our side.")).to_be_visible()
    with acting_for(fresh):
        assert Connection.objects.get().last_order_at is None


def _pause_code(enrollment: Enrollment) -> None:
    deactivate_items(enrollment=enrollment, by=SYSTEM, now=timezone.now())


def _deactivate(enrollment: Enrollment) -> None:
    deactivate_member(enrollment=enrollment, by=SYSTEM, now=timezone.now())


def _pause_offer(enrollment: Enrollment) -> None:
    offer, paused = enrollment.offer, OfferStatus.PAUSED
    set_offer_status(offer=offer, status=paused, by=SYSTEM, now=timezone.now())


def _end_offer(enrollment: Enrollment) -> None:
    offer, ended = enrollment.offer, OfferStatus.ENDED
    set_offer_status(offer=offer, status=ended, by=SYSTEM, now=timezone.now())


def _begin_later(enrollment: Enrollment) -> None:
    now = timezone.now()
    later = offer_values(name="Later", starts_at=now + timedelta(days=2))
    change_offer(
        offer=enrollment.offer, values=later, by=SYSTEM, now=now,
        seen_version=enrollment.offer.version,
    )  # fmt: skip


def _in_dollars(enrollment: Enrollment) -> None:
    """It was made in dollars, and the test order is in pounds."""


BROKEN: list[tuple[str, Callable[[Enrollment], None], str]] = [
    ("PAUSED", _pause_code, "It is out of use in Offer of PAUSED: activate it there."),
    ("GONE", _deactivate, "Gone Lind is not active in Offer of GONE: activate them on its page."),
    ("WAITS", _pause_offer, "The offer Offer of WAITS is paused: resume it."),
    ("OVER", _end_offer, "The offer Offer of OVER has ended: resume it."),
    ("LATER", _begin_later, "The offer Later has not begun: change its first day."),
    ("DOLLAR", _in_dollars, "The offer Offer of DOLLAR is in USD: enter an exchange rate."),
]  # fmt: skip
