"""Saving a text, starting from it and overwriting it: no axe violation at any step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.cast import Cast
from tests.inspection import faults_of, prepare
from tests.journeys.devices import on_a
from tests.journeys.drawer import Drawer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@on_a("phone")
def test_the_drawer_where_texts_are_saved_and_replaced(
    cast: Cast, desk: Callable[..., Page], device: dict[str, Any]
) -> None:
    page = prepare(desk(cast.ines, **device), is_shown_on_both=True)
    page.goto(f"/admin/juniper/reporting/sales-tracking/{cast.glow.pk}/")
    page.get_by_role("link", name="Email Members").click()
    drawer = Drawer(page, "Email Members")
    drawer.has_editors()
    drawer.write_subject("Your dashboard, {{ first_name }} ")
    drawer.press("Save as template")
    naming = Drawer(page, "Save as template")
    faults = faults_of(page, "drawer, save as template")
    naming.press("Save")
    expect(naming.box.locator(":invalid, [aria-invalid=true]").first).to_be_visible()
    page.get_by_label("Name").fill("Monthly news")
    naming.press("Save")
    drawer.says("Saved as “Monthly news”.")
    drawer.has_editors()
    faults += faults_of(page, "drawer, saved")
    drawer.write_subject("Something else, {{ first_name }} ")
    page.get_by_label("Start from").select_option("Welcome")
    drawer.press("Use")
    drawer.says("Replace what you have written?")
    drawer.has_editors()
    faults += faults_of(page, "drawer, replace")
    drawer.press("Keep mine")
    drawer.press("Save as template")
    naming.press("Save")
    naming.says("There is already a template with this name")
    faults += faults_of(page, "drawer, overwrite")
    assert faults == []
