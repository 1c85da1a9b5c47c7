"""Sending dashboard links to existing members: Email Members, and who it leaves out."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from affiliates.services import add_member
from core.tenancy import acting_for
from notifications.models import SuppressionReason
from notifications.services import suppress
from offers.dashboard_links import token_for
from offers.projects import add_to_project, create_project, set_up_stage
from offers.services import enroll
from tests.cast import Cast
from tests.journeys.conftest import OpenPage
from tests.journeys.devices import PHONE, on_a
from tests.journeys.drawer import Drawer, open_email_members
from tests.journeys.steps import go_to_step, link_in, only_mail_to, path_of, text_of, tick
from tests.mailbox import Mailbox
from tests.worker import Worker

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MARA, DIEGO, JUNE = "mara@lindqvist.example", "diego@arroyo.example", "june@okafor.example"
NIA = "nia@adeyemi.example"
GLOW = "Winter Glow creators"
EVERYBODY = (("Diego Arroyo", "DIEGO10"), ("June Okafor", "JUNE20"), ("Mara Lindqvist", "MARA15"))


def unsubscribe_by_one_click(mail: Any) -> None:
    """What a mail program does when its reader presses Unsubscribe (RFC 8058)."""
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = str(mail["List-Unsubscribe"]).strip().strip("<>")
    request = urllib.request.Request(address, data=b"List-Unsubscribe=One-Click")  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert answer.status == 200
        assert answer.headers["Set-Cookie"] is None


@on_a("desktop")
def test_all_members_of_an_offer_get_their_dashboard_link(
    cast: Cast,
    desk: Callable[..., Page],
    open_page: OpenPage,
    mailbox: Mailbox,
    worker: Worker,
    device: dict[str, Any],
) -> None:
    with acting_for(cast.juniper):
        otis = add_member(email="", first_name="Otis", last_name="", by=cast.by, now=cast.now)
        enroll(offer=cast.glow, members=[otis], by=cast.by, now=cast.now)
    page = desk(cast.theo, **device)

    # "Click the Email Members icon to generate an email template with dashboard links for all
    # members in that offer. Edit the email message." Who can't get it is named.
    drawer = open_email_members(page, GLOW)
    drawer.has_editors()
    drawer.says(f"3 members of {GLOW}", "1 left out: see why", "Welcome to")
    drawer.box.get_by_text("1 left out: see why").click()
    drawer.says("Otis", "No email address")
    drawer.write_subject("Your dashboard for {{ offer_name }} ")
    drawer.add_to_body("This is your performance dashboard, {{ full_name }} ")

    # "Click Next to preview the personalizations, then Send."
    drawer.press("Next")
    drawer.look_at(*EVERYBODY)
    drawer.press("Send")
    drawer.is_done(accepted=3)

    # "Distribute dashboard access to all members in the offer": each their own link.
    for enrollment, address, code in (
        (cast.mara_in_glow, MARA, "MARA15"),
        (cast.diego_in_glow, DIEGO, "DIEGO10"),
        (cast.june_in_glow, JUNE, "JUNE20"),
    ):
        mail = only_mail_to(mailbox, address)
        assert mail["Subject"] == f"Your dashboard for {GLOW}"
        assert path_of(link_in(mail)) == f"/d/{token_for(enrollment)}"
        assert code in text_of(mail)
    assert len(mailbox.mails) == 3
    reader = open_page(**PHONE)
    reader.goto(path_of(link_in(only_mail_to(mailbox, DIEGO))))
    expect(reader.get_by_text("DIEGO10", exact=True)).to_be_visible()

    # The report lists everyone, and the page below is where it was left.
    drawer.box.get_by_role("link", name="Open the report").click()
    for address in (MARA, DIEGO, JUNE):
        expect(page.get_by_role("row").filter(has_text=address)).to_contain_text("Accepted")


@on_a("phone")
def test_all_existing_members_once_and_from_then_on_the_new_ones_by_the_project(
    cast: Cast,
    desk: Callable[..., Page],
    open_page: OpenPage,
    mailbox: Mailbox,
    worker: Worker,
    device: dict[str, Any],
) -> None:
    page = desk(cast.theo, **device)

    # "We suggest doing this once to cover all existing members,"
    drawer = open_email_members(page, GLOW)
    drawer.press("Next")
    drawer.press("Send")
    drawer.is_done(accepted=3)
    drawer.box.get_by_role("link", name="Done").click()
    existing = {link_in(mail) for mail in mailbox.mails}
    mailbox.mails.clear()

    # "then using the project workflow to send links to new members moving forward."
    with acting_for(cast.juniper):
        nia = add_member(email=NIA, first_name="Nia", last_name="", by=cast.by, now=cast.now)
        project = create_project(name="New faces", by=cast.by, now=cast.now)
        add_to_project(project=project, members=[nia], by=cast.by, now=cast.now)
        set_up_stage(project=project, offer=cast.glow, by=cast.by, now=cast.now)
    go_to_step(page, "New faces", "Generate")
    tick(page, "Nia")
    page.get_by_role("button", name="Generate codes and links").click()
    go_to_step(page, "New faces", "Send")
    tick(page, "Nia")
    page.get_by_role("button", name="Send Sales Tracking Items").click()
    drawer = Drawer(page, "Send Sales Tracking Items")
    drawer.press("Next")
    drawer.look_at(("Nia", "NIA"))
    drawer.press("Send")
    drawer.is_done(accepted=1)

    link = link_in(only_mail_to(mailbox, NIA))
    assert len(mailbox.mails) == 1, "an existing member was written to again"
    assert link not in existing
    assert len(existing) == 3
    reader = open_page(**device)
    reader.goto(path_of(link))
    expect(reader.get_by_text("NIA", exact=True)).to_be_visible()


def test_who_unsubscribes_by_one_click_is_left_out_from_then_on(
    cast: Cast, desk: Callable[..., Page], mailbox: Mailbox, worker: Worker
) -> None:
    with acting_for(cast.juniper):
        suppress(address=JUNE, reason=SuppressionReason.BOUNCED, by=cast.by, now=cast.now)
    page = desk(cast.ines)
    drawer = open_email_members(page, GLOW)
    drawer.press("Next")
    drawer.press("Send")
    drawer.is_done(accepted=2)

    unsubscribe_by_one_click(only_mail_to(mailbox, MARA))

    drawer = open_email_members(page, GLOW)
    drawer.says(f"1 member of {GLOW}", "2 left out: see why")
    drawer.box.get_by_text("2 left out: see why").click()
    left_out = drawer.box.get_by_role("listitem")
    expect(left_out.filter(has_text="Mara Lindqvist")).to_contain_text("Unsubscribed")
    expect(left_out.filter(has_text="June Okafor")).to_contain_text("Their address bounced")
    drawer.press("Next")
    drawer.look_at(("Diego Arroyo", "DIEGO10"))
    drawer.press("Send")
    drawer.is_done(accepted=1)
    assert len(mailbox.to(MARA)) == 1
    assert len(mailbox.to(DIEGO)) == 2
    assert mailbox.to(JUNE) == []
