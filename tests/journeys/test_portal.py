"""June finds all her offers, over two brands, with nothing but her address."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from affiliates.tasks import mail_codes
from tests.cast import Cast
from tests.journeys.conftest import OpenPage
from tests.journeys.devices import DESKTOP, PHONE, combined
from tests.journeys.steps import code_in, only_mail_to
from tests.mailbox import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
JUNE, NOBODY = "june@okafor.example", "nobody@else.example"


def ask(page: Page, address: str) -> None:
    page.goto("/portal/")
    page.get_by_label("Your email address").fill(address)
    page.get_by_role("button", name="Mail me a code").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    page.wait_for_load_state()  # all that the page says is compared


def enter(page: Page, code: str) -> None:
    page.get_by_label("Six-digit code").fill(code)
    page.get_by_role("button", name="Log in").click()


@combined("device, script", (PHONE, True), (DESKTOP, False))
def test_june_logs_in_by_the_mailed_code_and_sees_all_her_offers(
    cast: Cast, open_page: OpenPage, mailbox: Mailbox, device: dict[str, Any], script: bool
) -> None:
    page = open_page(**device, java_script_enabled=script)
    ask(page, JUNE)
    said = page.locator("main").inner_text()
    code = code_in(only_mail_to(mailbox, JUNE))

    enter(page, f"{(int(code) + 1) % 1_000_000:06d}")
    expect(page.get_by_role("alert")).to_contain_text("That is not the code")
    expect(page).to_have_url(re.compile("/portal/login/code/$"))

    enter(page, code)
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello June")
    for brand, offer in (("Juniper & Co", "Winter Glow creators"), ("Saltmarsh", "Tide")):
        card = page.locator(".card").filter(has=page.get_by_role("heading", name=brand))
        expect(card.get_by_role("link", name=offer)).to_be_visible()
    expect(page.locator(".offer-line")).to_have_count(2)

    page.get_by_role("link", name="Tide").click()
    expect(page).to_have_url(re.compile("/d/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Tide")
    expect(page.get_by_text("JUNETIDE", exact=True)).to_be_visible()

    stranger = open_page(**device)
    ask(stranger, NOBODY)
    answer = stranger.locator("main").inner_text()
    assert answer.replace(NOBODY, "…") == said.replace(JUNE, "…")
    mail_codes()  # whatever the threads have not come to yet
    assert mailbox.to(NOBODY) == []
