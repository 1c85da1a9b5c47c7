"""A creator's own affairs, in a browser: passkeys, sessions, where to be paid, and good-bye."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Page, expect

from affiliates.logins import user_for_proven_address
from tests.cast import Cast
from tests.journeys.conftest import OpenPage
from tests.journeys.devices import PHONE
from tests.journeys.steps import code_in
from tests.mailbox import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
JUNE = "june@okafor.example"
GERMAN = "DE02 1203 0000 0000 2020 51"
Desk = Callable[..., Page]


@pytest.fixture
def june(cast: Cast, desk: Desk) -> Page:
    """June's phone, logged in."""
    user = user_for_proven_address(email=JUNE, now=cast.now)
    assert user is not None
    return desk(user, **PHONE)


def with_authenticator(page: Page) -> CDPSession:
    """Let the browser hold passkeys, as a phone does that knows its owner's finger."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return devtools


def pass_the_code(page: Page, mailbox: Mailbox) -> None:
    """Prove that one reads June's mail."""
    before = len(mailbox.to(JUNE))
    page.get_by_role("button", name="Mail me a code").click()
    page.get_by_label("Six-digit code").fill(code_in(mailbox.wait_for(JUNE, before + 1)[-1]))
    page.get_by_role("button", name="Go on").click()


def test_a_passkey_is_made_named_used_and_removed(june: Page, mailbox: Mailbox) -> None:
    with_authenticator(june)
    june.goto("/portal/security/")
    june.get_by_role("link", name="Add a passkey").click()
    pass_the_code(june, mailbox)
    june.get_by_label("Name").fill("My phone")
    june.get_by_role("button", name="Make the passkey").click()
    expect(june.get_by_text("The passkey is added")).to_be_visible()
    expect(june.locator("#passkeys")).to_contain_text("My phone")
    assert mailbox.to(JUNE)[-1]["Subject"] == "A passkey was added to your login at Tributary"

    june.get_by_role("button", name="Log out", exact=True).click()
    june.get_by_role("button", name="Use a passkey").click()
    expect(june.get_by_role("heading", level=1)).to_have_text("Hello June")

    june.goto("/portal/security/")
    expect(june.locator("#passkeys")).to_contain_text("last used")
    june.get_by_role("link", name="Change My phone").click()
    june.get_by_label("Name").fill("Old phone")
    june.get_by_role("button", name="Save the name").click()
    june.get_by_role("link", name="Change Old phone").click()
    june.get_by_role("button", name="Remove this passkey").click()
    expect(june.locator("#passkeys")).not_to_contain_text("Old phone")

    june.get_by_role("button", name="Log out", exact=True).click()
    june.get_by_role("button", name="Use a passkey").click()
    expect(june.get_by_role("alert")).to_contain_text("didn't work")


def test_a_device_without_passkeys_says_so_and_the_code_still_works(
    cast: Cast, open_page: OpenPage, mailbox: Mailbox
) -> None:
    page = open_page(**PHONE)
    page.goto("/portal/login/")
    page.evaluate(
        """() => { navigator.credentials.get = () =>
            Promise.reject(new DOMException("", "NotAllowedError")) }"""
    )

    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("alert")).to_contain_text("log in with a code")
    expect(page.get_by_role("button", name="Mail me a code")).to_be_enabled()


def test_an_ended_session_is_out_at_its_next_step(cast: Cast, june: Page, desk: Desk) -> None:
    june.goto("/portal/")
    user = user_for_proven_address(email=JUNE, now=cast.now)
    assert user is not None
    laptop = desk(user)
    laptop.goto("/portal/")

    june.goto("/portal/security/")
    june.get_by_role("button", name=re.compile("^End: ")).click()
    expect(june.get_by_text("That session is ended")).to_be_visible()
    laptop.goto("/portal/payout/")

    expect(laptop).to_have_url(re.compile("/portal/login/$"))
    june.goto("/portal/")
    expect(june.get_by_role("heading", level=1)).to_have_text("Hello June")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_where_to_be_paid_is_changed_with_a_code(
    cast: Cast, desk: Desk, mailbox: Mailbox, script: bool
) -> None:
    user = user_for_proven_address(email=JUNE, now=cast.now)
    assert user is not None
    page = desk(user, **PHONE, java_script_enabled=script)
    page.goto("/portal/payout/")
    expect(page.get_by_text("····3000")).to_be_visible()
    page.get_by_role("link", name="Change").click()
    pass_the_code(page, mailbox)
    page.get_by_label("Bank account").check()
    page.get_by_label("In which country is the account?").select_option("DE")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("IBAN").fill(GERMAN.replace("51", "52"))
    page.get_by_role("button", name="Pay me here").click()
    expect(page.get_by_role("alert")).to_contain_text("check digits")

    page.get_by_label("IBAN").fill(GERMAN)
    page.get_by_role("button", name="Pay me here").click()

    expect(page.get_by_text("You are paid to Bank account ····2051")).to_be_visible()
    mail = mailbox.to(JUNE)[-1]
    assert mail["Subject"] == "Your payout details have changed"
    assert "····3000" in mail.get_content()
    assert "DE02" not in mail.get_content()


def test_a_creator_is_deleted_and_nothing_opens_any_more(june: Page, mailbox: Mailbox) -> None:
    june.goto("/portal/")
    dashboard = june.get_by_role("link", name="Tide").get_attribute("href")
    assert dashboard is not None
    june.goto("/portal/data/")
    june.get_by_role("link", name="Delete my data").click()
    pass_the_code(june, mailbox)
    june.get_by_role("button", name="Delete my data for good").click()
    expect(june.get_by_role("alert")).to_contain_text("Check the box")
    june.get_by_label("I know that this can't be undone.").check()
    june.get_by_role("button", name="Delete my data for good").click()

    expect(june.get_by_text("Your data is deleted")).to_be_visible()
    assert mailbox.to(JUNE)[-1]["Subject"] == "Your data was deleted"
    answer = june.goto(dashboard)
    assert answer is not None
    assert answer.status == 404
