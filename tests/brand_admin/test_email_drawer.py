"""The email drawer, as plain pages and in a browser."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import Brand, User
from affiliates.models import Member
from affiliates.services import add_member
from core.tenancy import acting_for
from notifications.models import (
    Campaign,
    Message,
    MessageState,
    SuppressionReason,
)
from notifications.services import deliver, suppress
from offers.services import enroll
from tests.answers import page_text
from tests.brand_admin.desk import at, desk_of, shown
from tests.brand_admin.drawer import ITEMS, MEMBERS, carried, drawer, email_text
from tests.browser import click_into
from tests.cast import NOW, SYSTEM, Cast, assemble
from tests.mailbox import Mailbox
from tests.snapshot import snapshot


@pytest.fixture
def press(cast: Cast, theo: Client) -> Callable[..., Any]:
    """Press a button of a drawer that was just opened: `press("send", body="…")`."""

    def post(go: str, *, purpose: str = MEMBERS, opened: Any = None, **changes: Any) -> Any:
        page = opened or theo.get(drawer(cast, purpose=purpose))
        sent = carried(page) | email_text(purpose) | {"go": go} | changes
        return theo.post(at(cast.juniper, "compose"), sent)

    return post


def addresses(cast: Cast, purpose: str = MEMBERS) -> list[str]:
    with acting_for(cast.juniper):
        rows = Message.objects.filter(purpose=purpose).order_by("to_address")
        return list(rows.values_list("to_address", flat=True))


def test_the_drawer_opens_with_a_written_mail_and_counts_its_audience(
    cast: Cast, theo: Client
) -> None:
    with acting_for(cast.juniper):
        suppress(address=cast.diego.email, reason=SuppressionReason.BOUNCED, by=SYSTEM, now=NOW)

    page = shown(theo.get(drawer(cast)))

    assert "<b>2 members</b> of Winter Glow creators" in page
    assert "1 left out: see why" in page
    assert "Diego Arroyo" in page
    assert "Their address bounced" in page
    assert "Welcome to {{ offer_name }} by {{ brand_name }}" in page
    assert "View my performance stats" in page
    assert ">Next</span></button>" in page


def test_send_sales_tracking_items_opens_the_same_drawer_for_the_ticked(
    cast: Cast, theo: Client
) -> None:
    page = shown(theo.get(drawer(cast, purpose=ITEMS, selected=[cast.mara_in_glow])))

    assert "Send Sales Tracking Items" in page
    assert "<b>1 member</b> of Winter Glow creators" in page
    assert "Your {{ offer_name }} details from {{ brand_name }}" in page


@pytest.mark.parametrize(
    ("text_changes", "message"),
    [
        ({"body": "<p>{{ frist_name }}</p>"}, "There is no variable “frist_name”. Did you mean"),
        ({"body": "<p>Hi {{ first_name</p>"}, "is never closed"),
        ({"subject": "{{ nonsense }}"}, "There is no variable “nonsense”."),
        ({"subject": ""}, "This field is required."),
        ({"body": ""}, "This field is required."),
        ({"body": "<p> </p>"}, "The message is empty."),
        ({"body": "<p>{{ }}</p>"}, "There is an empty variable"),
        ({"subject": "Hello\r\nBcc: all@example.com"}, "The subject has a line break"),
        ({"subject": "Hello\u2028Bcc: all@example.com"}, "The subject has a line break"),
    ],
)
@pytest.mark.parametrize("go", ["preview", "test", "send"])
def test_a_wrong_template_goes_nowhere(
    cast: Cast,
    press: Callable[..., Any],
    go: str,
    text_changes: dict[str, str],
    message: str,
) -> None:
    before = snapshot()

    page = press(go, **text_changes)

    assert page.status_code == 422
    assert message in page_text(page)
    assert snapshot() == before


def test_next_previews_each_member_one_after_another(
    cast: Cast, theo: Client, press: Callable[..., Any]
) -> None:
    first = press("preview")
    assert "Member 1 of 3" in shown(first)
    assert "Diego Arroyo" in shown(first)
    assert "Welcome to Winter Glow creators by Juniper &amp; Co" in shown(first)

    second = press("preview", opened=first, show="2")
    assert "Member 2 of 3" in shown(second)
    assert "june@okafor.example" in shown(second)

    frame = re.search(r'<iframe[^>]*src="([^"]+)"', second.content.decode())
    assert frame
    mail = theo.get(frame[1])
    assert "Hi June," in page_text(mail)
    assert "JUNE20" in page_text(mail)
    assert "default-src 'none'" in mail["Content-Security-Policy"]
    assert "sandbox" in mail["Content-Security-Policy"]


def test_the_preview_is_what_is_sent_byte_for_byte(
    cast: Cast, theo: Client, press: Callable[..., Any], mailbox: Mailbox
) -> None:
    preview = press("preview", show="3")
    frame = re.search(r'<iframe[^>]*src="([^"]+)"', preview.content.decode())
    assert frame
    looked_at = theo.get(frame[1]).content.decode()

    press("send", opened=preview)
    with acting_for(cast.juniper):
        deliver(campaign_id=Campaign.objects.get().pk, now=NOW.replace(year=2100))

    [mail] = mailbox.to("mara@lindqvist.example")
    part = mail.get_body(("html",))
    assert part is not None
    assert part.get_content() == looked_at
    with acting_for(cast.juniper):
        message = Message.objects.get(to_address="mara@lindqvist.example")
    kept = theo.get(at(cast.juniper, "message_frame", message_id=message.pk))
    assert kept.content.decode() == looked_at


def test_a_preview_of_another_person_or_brand_is_not_found(
    cast: Cast, theo: Client, press: Callable[..., Any]
) -> None:
    preview = press("preview")
    confirmation = carried(preview)["confirmation"]
    address = at(
        cast.juniper, "preview_frame", confirmation=confirmation, enrollment_id=cast.mara_in_glow.pk
    )
    assert theo.get(address).status_code == 200

    assert desk_of(cast.ines).get(address).status_code == 404
    assert desk_of(cast.vera).get(address).status_code == 403
    other = at(
        cast.juniper, "preview_frame", confirmation=confirmation, enrollment_id=cast.june_in_tide.pk
    )
    assert theo.get(other).status_code == 404


def test_a_missing_value_is_named_and_blocks_only_its_member(
    cast: Cast, press: Callable[..., Any]
) -> None:
    with acting_for(cast.juniper):
        elif_ = add_member(
            email="elif@demir.example", first_name="Elif", last_name="Demir", by=SYSTEM, now=NOW
        )
        enroll(offer=cast.glow, members=[elif_], by=SYSTEM, now=NOW)

    page = press("preview")
    assert "get this mail</p>" in shown(page)
    assert "<b>Elif Demir</b>: promo_code, tracking_link" in shown(page)
    assert "Member 1 of 4" in shown(page)
    assert "3 mails" in shown(page)

    press("send", opened=page)

    assert addresses(cast) == [
        "diego@arroyo.example",
        "june@okafor.example",
        "mara@lindqvist.example",
    ]


def test_nobody_left_to_send_to_is_said(cast: Cast, press: Callable[..., Any]) -> None:
    with acting_for(cast.juniper):
        for address in ("mara@lindqvist.example", "diego@arroyo.example", "june@okafor.example"):
            suppress(address=address, reason=SuppressionReason.BY_STAFF, by=SYSTEM, now=NOW)
    before = snapshot()

    for go in ("preview", "send", "test"):
        page = press(go)
        assert page.status_code == 422
        assert "There is nobody to send to" in page_text(page)

    assert snapshot() == before


def test_who_has_an_address_that_is_none_is_named_and_holds_up_nobody(
    cast: Cast, press: Callable[..., Any]
) -> None:
    with acting_for(cast.juniper):
        Member.objects.filter(pk=cast.mara.pk).update(email="Mara <mara@lindqvist.example>")

    said = press("write").content.decode()
    sent = press("send")

    assert "Mara Lindqvist" in said
    assert "No mail server understands their address" in said
    assert sent.status_code == 302
    assert addresses(cast) == ["diego@arroyo.example", "june@okafor.example"]


def test_a_test_to_an_address_that_is_none_is_refused_kindly(
    cast: Cast, press: Callable[..., Any]
) -> None:
    moved = User.objects.filter(pk=cast.theo.pk)
    moved.update(email="theo@localhost", email_proven_at=NOW + timedelta(seconds=1))
    before = snapshot()

    page = press("test")

    assert page.status_code == 422
    assert "“theo@localhost” is not an address" in page_text(page)
    assert snapshot() == before


def test_without_a_postal_address_nothing_is_sent_and_the_drawer_says_why(
    cast: Cast, press: Callable[..., Any]
) -> None:
    Brand.objects.filter(pk=cast.juniper.pk).update(postal_address="")
    preview = press("preview")
    before = snapshot()

    refused = press("send", opened=preview)

    assert refused.status_code == 422
    assert "Your postal address is missing" in page_text(preview)
    assert "Ask an owner to add it in Settings." in page_text(refused)
    assert snapshot() == before
    owner = desk_of(cast.ines).get(drawer(cast))
    assert f'href="{at(cast.juniper, "settings")}#id_postal_address"' in owner.content.decode()
    Brand.objects.filter(pk=cast.juniper.pk).update(postal_address="1 Test Street")
    press("send", opened=preview)
    assert len(addresses(cast)) == 3


def test_send_is_confirmed_once(cast: Cast, press: Callable[..., Any]) -> None:
    preview = press("preview")

    first = press("send", opened=preview)
    second = press("send", opened=preview)
    changed = press("send", opened=preview, subject="Other")

    assert first.status_code == 302
    assert first.url == second.url
    assert changed.status_code == 409
    assert "another mail was sent: begin again" in page_text(changed)
    assert len(addresses(cast)) == 3


def test_the_second_of_two_staff_is_warned_and_may_send_anyway(
    cast: Cast, press: Callable[..., Any]
) -> None:
    ines = desk_of(cast.ines)
    hers = ines.get(drawer(cast))
    press("send")

    told = ines.post(at(cast.juniper, "compose"), carried(hers) | email_text() | {"go": "send"})

    assert told.status_code == 409
    assert "Theo Marsh" in page_text(told)
    assert len(addresses(cast)) == 3
    again = ines.post(at(cast.juniper, "compose"), carried(told) | email_text() | {"go": "send"})
    assert again.status_code == 302
    assert len(addresses(cast)) == 6


def test_items_already_sent_are_left_out_unless_chosen(
    cast: Cast, theo: Client, press: Callable[..., Any]
) -> None:
    press("send", purpose=ITEMS)
    with acting_for(cast.juniper):
        Message.objects.update(state=MessageState.ACCEPTED, settled_at=NOW)

    page = theo.get(drawer(cast, purpose=ITEMS))
    assert "<b>0 members</b>" in shown(page)
    assert "Already sent, 20 Nov" in shown(page)

    press("send", purpose=ITEMS, opened=page, include_already_sent="1")
    assert len(addresses(cast, ITEMS)) == 6


def test_a_test_goes_to_its_writer_alone(
    cast: Cast, press: Callable[..., Any], mailbox: Mailbox
) -> None:
    page = press("test")

    assert "We are sending a test to theo@juniper.example: the mail of Diego Arroyo." in shown(page)
    with acting_for(cast.juniper):
        campaign = Campaign.objects.get()
        deliver(campaign_id=campaign.pk, now=NOW.replace(year=2100))
    [mail] = mailbox.mails
    assert mail["X-RcptTo"] == "theo@juniper.example"
    assert str(mail["Subject"]) == "Test: Welcome to Winter Glow creators by Juniper & Co"
    assert addresses(cast) == []


@pytest.mark.parametrize(
    "query", ["", "purpose=nonsense&offer={offer}", "purpose=email_members&offer=999999",
              "purpose=test&offer={offer}", "purpose=email_members&offer=x"]
)  # fmt: skip
def test_a_drawer_for_nothing_is_not_found(cast: Cast, theo: Client, query: str) -> None:
    address = f"{at(cast.juniper, 'compose')}?{query.format(offer=cast.glow.pk)}"

    assert theo.get(address).status_code == 404


def test_another_brands_offer_and_members_are_out_of_reach(cast: Cast, theo: Client) -> None:
    foreign = f"{at(cast.juniper, 'compose')}?purpose={MEMBERS}&offer={cast.tide.pk}"
    assert theo.get(foreign).status_code == 404

    page = theo.get(drawer(cast, selected=[cast.mara_in_glow, cast.june_in_tide]))
    assert "<b>1 member</b>" in shown(page)


def test_the_drawer_alone_answers_htmx(cast: Cast, theo: Client) -> None:
    whole = theo.get(drawer(cast)).content.decode()
    part = theo.get(drawer(cast), headers={"HX-Request": "true"}).content.decode()

    assert "<html" in whole
    assert "<html" not in part
    assert part.lstrip().startswith("<dialog")


def test_only_the_brands_own_pages_are_returned_to(cast: Cast, theo: Client) -> None:
    foreign = theo.get(drawer(cast), headers={"Referer": "https://evil.example/"})
    own = theo.get(drawer(cast), headers={"Referer": "http://testserver/admin/juniper/offers/"})

    assert carried(foreign)["back"] == at(cast.juniper, "emails")
    assert carried(own)["back"] == "http://testserver/admin/juniper/offers/"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [1440, 390])
def test_the_drawer_in_a_browser(desk: Callable[..., Page], mailbox: Mailbox, width: int) -> None:
    cast = assemble()
    page = desk(cast.ines, width=width, height=860)
    page.goto(at(cast.juniper, "offer_report", offer_id=cast.glow.pk))
    page.get_by_role("link", name="Email Members").click()

    click_into(page, ".editor-text", "Control+Home")
    # As people type: on a busy machine the editor is slower than a script.
    text = page.locator(".editor-text .ProseMirror")
    page.keyboard.type("Dear {{ full_name }}")
    text.locator('[data-variable="full_name"]').wait_for()
    page.keyboard.type(", ")
    expect(text).to_contain_text("Dear")
    page.locator('[data-insert="offer_name"]').click()
    text.locator("p").first.locator('[data-variable="offer_name"]').wait_for()
    click_into(page, ".editor-line", "Control+A")
    page.keyboard.type("For ")
    page.locator('[data-insert="first_name"]').click()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_text("Member 1 of 3").wait_for()
    page.get_by_text("For Diego", exact=True).wait_for()
    frame = page.frame_locator("iframe")
    frame.get_by_text("Dear Diego Arroyo, Winter Glow creatorsHi Diego").wait_for()
    page.get_by_role("button", name="Next member").click()
    page.get_by_text("Member 2 of 3").wait_for()
    page.get_by_role("button", name="Back").click()
    page.locator('.editor-line [data-variable="first_name"]').wait_for()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_role("button", name="Send", exact=True).dblclick()
    page.get_by_text("of 3 done").wait_for()

    with acting_for(cast.juniper):
        deliver(campaign_id=Campaign.objects.get().pk, now=NOW.replace(year=2100))
    page.get_by_text("3 of 3 done").wait_for()
    assert sorted(str(mail["Subject"]) for mail in mailbox.mails) == [
        "For Diego",
        "For June",
        "For Mara",
    ]
    assert uuid.UUID(str(mailbox.mails[0]["Message-ID"]).strip("<>").partition("@")[0])
