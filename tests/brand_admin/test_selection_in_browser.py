"""Choosing rows in a browser: one by one, all of the page, all that match."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from affiliates.models import MemberTag
from affiliates.services import add_member
from core.tenancy import acting_for
from tests.brand_admin.desk import at
from tests.cast import NOW, SYSTEM, assemble

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_all_that_match_are_offered_once_the_page_is_ticked(desk: Callable[..., Page]) -> None:
    cast = assemble()
    with acting_for(cast.juniper):
        for number in range(52):
            add_member(
                first_name=f"Ada{number:02}", last_name="Crowd", email="", by=SYSTEM, now=NOW
            )
    page = desk(cast.theo)
    page.goto(f"{at(cast.juniper, 'members')}?q=crowd")
    bar = page.locator("[data-selection-bar]")
    offer = page.get_by_role("link", name="Select all 52 that match")

    expect(bar).to_be_hidden()
    page.get_by_label("Select Ada00 Crowd").check()
    expect(bar).to_be_visible()
    expect(offer).to_be_hidden()
    page.get_by_label("Select all").check()
    expect(page.get_by_text("All 25 on this page are selected.")).to_be_visible()
    offer.click()
    expect(page.get_by_text("All 52 that match are selected.")).to_be_visible()
    page.get_by_role("button", name="Add tag").click()
    page.get_by_label("Tag", exact=True).fill("VIP")
    page.get_by_role("button", name="Add tag").click()

    expect(page.get_by_text("52 members tagged VIP.")).to_be_visible()
    with acting_for(cast.juniper):
        assert MemberTag.objects.filter(tag="VIP").count() == 52
