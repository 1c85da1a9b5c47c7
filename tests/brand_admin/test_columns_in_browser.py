"""The Columns menu of Sales Tracking closes as every menu does; what was ticked stays ticked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.brand_admin.desk import at
from tests.cast import Cast, assemble

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def report(desk: Callable[..., Page]) -> Page:
    """Sales Tracking in a browser of the viewer's."""
    cast: Cast = assemble()
    page = desk(cast.vera)
    page.goto(at(cast.juniper, "reporting"))
    return page


def opened(page: Page) -> None:
    page.locator("summary", has_text="Columns").click()
    expect(page.get_by_role("group", name="Columns")).to_be_visible()


@pytest.mark.parametrize("focused", ["a box", "nothing"])
def test_escape_closes_it_and_goes_back_to_its_button(report: Page, focused: str) -> None:
    opened(report)
    if focused == "a box":
        report.get_by_label("Refunds", exact=True).check()
    else:
        report.evaluate("document.activeElement.blur()")

    report.keyboard.press("Escape")

    expect(report.get_by_role("group", name="Columns")).to_be_hidden()
    expect(report.locator("summary", has_text="Columns")).to_be_focused()


@pytest.mark.parametrize("leave", ["click", "tab"])
def test_leaving_it_closes_it_and_keeps_what_was_ticked(report: Page, leave: str) -> None:
    opened(report)
    report.get_by_label("Refunds", exact=True).check()

    if leave == "click":
        report.get_by_role("heading", name="Sales Tracking").click()
    else:
        report.get_by_role("button", name="Show these").press("Tab")

    expect(report.get_by_role("group", name="Columns")).to_be_hidden()
    opened(report)
    expect(report.get_by_label("Refunds", exact=True)).to_be_checked()


def test_a_click_inside_leaves_it_open(report: Page) -> None:
    opened(report)

    report.get_by_text("Average commission", exact=True).last.click()

    expect(report.get_by_label("Average commission")).to_be_checked()
    report.get_by_role("button", name="Show these").click()
    expect(report.get_by_role("columnheader", name="Average commission")).to_be_visible()
