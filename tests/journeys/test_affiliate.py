"""What affiliates can do from their dashboard, in the order in which it was promised to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from core.tenancy import acting_for
from offers.dashboard_links import token_for
from offers.models import Enrollment
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from payouts.ledger import due_entries
from payouts.services import record_payment
from tests.cast import Cast, offer_values, order
from tests.journeys.conftest import OpenPage
from tests.journeys.devices import DESKTOP, PHONE, combined, on_a
from tests.journeys.drawer import open_email_members
from tests.journeys.steps import code_in, copied, link_in, only_mail_to, path_of
from tests.mailbox import Mailbox
from tests.worker import Worker
from tracking.links.generating import generate_items
from tracking.orders.recording import record_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MARA = "mara@lindqvist.example"
GLOW = "Winter Glow creators"
CODES = {GLOW: "MARA15", "Spring Balm": "MARABALM", "Summer Mist": "MARAMIST"}


def sell_and_pay(cast: Cast) -> None:
    """Two sales by Mara's code, the first of them paid for."""
    with acting_for(cast.juniper):
        for number, amount in (("JN-7001", "84.20"), ("JN-7002", "50.00")):
            placed = (cast.now - timedelta(hours=1)).isoformat()
            facts = order(number, amount=amount, ordered_at=placed)
            record_order(order=facts, source="shop", by=cast.by, now=cast.now)
        due = due_entries(member_id=cast.mara.pk, currency="GBP", now=cast.now)
        record_payment(
            member=cast.mara, currency="GBP", entry_ids=[due[0].pk], reference="BACS 7",
            by=cast.by, now=cast.now,
        )  # fmt: skip


def rows_of(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name=name, exact=True).get_by_role("listitem")


@combined("device, script", (PHONE, True), (DESKTOP, False))
def test_code_link_commission_conversions_and_payments_are_found(
    cast: Cast, open_page: OpenPage, device: dict[str, Any], script: bool
) -> None:
    sell_and_pay(cast)
    page = open_page(
        **device, java_script_enabled=script, permissions=["clipboard-read", "clipboard-write"]
    )
    page.goto(f"/d/{token_for(cast.mara_in_glow)}")

    # "Find and copy their personal promo code and/or tracking link for each offer"
    expect(page.get_by_role("heading", level=1)).to_have_text(GLOW)
    expect(page.get_by_text("MARA15", exact=True)).to_be_visible()
    link = page.locator(".copy-value").get_by_text(re.compile(r"/r/\w+\s*$"))
    expect(link).to_be_visible()
    if script:
        code, address = (
            copied(page, page.get_by_role("button", name=f"Copy: Your {what}"))
            for what in ("code", "link")
        )
        assert code == "MARA15"
        assert urlsplit(address)[1:3] == urlsplit(f"//{link.inner_text()}")[1:3]

    # "Review the commission structure of the offer"
    commission = page.locator(".card", has=page.get_by_role("heading", name="Your commission"))
    expect(commission).to_contain_text(re.compile(r"You earn 10% of every sale"))

    # "Track conversions they've driven and the commissions they're earning"
    expect(page.locator("#numbers .stats")).to_contain_text(re.compile(r"Conversions\s*2"))
    conversions = rows_of(page, "Conversions")
    expect(conversions).to_have_count(2)
    for sale, earned, state in (("£84.20", "+£8.42", "Paid"), ("£50.00", "+£5.00", "Payable now")):
        row = conversions.filter(has_text=sale)
        expect(row.locator(".rows-amount")).to_have_text(earned)
        expect(row).to_contain_text(state)

    # "Review payments made to them by the brand"
    expect(page.locator("#money")).to_contain_text(re.compile(r"Paid to date\s*£8\.42"))
    expect(rows_of(page, "Payments")).to_have_count(1)
    rows_of(page, "Payments").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("£8.42")
    expect(page.locator("main")).to_contain_text("BACS 7")
    expect(rows_of(page, "Conversions in this payment")).to_contain_text("£84.20")


def enroll_in_two_more(cast: Cast) -> dict[str, Enrollment]:
    """Mara in three offers, with a code and a link in each."""
    places = {GLOW: cast.mara_in_glow}
    with acting_for(cast.juniper):
        for name in ("Spring Balm", "Summer Mist"):
            values, terms = offer_values(name=name), TermsValues(percent_bp=1_200)
            offer = create_offer(values=values, terms=terms, by=cast.by, now=cast.now)
            [row] = enroll(offer=offer, members=[cast.mara], by=cast.by, now=cast.now)
            codes = {row.pk: CODES[name]}
            generate_items(enrollments=[row], codes=codes, links=True, by=cast.by, now=cast.now)
            places[name] = row
    return places


@on_a("phone")
def test_three_offers_are_three_links_and_the_portal_shows_them_all(
    cast: Cast,
    desk: Callable[..., Page],
    open_page: OpenPage,
    mailbox: Mailbox,
    worker: Worker,
    device: dict[str, Any],
) -> None:
    places = enroll_in_two_more(cast)
    office = desk(cast.theo, **device)
    for name in places:
        drawer = open_email_members(office, name)
        drawer.press("Next")
        drawer.press("Send")
        drawer.is_done(accepted=3 if name == GLOW else 1)

    # "If a member belongs to three different offers, they will receive three unique dashboard
    # links, one for each offer." Nobody else has any of them.
    links = {path_of(link_in(mail)) for mail in mailbox.to(MARA)}
    others = {path_of(link_in(mail)) for mail in mailbox.mails if mail not in mailbox.to(MARA)}
    assert len(mailbox.to(MARA)) == len(links) == 3
    assert len(others) == 2
    assert not links & others
    reader = open_page(**device)
    shown = {}
    for link in links:
        reader.goto(link)
        shown[reader.get_by_role("heading", level=1).inner_text()] = link
        expect(reader.get_by_text(CODES[list(shown)[-1]], exact=True)).to_be_visible()
    assert shown.keys() == places.keys()

    # "Members can also log into their Creator Portal to view all offers they belong to."
    mailbox.mails.clear()
    reader.goto("/portal/")
    reader.get_by_label("Your email address").fill(MARA)
    reader.get_by_role("button", name="Mail me a code").click()
    expect(reader.get_by_role("heading", name="Check your email")).to_be_visible()
    reader.get_by_label("Six-digit code").fill(code_in(only_mail_to(mailbox, MARA)))
    reader.get_by_role("button", name="Log in").click()
    expect(reader.locator(".offer-line")).to_have_count(3)
    for name, link in shown.items():
        offer = reader.get_by_role("link", name=name)
        assert path_of(str(offer.get_attribute("href"))) == link
