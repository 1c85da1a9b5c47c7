"""June reads everything in German, and every language fits every screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from affiliates.logins import user_for_proven_address
from config.local.messages import TRANSLATED
from offers.dashboard_links import token_for
from tests.cast import Cast
from tests.inspection import faults_of, prepare
from tests.journeys.busy_creator import make_busy
from tests.journeys.conftest import OpenPage
from tests.journeys.devices import DESKTOP, PHONE, combined
from tests.journeys.furnished import Furnished
from tests.journeys.steps import code_in, only_mail_to
from tests.mailbox import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
JUNE = "june@okafor.example"


def report(faults: list[str]) -> None:
    if faults:
        pytest.fail(f"{len(faults)} faults\n" + "\n".join(faults), pytrace=False)


@combined("device, script", (PHONE, True), (DESKTOP, False))
def test_june_chooses_german_and_finds_all_her_offers(
    cast: Cast, open_page: OpenPage, mailbox: Mailbox, device: dict[str, Any], script: bool
) -> None:
    page = open_page(**device, java_script_enabled=script)
    page.goto("/portal/")
    expect(page.get_by_role("heading", level=1)).to_have_text("All your offers in one place")

    page.get_by_role("button", name="Deutsch").click()

    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alle deine Angebote an einem Ort")
    page.get_by_label("Deine E-Mail-Adresse").fill(JUNE)
    page.get_by_role("button", name="Code per E-Mail schicken").click()
    expect(page.get_by_role("heading", name="Sieh in deine E-Mails")).to_be_visible()
    mail = only_mail_to(mailbox, JUNE)
    assert "ist dein Code zum Anmelden" in mail["Subject"]
    page.get_by_label("Sechsstelliger Code").fill(code_in(mail))
    page.get_by_role("button", name="Anmelden").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Hallo June")
    page.get_by_role("link", name="Tide").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tide")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_text("Du verdienst 15")).to_be_visible()

    page.get_by_role("button", name="English").click()

    expect(page.get_by_text("You earn 15")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/d/[^/]+$"))


def test_copying_says_so_in_german(cast: Cast, open_page: OpenPage) -> None:
    page = open_page(**PHONE, locale="de-DE", permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"/d/{token_for(cast.mara_in_glow)}")

    page.get_by_role("button", name="Kopieren: Dein Code").click()

    expect(page.get_by_role("status").get_by_text("Dein Code: kopiert")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "MARA15"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_full_dashboard_fits_a_narrow_phone(
    full: Furnished, open_page: OpenPage, language: str
) -> None:
    mara = f"/d/{token_for(full.world.cast.mara_in_glow)}"
    page = prepare(open_page(**PHONE, locale=language), is_translated=True)
    faults = []
    for address in (
        f"{mara}?range=all",
        f"{mara}?range=custom&first=2026-11-09&last=2026-11-01",
        *(f"{mara}/{name}" for name in ("links", "questions", "qr", "why")),
        *(f"/d/{token_for(row)}" for row in (full.inactive, full.paused, full.in_yen)),
        "/d/not-a-link",
        "/nowhere",
    ):
        page.goto(address)
        expect(page.locator("html")).to_have_attribute("lang", language)
        faults += faults_of(page, address)
    page.goto(mara)
    for fold in page.locator(".folds summary, .chart summary").all()[:4]:
        fold.click()
    faults += faults_of(page, "dashboard, opened up")
    report(faults)


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_portal_fits_a_narrow_phone(
    at_noon: Cast, desk: Callable[..., Page], language: str
) -> None:
    make_busy(at_noon, now=at_noon.now)
    june = user_for_proven_address(email=JUNE, now=at_noon.now)
    assert june is not None
    page = prepare(desk(june, **PHONE, locale=language), is_translated=True)
    faults = []
    for name in ("", "payout/", "emails/", "security/", "data/", "confirm/payout/"):
        page.goto(f"/portal/{name}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        faults += faults_of(page, name)
    report(faults)


def test_a_dashboard_in_german_on_a_desktop(full: Furnished, open_page: OpenPage) -> None:
    page = prepare(open_page(**DESKTOP, locale="de-DE"), is_translated=True)
    page.goto(f"/d/{token_for(full.world.cast.mara_in_glow)}")

    report(faults_of(page, "dashboard"))
