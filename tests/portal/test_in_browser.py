"""The dashboard and the portal on a phone: legible, within the screen, and whole without script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from affiliates.logins import user_for_proven_address
from config.local.messages import TRANSLATED
from core.tenancy import acting_for
from offers.dashboard_links import token_for
from payouts.services import adjust
from tests.cast import NOW, Cast, order, pay_all_due
from tests.inspection import faults_of, prepare
from tests.journeys.devices import on_a
from tests.mailbox import Mailbox
from tracking.links.tracking_links import make_deep_link
from tracking.orders.approval import reject_conversions
from tracking.orders.recording import record_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Page]
OWN_PAGES = ("links", "qr", "why", "questions", "sources")
PORTAL_PAGES = [
    f"/portal/{one}"
    for one in ("", "earnings/", "payout/", "emails/", "security/", "data/", "data/delete/")
]


@pytest.fixture
def path(cast: Cast) -> str:
    """Mara's dashboard with large amounts, a rejected order and a deep link."""
    with acting_for(cast.juniper):
        for number in range(3):
            at = cast.now - timedelta(days=number, hours=1)
            facts = order(f"SHOP-{number:04}", ordered_at=at.isoformat(), amount="1234567.89")
            last = record_order(order=facts, source="shop", by=cast.by, now=at)
        assert last.conversion_id is not None
        reject_conversions(
            conversion_ids=[last.conversion_id], reason="Cancelled", by=cast.by, now=cast.now
        )
        adjust(
            enrollment=cast.mara_in_glow, currency="GBP", amount_minor=-1, note="Rounding",
            by=cast.by, now=cast.now,
        )  # fmt: skip
        make_deep_link(
            enrollment=cast.mara_in_glow, destination_url="https://juniper.example/" + "long/" * 20,
            by=cast.by, now=cast.now,
        )  # fmt: skip
    return f"/d/{token_for(cast.mara_in_glow)}"


@on_a("phone")
def test_no_page_breaks_accessibility_or_the_width(
    open_page: OpenPage, path: str, device: dict[str, Any]
) -> None:
    """In light and in dark, on phones and on a desktop."""
    page = prepare(open_page(**device), is_shown_on_both=True)

    faults = []
    for address in (path, f"{path}/links", f"{path}/qr", f"{path}/why", "/d/x", "/portal/login/"):
        page.goto(address)
        for fold in page.locator(".folds summary").all():
            fold.click()
        faults += faults_of(page, address)

    assert faults == []


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_no_amount_breaks_over_two_lines(open_page: OpenPage, path: str, locale: str) -> None:
    page = open_page(width=1280, locale=locale)
    page.goto(f"{path}?range=all")

    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        values = page.locator(".stat-value, .rows-amount, .folds summary b")
        assert values.count() > 3
        for value in values.all():
            lines = value.evaluate(
                "e => { const r = document.createRange(); r.selectNodeContents(e);"
                " return r.getClientRects().length }"
            )
            assert lines == 1, (width, value.inner_text())
            assert value.evaluate("e => e.getBoundingClientRect().right") <= width


# What is too low to be hit. Links in a sentence may be, and a row leads on wherever it is hit.
LOW = """() => [...document.querySelectorAll(
    "a[href], button, summary, select, textarea, input:not([type=hidden]), label:has([type])"
    )]
    .filter(one => !one.matches(".skip, .rows-link, label [type], p a"))
    .filter(one => one.checkVisibility({ visibilityProperty: true }))
    .filter(one => one.getBoundingClientRect().height < 44)
    .map(one => one.outerHTML.slice(0, 160))"""
UNFOLD = "for (const one of document.querySelectorAll('details')) one.open = true"


def test_a_finger_finds_every_target(open_page: OpenPage, desk: OpenPage, path: str) -> None:
    """On the member's pages and in the portal, with everything unfolded."""
    mara = user_for_proven_address(email="mara@lindqvist.example", now=NOW)
    phone = {"width": 390, "has_touch": True, "is_mobile": True}
    low = []
    for page, places in (
        (open_page(**phone), (path, *(f"{path}/{one}" for one in OWN_PAGES), "/portal/login/")),
        (desk(mara, **phone), PORTAL_PAGES),
    ):
        for place in places:
            page.goto(place)
            page.evaluate(UNFOLD)
            low += [f"{place}: {one}" for one in page.evaluate(LOW)]

    assert low == []


@pytest.mark.parametrize(
    ("zone", "words"),
    [("Europe/London", ""), ("America/New_York", "(your time: 20 Nov 2026, 06:00)")],
)
def test_a_reader_elsewhere_sees_their_own_time_too(
    open_page: OpenPage, path: str, zone: str, words: str
) -> None:
    page = open_page(timezone_id=zone)
    page.goto(path)

    page.locator(".folds summary").first.click()

    ordered = page.locator(".folds dd").first
    assert (
        " ".join(ordered.inner_text().split())
        == " ".join(filter(None, ["20 Nov 2026, 11:00", words])) + ", London time"
    )


OBSERVE = """() => {
window.moved = [];
new PerformanceObserver(list => moved.push(...list.getEntries().flatMap(entry => entry.sources.map(
    source => source.node?.outerHTML?.slice(0, 120) ?? "something"))))
  .observe({ type: "layout-shift" });
}"""
PAINTED = """() => new Promise(
    done => new PerformanceObserver(() => done()).observe({ type: "paint", buffered: true }))"""
# Before that, a button may be painted without its text.
PARSED = "document.readyState !== 'loading'"
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.mark.parametrize("place", ["", "/links", "/why", "/portal/login/"])
def test_nothing_moves_when_the_script_comes(open_page: OpenPage, path: str, place: str) -> None:
    page = open_page(width=390)
    held: list[Route] = []
    page.route("**/*.js", lambda route: held.append(route))

    page.goto(place if place.startswith("/portal") else path + place, wait_until="commit")
    page.evaluate(PAINTED)
    page.wait_for_function(PARSED)
    page.evaluate(TWO_FRAMES)
    page.evaluate(OBSERVE)
    page.route("**/*.js", lambda route: route.continue_())  # what these import in their turn
    for route in held:
        route.continue_()
    page.wait_for_load_state("networkidle")
    page.evaluate(TWO_FRAMES)

    assert page.evaluate("document.documentElement.dataset.script") == ""
    assert page.evaluate("moved") == []


@pytest.mark.parametrize("query", ["", "?range=all", "?range=custom", "?status=rejected"])
def test_the_code_is_what_one_sees_first(open_page: OpenPage, path: str, query: str) -> None:
    page = open_page(width=390, height=844, has_touch=True, is_mobile=True)
    page.goto(f"{path}{query}")
    page.evaluate(TWO_FRAMES)

    assert page.evaluate("scrollY") == 0
    expect(page.get_by_role("button", name="Copy: Your code")).to_be_in_viewport()


def test_a_row_leads_on_wherever_it_is_tapped(open_page: OpenPage, cast: Cast, path: str) -> None:
    with acting_for(cast.juniper):
        pay_all_due(cast.mara)
    page = open_page(width=390, has_touch=True)
    page.goto(path)
    row = page.locator("#payments .rows > li")
    size = row.bounding_box()
    assert size is not None

    row.tap(position={"x": size["width"] - 8, "y": size["height"] - 8})

    expect(page.get_by_role("heading", name="What it is for")).to_be_visible()


def test_what_needs_script_is_not_offered_without(open_page: OpenPage) -> None:
    page = open_page(width=390, java_script_enabled=False)
    page.goto("/portal/login/")

    expect(page.get_by_label("Your email address")).to_be_visible()
    expect(page.locator("[data-passkey], .scheme-switch").filter(visible=True)).to_have_count(0)


def test_everything_is_there_without_script(open_page: OpenPage, path: str) -> None:
    page = open_page(width=390, java_script_enabled=False)
    page.goto(path)

    expect(page.get_by_text("MARA15", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    page.get_by_role("link", name="All time").click()
    expect(page.get_by_role("link", name="All time")).to_have_attribute("aria-current", "true")
    page.locator(".folds summary").first.click()
    expect(page.get_by_text("The order brought the code MARA15").first).to_be_visible()
    page.get_by_role("link", name="Make a link").click()
    page.get_by_label("Page of the shop").fill("https://juniper.example/gift")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_text("Your new link is ready")).to_be_visible()


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_a_button_to_copy_stays_where_it_is(open_page: OpenPage, path: str, language: str) -> None:
    """Before its label has come, afterwards, and when it was tapped."""
    page = open_page(width=390, locale=language, permissions=["clipboard-read", "clipboard-write"])
    button = page.locator(".copy-field [data-copy]").first
    whole = page.goto(f"{path}/links")
    assert whole is not None
    html = whole.text()
    address = page.url
    size = button.bounding_box()

    button.click()
    expect(button).to_have_attribute("data-copied", "yes")
    assert button.bounding_box() == size

    begun = html[: html.index(">", html.index("data-copy=")) + 1]
    page.route(address, lambda route: route.fulfill(body=begun, content_type="text/html"))
    page.goto(address)
    assert button.inner_text() == ""
    assert button.bounding_box() == size


def test_copy_takes_the_code(open_page: OpenPage, path: str) -> None:
    page = open_page(width=390, permissions=["clipboard-read", "clipboard-write"])
    page.goto(path)

    page.get_by_role("button", name="Copy: Your code").click()

    expect(page.get_by_role("status")).to_have_text("Your code copied")
    assert page.evaluate("navigator.clipboard.readText()") == "MARA15"


def test_a_creator_logs_in_by_code_and_opens_a_dashboard(
    open_page: OpenPage, cast: Cast, mailbox: Mailbox
) -> None:
    page = prepare(open_page(width=390))
    page.goto("/portal/")
    page.get_by_label("Your email address").fill("june@okafor.example")
    page.get_by_role("button", name="Mail me a code").click()
    code = str(mailbox.wait_for("june@okafor.example")[-1]["Subject"])[:6]
    page.get_by_label("Six-digit code").fill(code)
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Hello June")
    assert faults_of(page, "the portal") == []
    page.get_by_role("link", name="Winter Glow creators").click()
    expect(page.get_by_text("Your commission")).to_be_visible()
    page.get_by_role("link", name="All my offers").click()
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_label("Your email address")).to_be_visible()


def test_the_browser_keeps_no_cookie_and_tells_nobody_where_it_was(
    open_page: OpenPage, path: str, live_server: LiveServer
) -> None:
    page = open_page(width=390)
    page.goto(path)

    page.get_by_role("link", name="Why isn").click()
    expect(page.get_by_role("link", name="A sale is missing")).to_be_visible()

    assert page.evaluate("document.referrer") == ""
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
