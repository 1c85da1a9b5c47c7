"""A dashboard that stays open shows what happened without being loaded again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, Request, expect

from core.tenancy import acting_for
from offers.dashboard_links import token_for
from offers.services import renew_dashboard_link
from tests.cast import Cast, order
from tracking.orders.recording import record_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Page]
WHILE = 31_000  # milliseconds: longer than the page waits before it asks again
HIDEABLE = """Object.defineProperty(document, "hidden", { get: () => window.isHidden === true })"""


@pytest.fixture
def cast(cast: Cast) -> Cast:
    cache.clear()
    return cast


@pytest.fixture
def path(cast: Cast) -> str:
    return f"/d/{token_for(cast.mara_in_glow)}"


@pytest.fixture
def page(open_page: OpenPage, cast: Cast, path: str) -> Page:
    """Mara's dashboard on a phone with one sale, on a clock that the test moves."""
    sell(cast, "SHOP-0001", days_ago=1)
    one = open_page(width=390)
    one.clock.install()
    one.add_init_script(HIDEABLE)
    one.goto(f"{path}?range=all")
    return one


def sell(cast: Cast, order_id: str, *, days_ago: int = 0) -> None:
    at = cast.now - timedelta(days=days_ago, hours=1)
    facts = order(order_id, ordered_at=at.isoformat())
    with acting_for(cast.juniper):
        record_order(order=facts, source="shop", by=cast.by, now=at)


def asked(page: Page) -> list[Request]:
    """The requests from now on by which the page asks for itself."""
    found: list[Request] = []
    page.on("request", lambda one: found.append(one) if one.resource_type == "fetch" else None)
    return found


def test_a_sale_appears_by_itself(page: Page, cast: Cast) -> None:
    conversions = page.get_by_role("list", name="Conversions").get_by_role("listitem")
    expect(conversions).to_have_count(1)
    sell(cast, "SHOP-0002")

    page.clock.fast_forward(WHILE)

    expect(conversions).to_have_count(2)
    expect(conversions.first).to_contain_text("0002")
    expect(page.locator("#numbers .stats")).to_contain_text("£168.40")
    expect(page.locator("#money")).to_contain_text("£16.84")
    expect(page.get_by_role("link", name="All time")).to_have_attribute("aria-current", "true")


def test_nothing_new_is_an_empty_answer_and_moves_nothing(page: Page) -> None:
    page.evaluate("document.querySelector('#numbers').was = true")
    with page.expect_response(lambda one: one.status == 304) as answer:
        page.clock.fast_forward(WHILE)

    assert answer.value.request.headers["if-none-match"].startswith('W/"')
    assert answer.value.request.headers.get("referer", "") == ""
    assert page.evaluate("document.querySelector('#numbers').was")


def test_what_is_open_stays_open_and_the_focus_stays(page: Page, cast: Cast) -> None:
    page.locator(".folds summary").click()
    page.get_by_role("link", name="All time").focus()
    sell(cast, "SHOP-0002")

    page.clock.fast_forward(WHILE)

    rows = page.get_by_role("list", name="Conversions").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.nth(0).locator("details")).not_to_have_attribute("open", "")
    expect(rows.nth(1).locator("details")).to_have_attribute("open", "")
    expect(page.get_by_role("link", name="All time")).to_be_focused()


def test_what_is_being_filled_in_stays(page: Page, cast: Cast, path: str) -> None:
    page.goto(f"{path}?range=custom")
    page.get_by_label("From").fill("2026-11-01")
    sell(cast, "SHOP-0002")

    page.clock.fast_forward(WHILE)

    rows = page.get_by_role("list", name="Conversions").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(page.get_by_label("From")).to_have_value("2026-11-01")
    expect(page.locator("#numbers .stats")).not_to_contain_text("£168.40")

    page.get_by_label("From").blur()
    page.clock.fast_forward(WHILE)
    expect(page.locator("#numbers .stats")).to_contain_text("£168.40")


def test_nobody_is_asked_while_nobody_looks(page: Page, cast: Cast) -> None:
    requests = asked(page)
    page.evaluate("isHidden = true; document.dispatchEvent(new Event('visibilitychange'))")
    sell(cast, "SHOP-0002")
    page.clock.fast_forward(10 * WHILE)
    assert requests == []

    page.evaluate("isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.fast_forward(1)

    expect(page.get_by_role("list", name="Conversions").get_by_role("listitem")).to_have_count(2)
    assert len(requests) == 1


def test_a_link_that_is_revoked_leaves_nothing_in_sight(page: Page, cast: Cast) -> None:
    with acting_for(cast.juniper):
        renew_dashboard_link(enrollment=cast.mara_in_glow, by=cast.by, now=cast.now)

    page.clock.fast_forward(WHILE)

    expect(page.get_by_role("heading", level=1)).to_contain_text("This link doesn")
    expect(page.locator("body")).not_to_contain_text("MARA15")


def test_a_server_that_is_away_is_asked_ever_more_rarely(page: Page, path: str) -> None:
    requests = asked(page)
    page.route("**/d/**", lambda route: route.fulfill(status=503, headers={"Retry-After": "300"}))
    with page.expect_response(lambda one: one.status == 503):
        page.clock.fast_forward(WHILE)
    expect(page.get_by_text("MARA15", exact=True)).to_be_visible()
    page.clock.run_for(9 * WHILE)
    assert len(requests) == 1

    page.unroute("**/d/**")
    with page.expect_response(lambda one: one.status == 304):
        page.clock.run_for(WHILE)
