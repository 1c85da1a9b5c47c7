"""Staff are invited by mail: its link, a name and a password, and one works for the brand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Role, Staff, User
from core.tenancy import acting_for
from tests.cast import Cast
from tests.inspection import faults_of, prepare
from tests.journeys.conftest import OpenPage
from tests.journeys.devices import on_a
from tests.journeys.steps import only_mail_to, path_of, text_of
from tests.mailbox import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NORA, PASSWORD = "nora@fern.example", "kettle orbit maple 42"
STAFF = "/admin/juniper/settings/staff/"
Desk = Callable[..., Page]


def invite(owner: Page, address: str) -> None:
    """As Ines does it, who owns Juniper."""
    owner.goto(STAFF)
    owner.get_by_label("Email").fill(address)
    owner.locator("#id_role").select_option("manager")
    owner.get_by_role("button", name="Send invitation").click()
    expect(owner.get_by_role("region", name="Invitations")).to_contain_text(address)


def link_in_mail(mailbox: Mailbox, address: str) -> str:
    """The path of the link in the only mail to this address."""
    mail = only_mail_to(mailbox, address)
    found = re.search(r"^https?://\S+", text_of(mail), re.MULTILINE)
    assert found is not None, text_of(mail)
    return path_of(found[0])


@on_a("phone")
def test_a_newcomer_accepts_and_is_in_the_brands_admin(
    cast: Cast, device: dict[str, Any], desk: Desk, open_page: OpenPage, mailbox: Mailbox
) -> None:
    owner = desk(cast.ines)
    invite(owner, NORA)
    link = link_in_mail(mailbox, NORA)
    page = prepare(open_page(**device), is_shown_on_both=True)

    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Join Juniper & Co")
    assert faults_of(page, "the invitation") == []
    page.get_by_label("Your name").fill("Nora Fern")
    page.get_by_label("Password").fill("password1234")
    page.get_by_role("button", name="Accept and log in").click()
    expect(page.get_by_role("alert")).to_contain_text("in lists of leaked passwords")
    assert faults_of(page, "a password that is refused") == []
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Accept and log in").click()

    expect(page).to_have_url(re.compile("/admin/juniper/$"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    nora = User.objects.get(email=NORA)
    with acting_for(cast.juniper):
        assert Staff.objects.get(user=nora).role == Role.MANAGER
    owner.reload()
    expect(owner.get_by_role("region", name="Staff", exact=True)).to_contain_text("Nora Fern")

    other = prepare(open_page(**device), is_shown_on_both=True)
    other.goto(link)
    expect(other.get_by_role("heading", level=1)).to_have_text("Used already")
    assert faults_of(other, "an invitation that was used") == []
    other.get_by_role("link", name="Log in").click()
    other.get_by_label("Email").fill(NORA)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Log in", exact=True).click()
    expect(other).to_have_url(re.compile("/admin/juniper/$"))


@on_a("desktop")
def test_who_has_a_login_already_logs_in_and_accepts(
    cast: Cast, device: dict[str, Any], desk: Desk, open_page: OpenPage, mailbox: Mailbox
) -> None:
    """Otto owns Saltmarsh; Theo, who is logged in at the same desk, cannot accept for him."""
    cast.otto.set_password(PASSWORD)
    cast.otto.save()
    invite(desk(cast.ines), cast.otto.email)
    link = link_in_mail(mailbox, cast.otto.email)
    page = prepare(desk(cast.theo, **device), is_shown_on_both=True)

    page.goto(link)
    expect(page.get_by_text("This is somebody else's invitation")).to_be_visible()
    assert faults_of(page, "somebody else's invitation") == []
    page.get_by_role("button", name="Log out").click()
    page.goto(link)
    assert faults_of(page, "an invitation of who has a login") == []
    page.get_by_role("link", name="Log in to accept").click()
    page.get_by_label("Email").fill(cast.otto.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    assert faults_of(page, "an invitation to accept") == []
    page.get_by_role("button", name="Accept").click()

    expect(page).to_have_url(re.compile("/admin/juniper/$"))
    with acting_for(cast.juniper):
        assert Staff.objects.get(user=cast.otto).role == Role.MANAGER
