"""Sending dashboard links to new members: from an empty brand to members who see their numbers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.brands import create_brand
from accounts.models import Brand, User
from tests.cast import POSTAL_ADDRESS, SYSTEM, proven_user
from tests.journeys.conftest import OpenPage
from tests.journeys.devices import PHONE, on_a
from tests.journeys.drawer import Drawer
from tests.journeys.steps import (
    go_to,
    go_to_step,
    link_in,
    only_mail_to,
    path_of,
    row_of,
    text_of,
    tick,
)
from tests.mailbox import Mailbox
from tests.worker import Worker

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
INES, MARA, DIEGO = "ines@juniper.example", "mara@lindqvist.example", "diego@arroyo.example"
PASSWORD = "seven-tin-otters"
SEND = "Send Sales Tracking Items"


@pytest.fixture
def owner(transactional_db: None) -> User:
    """Ines owns Juniper, which has nothing in it yet."""
    cache.clear()
    user = proven_user(INES, "Ines Castell")
    create_brand(
        slug="juniper",
        name="Juniper & Co",
        currency="GBP",
        time_zone="Europe/London",
        owner_email=INES,
        by=SYSTEM,
        now=timezone.now(),
    )
    Brand.objects.update(postal_address=POSTAL_ADDRESS)
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in(page: Page) -> None:
    page.goto("/admin/juniper/")
    page.get_by_label("Email").fill(INES)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/admin/juniper/$"))


def create_offer(page: Page) -> None:
    go_to(page, "Offers")
    page.get_by_role("link", name="Add offer").first.click()
    page.get_by_label("Name", exact=True).fill("Winter Glow")
    page.get_by_label("A promo code and a tracking link").check()
    page.get_by_label("Destination").fill("https://www.juniper.example/winter")
    page.get_by_label("Percent of the sale").fill("12")
    page.get_by_label("Hold").fill("0")
    page.get_by_text("Codes and what counts").click()
    page.get_by_label("Code naming pattern").fill("{FIRST_NAME}12")
    page.get_by_role("button", name="Add offer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Winter Glow")
    expect(page.locator("#main")).to_contain_text("12%")


def add_member(page: Page, first_name: str, last_name: str, email: str) -> None:
    go_to(page, "Members")
    page.get_by_role("link", name="Add member").first.click()
    page.get_by_label("First name").fill(first_name)
    page.get_by_label("Last name").fill(last_name)
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Add member").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{first_name} {last_name}")


def create_project(page: Page, *members: str) -> None:
    """A project with these members, whose stage runs with the offer."""
    go_to(page, "Projects")
    page.get_by_role("link", name="Add project").first.click()
    page.get_by_label("Name").fill("Winter 2026")
    page.get_by_role("button", name="Add project").click()
    tick(page, *members)
    page.get_by_role("button", name="Add to project").click()
    page.get_by_role("link", name="Set up offer").click()
    offers = page.get_by_label("Offer", exact=True)
    offers.select_option(offers.locator("option", has_text="Winter Glow").get_attribute("value"))
    page.get_by_role("button", name="Use this offer").click()


def generate(page: Page) -> None:
    """Codes and links for both, after a code that two of them would have had."""
    expect(page.get_by_label("Code for Mara Lindqvist")).to_have_value("MARA12")
    tick(page, "Mara Lindqvist", "Diego Arroyo")
    page.get_by_label("Code for Diego Arroyo").fill("mara12")
    page.get_by_role("button", name="Generate codes and links").click()
    expect(page.get_by_text("Nothing was generated yet")).to_be_visible()
    expect(page.locator(".alert")).to_contain_text("the code MARA12 is in this list twice")
    page.get_by_label("Code for Diego Arroyo").fill("DIEGO-GLOW")
    page.get_by_role("button", name="Generate codes and links").click()
    expect(page.get_by_text("Made 2 codes and 2 links.")).to_be_visible()


@on_a("desktop")
def test_new_members_get_their_items_and_their_dashboard(
    owner: User, open_page: OpenPage, mailbox: Mailbox, worker: Worker, device: dict[str, Any]
) -> None:
    page = open_page(**device)
    log_in(page)
    create_offer(page)
    add_member(page, "Mara", "Lindqvist", MARA)
    add_member(page, "Diego", "Arroyo", DIEGO)
    create_project(page, "Mara Lindqvist", "Diego Arroyo")
    generate(page)

    # "Go to the Send step. Select the members you want to email. Click Send Sales Tracking Items."
    go_to_step(page, "Winter 2026", "Send")
    send_step = page.url
    expect(row_of(page, "Mara Lindqvist")).to_contain_text("Not sent")

    # "A unique dashboard link for each member is automatically created."
    copies = [
        row_of(page, name).get_by_role("button", name="Copy dashboard link")
        for name in ("Mara Lindqvist", "Diego Arroyo")
    ]
    made = [str(copy.get_attribute("data-copy")) for copy in copies]
    assert made[0] != made[1]
    tick(page, "Mara Lindqvist", "Diego Arroyo")
    page.get_by_role("button", name=SEND).click()

    # "This will open a drawer with a pre-generated email that includes the dashboard link. You can
    # edit the email, then click Next to preview the personalizations, and Send."
    drawer = Drawer(page, SEND)
    drawer.has_editors()
    drawer.says("2 members of Winter Glow", "promo_code", "tracking_link")
    expect(drawer.body.get_by_text("View my performance stats")).to_be_visible()
    drawer.write_subject("Your Winter Glow kit, {{ first_name }} ")
    drawer.add_to_body("So glad you said yes, {{ first_name | friend }} ")
    drawer.press("Next")
    drawer.look_at(("Diego Arroyo", "DIEGO-GLOW"), ("Mara Lindqvist", "MARA12"))
    expect(drawer.mail.get_by_text("So glad you said yes, Mara")).to_be_visible()
    expect(drawer.mail.get_by_role("link", name="View my performance stats")).to_be_visible()
    assert mailbox.mails == [], "a mail left before Send"
    drawer.press("Send")
    drawer.is_done(accepted=2)
    drawer.box.get_by_role("link", name="Done").click()

    # "Email both their code/link and their dashboard link."
    for address, first_name, code in ((MARA, "Mara", "MARA12"), (DIEGO, "Diego", "DIEGO-GLOW")):
        mail = only_mail_to(mailbox, address)
        assert mail["Subject"] == f"Your Winter Glow kit, {first_name}"
        text = text_of(mail)
        assert link_in(mail) == made[address == DIEGO]
        for part in (f"So glad you said yes, {first_name}", code, "/r/", "/d/", "12%"):
            assert part in text, f"no {part!r} in:\n{text}"

    # The Send step says so, and sending again is a choice.
    page.goto(send_step)
    page.get_by_role("link", name="Sent", exact=True).click()
    for name in ("Mara Lindqvist", "Diego Arroyo"):
        expect(row_of(page, name)).to_contain_text(re.compile(r"Sent\s+\d"))

    # The link in the mail opens Mara's own dashboard, with her code and her link.
    member = open_page(**PHONE)
    member.goto(path_of(link_in(only_mail_to(mailbox, MARA))))
    expect(member.get_by_role("heading", level=1)).to_have_text("Winter Glow")
    expect(member.get_by_text("MARA12", exact=True)).to_be_visible()
    link = member.get_by_role("button", name="Copy: Your link").get_attribute("data-copy")
    assert link is not None
    assert link in text_of(only_mail_to(mailbox, MARA))
    expect(member.locator("main")).to_contain_text("12%")
    expect(member.locator("body")).not_to_contain_text("DIEGO")
