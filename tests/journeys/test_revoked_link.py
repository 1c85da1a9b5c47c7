"""A dashboard link got into the wrong hands: staff revoke it, and the member gets a new one."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from offers.dashboard_links import token_for
from tests.cast import Cast
from tests.journeys.conftest import OpenPage
from tests.journeys.devices import PHONE
from tests.journeys.steps import copied, go_to, path_of, row_of, tick

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GONE = re.compile("This link doesn.t work")


def test_the_old_link_is_dead_at_once_and_the_new_one_works(
    cast: Cast, desk: Callable[..., Page], open_page: OpenPage
) -> None:
    old = f"/d/{token_for(cast.mara_in_glow)}"
    others = f"/d/{token_for(cast.diego_in_glow)}"
    phone = open_page(**PHONE)
    phone.goto(old)
    expect(phone.get_by_text("MARA15", exact=True)).to_be_visible()

    office = desk(cast.theo, permissions=["clipboard-read", "clipboard-write"])
    office.goto("/admin/juniper/")
    go_to(office, "Reporting", "Sales Tracking")
    office.get_by_role("link", name="Winter Glow creators").click()
    tick(office, "Mara Lindqvist")
    office.get_by_role("button", name="Revoke dashboard link").click()
    expect(office.locator("#main")).to_contain_text("1 member of Winter Glow creators")
    office.get_by_role("button", name="Revoke dashboard link").click()

    answer = phone.goto(old)
    assert answer
    assert answer.status == 404
    expect(phone.get_by_role("heading", name=GONE)).to_be_visible()
    gone = phone.locator("main").inner_text()
    phone.goto("/d/never-was-one")
    assert phone.locator("main").inner_text() == gone
    assert "Mara" not in gone

    row = row_of(office, "Mara Lindqvist")
    row.locator("summary").click()
    new = path_of(copied(office, row.get_by_role("button", name="Copy dashboard link")))
    assert new not in {old, others}
    phone.goto(new)
    expect(phone.get_by_text("MARA15", exact=True)).to_be_visible()
    phone.goto(others)
    expect(phone.get_by_text("DIEGO10", exact=True)).to_be_visible()
