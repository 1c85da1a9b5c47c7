"""The components in a real browser: what the scripts add, and that nothing needs them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.inspection import faults_of, prepare
from tests.journeys.devices import on_a

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.core.component_pages")]
ADDRESSES = ("/", "/drawer", "/portal", "/?accent=ffcc00")
OpenPage = Callable[..., Page]


@on_a("desktop")
def test_no_component_breaks_accessibility_or_the_width(
    open_page: OpenPage, device: dict[str, Any]
) -> None:
    """In light and in dark, on a desktop and on phones."""
    page = prepare(open_page(**device), is_shown_on_both=True)

    faults = []
    for address in ADDRESSES:
        page.goto(address)
        faults += faults_of(page, address)

    assert faults == []


def test_copying_takes_the_value_and_says_so(open_page: OpenPage) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/portal")

    page.get_by_role("button", name="Copy: Your code").click()

    expect(page.get_by_role("status")).to_have_text("Your code copied")
    assert page.evaluate("navigator.clipboard.readText()") == "MARA15"


def test_a_chosen_scheme_is_served_from_then_on(page: Page) -> None:
    page.goto("/portal")

    page.get_by_role("button", name="Dark").click()
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")


def test_a_drawer_opens_over_its_page_and_gives_the_focus_back(page: Page) -> None:
    page.goto("/")
    opener = page.get_by_role("link", name="Write")

    opener.press("Enter")
    page.get_by_label("Subject").fill("Hello")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Write")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_drawers_next_step_stays_in_the_drawer(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Write").click()

    page.get_by_label("Subject").fill("Hello")
    page.get_by_label("I am sure").check()
    page.get_by_label("Code", exact=True).check()
    page.get_by_role("button", name="Next").click()

    expect(page.get_by_text("Step 2")).to_be_visible()
    expect(page.locator("dialog:modal")).to_have_count(1)
    page.get_by_role("link", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_dialog_opens_and_escape_returns(page: Page) -> None:
    page.goto("/")

    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("dialog", name="Send payment")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("button", name="Pay")).to_be_focused()


def test_selecting_counts_and_a_destructive_act_asks_once(page: Page) -> None:
    page.goto("/")
    remove = page.locator("[data-selection-bar] button")
    expect(remove).to_be_hidden()

    page.get_by_label("Select all").check()
    page.get_by_label("Select Diego Arroyo").uncheck()
    expect(page.locator("[data-selection-count]")).to_have_text("2 selected")
    remove.click()
    expect(page.get_by_role("dialog")).to_contain_text("Remove 2 members?")
    page.get_by_role("button", name="Cancel").click()
    assert not page.url.endswith("/posted")
    remove.click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()

    expect(page.locator("body")).to_have_text("remove 1,3")


def test_filters_send_themselves_and_keep_the_address_short(page: Page) -> None:
    page.goto("/?sort=name")

    page.get_by_label("Status").select_option("active")
    page.wait_for_url("**/?status=active&sort=name")
    page.get_by_label("Search members").press_sequentially("mara")
    page.wait_for_url("**/?q=mara&status=active&sort=name")

    expect(page.get_by_label("Search members")).to_be_focused()


def test_a_menu_closes_by_escape_and_is_not_cut_off(page: Page) -> None:
    page.goto("/")
    menu = page.get_by_role("row", name="June Okafor").locator("summary")

    menu.click()
    expect(page.get_by_role("link", name="History")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")

    expect(page.get_by_role("link", name="History")).to_be_hidden()
    expect(menu).to_be_focused()


def test_everything_works_without_script(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.goto("/")

    page.get_by_label("Search members").fill("mara")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("q=mara"))
    page.get_by_label("Select June Okafor").check()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("body")).to_have_text("remove 3")
    page.goto("/")
    page.get_by_role("link", name="Write").click()
    page.get_by_role("button", name="Next").click()

    expect(page).to_have_url(re.compile("/drawer$"))


def test_the_portals_page_is_light(open_page: OpenPage) -> None:
    page = open_page(width=390)
    sizes: list[int] = []

    def weigh(request: Request) -> None:
        found = request.sizes()
        sizes.append(sum(value for value in found.values() if isinstance(value, int)))

    page.on("requestfinished", weigh)

    page.goto("/portal?accent=7a1fa2", wait_until="networkidle")

    assert len(sizes) <= 12
    assert sum(sizes) <= 60_000


def test_a_chart_says_the_value_under_the_pointer_and_by_arrow_keys(page: Page) -> None:
    page.goto("/")
    said, chart = page.locator("[data-chart-read]"), page.locator("[data-chart] svg[tabindex]")
    values = page.locator("[data-bar] title").all_text_contents()
    resting = said.inner_text()

    page.locator("[data-bar] .chart-hit").nth(1).hover()
    expect(said).to_have_text(values[1])
    page.mouse.move(0, 0)
    expect(said).to_have_text(resting)

    chart.focus()
    for key, at in (("End", -1), ("ArrowLeft", -2), ("Home", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        expect(said).to_have_text(values[at])
