"""The email drawer as plain pages, and the Emails section."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from playwright.sync_api import Page

from affiliates.services import add_member
from core.tenancy import acting_for
from notifications.models import (
    Campaign,
    CampaignState,
    Message,
    MessageState,
    Purpose,
    Suppression,
    SuppressionReason,
)
from notifications.services import deliver, suppress
from offers.models import Enrollment
from offers.services import enroll
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, shown
from tests.cast import NOW, SYSTEM, Cast, assemble
from tests.mailbox import Mailbox
from tests.notifications.senders import confirm, recipient
from tests.snapshot import snapshot
from tracking.messages import FIRST_TEXTS

ITEMS, MEMBERS = Purpose.SALES_TRACKING_ITEMS.value, Purpose.EMAIL_MEMBERS.value


@pytest.fixture
def at_noon(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def theo(cast: Cast) -> Client:
    return desk_of(cast.theo)


def drawer(cast: Cast, *, purpose: str = MEMBERS, selected: list[Enrollment] | None = None) -> str:
    """Where the drawer opens."""
    chosen = "".join(f"&selected={row.pk}" for row in selected or [])
    return f"{at(cast.juniper, 'compose')}?purpose={purpose}&offer={cast.glow.pk}{chosen}"


def carried(page: HttpResponse) -> dict[str, Any]:
    """What the drawer's form would post from this page, without a button."""
    html = page.content.decode()
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html)
    posted: dict[str, Any] = {}
    for name, value in hidden:
        if name == "selected":
            posted.setdefault(name, []).append(value)
        elif name != "csrfmiddlewaretoken":
            posted[name] = value
    return posted


def letter(purpose: str = MEMBERS, **changes: str) -> dict[str, str]:
    first = FIRST_TEXTS[purpose]
    return {"subject": first.subject, "body": first.body} | changes


@pytest.fixture
def press(cast: Cast, theo: Client) -> Callable[..., Any]:
    """Press a button of a drawer that was just opened: `press("send", body="…")`."""

    def post(go: str, *, purpose: str = MEMBERS, opened: Any = None, **changes: Any) -> Any:
        page = opened or theo.get(drawer(cast, purpose=purpose))
        sent = carried(page) | letter(purpose) | {"go": go} | changes
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
    ("letter_changes", "message"),
    [
        ({"body": "<p>{{ frist_name }}</p>"}, "There is no variable “frist_name”. Did you mean"),
        ({"body": "<p>Hi {{ first_name</p>"}, "is never closed"),
        ({"subject": "{{ nonsense }}"}, "There is no variable “nonsense”."),
        ({"subject": ""}, "This field is required."),
        ({"body": ""}, "This field is required."),
        ({"body": "<p> </p>"}, "The message is empty."),
    ],
)
@pytest.mark.parametrize("go", ["preview", "test", "send"])
def test_a_wrong_template_goes_nowhere(
    cast: Cast,
    press: Callable[..., Any],
    go: str,
    letter_changes: dict[str, str],
    message: str,
) -> None:
    before = snapshot()

    page = press(go, **letter_changes)

    assert page.status_code == 422
    assert message in " ".join(page.content.decode().split())
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
    assert "Hi June," in mail.content.decode()
    assert "JUNE20" in mail.content.decode()
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
        assert "There is nobody to send to" in page.content.decode()

    assert snapshot() == before


def test_send_is_confirmed_once(cast: Cast, press: Callable[..., Any]) -> None:
    preview = press("preview")

    first = press("send", opened=preview)
    second = press("send", opened=preview)
    changed = press("send", opened=preview, subject="Other")

    assert first.status_code == 302
    assert first.url == second.url == changed.url
    assert len(addresses(cast)) == 3


def test_the_second_of_two_staff_is_told_and_may_insist(
    cast: Cast, press: Callable[..., Any]
) -> None:
    ines = desk_of(cast.ines)
    hers = ines.get(drawer(cast))
    press("send")

    told = ines.post(at(cast.juniper, "compose"), carried(hers) | letter() | {"go": "send"})

    assert told.status_code == 409
    assert "Theo Marsh" in told.content.decode()
    assert len(addresses(cast)) == 3
    again = ines.post(at(cast.juniper, "compose"), carried(told) | letter() | {"go": "send"})
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

    assert "A test is on its way to theo@juniper.example." in shown(page)
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


@pytest.fixture
def campaign(cast: Cast) -> Campaign:
    """A finished campaign to three: one accepted, one failed, one unknown."""
    abouts = [cast.mara_in_glow, cast.diego_in_glow, cast.june_in_glow]
    with acting_for(cast.juniper):
        sent = confirm(
            [
                recipient(number, about=f"enrollment:{row.pk}")
                for number, row in enumerate(abouts, 1)
            ],
            about=f"offer:{cast.glow.pk}",
            title="Winter Glow creators",
            purpose=Purpose.EMAIL_MEMBERS,
        )
        fates = [("accepted", ""), ("failed", "554 no"), ("unknown", "lost")]
        for number, (state, reason) in enumerate(fates, 1):
            Message.objects.filter(recipient=f"member:{number}").update(
                state=state, reason=reason, settled_at=NOW, attempts=1
            )
        Campaign.objects.update(state=CampaignState.DONE, finished_at=NOW)
        sent.refresh_from_db()
    return sent


def test_the_list_counts_every_campaign(cast: Cast, theo: Client, campaign: Campaign) -> None:
    page = shown(theo.get(at(cast.juniper, "emails")))

    assert "Winter Glow creators" in page
    assert "Your Winter Glow creators details from Juniper &amp; Co" in page
    assert "Done" in page
    assert csv_of(theo.get(at(cast.juniper, "emails_export")))[1][6:] == [
        "3", "1", "1", "1", "0", "0"
    ]  # fmt: skip
    nothing = shown(theo.get(at(cast.juniper, "emails") + "?q=nothing"))
    assert "No campaign matches" in nothing


def test_lists_cost_the_same_for_one_and_for_three(
    cast: Cast, theo: Client, campaign: Campaign
) -> None:
    one = queries_of(theo, at(cast.juniper, "emails"))
    with acting_for(cast.juniper):
        confirm([recipient(number) for number in range(3)])
        confirm([recipient(number) for number in range(3)])

    assert queries_of(theo, at(cast.juniper, "emails")) == one


def test_a_report_costs_the_same_for_one_and_for_three(
    cast: Cast, theo: Client, campaign: Campaign
) -> None:
    with acting_for(cast.juniper):
        small = confirm()
        Campaign.objects.update(state=CampaignState.DONE)
        Message.objects.filter(campaign=small).update(state=MessageState.FAILED)
    of_small, of_large = (
        queries_of(theo, at(cast.juniper, "campaign", campaign_id=one.pk))
        for one in (small, campaign)
    )

    assert of_small == of_large


def test_the_report_tells_what_became_of_each_mail(
    cast: Cast, theo: Client, campaign: Campaign
) -> None:
    address = at(cast.juniper, "campaign", campaign_id=campaign.pk)
    page = shown(theo.get(address))

    assert "3 of 3 done" in page
    assert "Nobody can know whether these arrived" in page
    assert "554 no" in page
    assert "Write to those not reached" in page
    filtered = shown(theo.get(f"{address}?state=failed"))
    assert "person2@example.com" in filtered
    assert "person1@example.com" not in filtered
    export = at(cast.juniper, "campaign_export", campaign_id=campaign.pk)
    assert [row[:4] for row in csv_of(theo.get(f"{export}?state=unknown"))[1:]] == [
        ["person3@example.com", "Person 3", "unknown", "lost"]
    ]


def test_those_not_reached_can_be_written_to(cast: Cast, theo: Client, campaign: Campaign) -> None:
    page = theo.get(at(cast.juniper, "campaign", campaign_id=campaign.pk))
    form = re.search(
        r'<form method="post" action="([^"]+compose/)".*?</form>', page.content.decode(), re.DOTALL
    )
    assert form
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', form[0])
    selected = [value for name, value in fields if name == "selected"]
    posted = {
        name: value for name, value in fields if name not in {"selected", "csrfmiddlewaretoken"}
    }

    opened = theo.post(form[1], posted | {"selected": selected})

    assert "<b>2 members</b>" in shown(opened)


def test_pause_resume_and_cancel(cast: Cast, theo: Client) -> None:
    with acting_for(cast.juniper):
        running = confirm([recipient(1), recipient(2)])
    act = at(cast.juniper, "campaign_act", campaign_id=running.pk)

    def state_after(action: str) -> str:
        theo.post(act, {"action": action})
        running.refresh_from_db()
        return running.state

    with acting_for(cast.juniper):
        assert state_after("pause") == CampaignState.PAUSED
        assert state_after("resume") == CampaignState.SENDING
        assert state_after("nonsense") == CampaignState.SENDING
        assert state_after("cancel") == CampaignState.CANCELLED
        assert state_after("resume") == CampaignState.CANCELLED


def test_progress_asks_again_only_while_it_moves(
    cast: Cast, theo: Client, campaign: Campaign
) -> None:
    with acting_for(cast.juniper):
        running = confirm()

    moving = shown(theo.get(at(cast.juniper, "campaign_progress", campaign_id=running.pk)))
    still = shown(theo.get(at(cast.juniper, "campaign_progress", campaign_id=campaign.pk)))

    assert 'hx-trigger="every 2s"' in moving
    assert "hx-trigger" not in still


def test_a_message_is_shown_as_it_went_out(cast: Cast, theo: Client, campaign: Campaign) -> None:
    with acting_for(cast.juniper):
        message = Message.objects.get(recipient="member:2")

    page = shown(theo.get(at(cast.juniper, "message", message_id=message.pk)))

    assert "Your Winter Glow details from Juniper &amp; Co" in page
    assert "554 no" in page
    assert "Your code: MARA15" in page
    found = shown(theo.get(at(cast.juniper, "messages") + "?q=PERSON2"))
    assert "person2@example.com" in found
    assert "person1@example.com" not in found


def test_suppressing_and_the_way_back(cast: Cast, theo: Client) -> None:
    address = at(cast.juniper, "suppressions")
    assert "Everybody can get mail" in shown(theo.get(address))

    assert theo.post(address, {"address": "not one"}).status_code == 422
    theo.post(address, {"address": "Loud@Example.com"})
    with acting_for(cast.juniper):
        row = Suppression.objects.get()
    assert (row.address, row.reason) == ("loud@example.com", SuppressionReason.BY_STAFF)
    assert "loud@example.com" in shown(theo.get(f"{address}?reason=by_staff"))
    assert csv_of(theo.get(at(cast.juniper, "suppressions_export")))[1][:2] == [
        "loud@example.com",
        "by_staff",
    ]

    lift = at(cast.juniper, "suppression_lift", suppression_id=row.pk)
    assert "Allow mail again?" in shown(theo.get(lift))
    with acting_for(cast.juniper):
        assert Suppression.objects.count() == 1
        theo.post(lift)
        assert Suppression.objects.count() == 0


READ = ["emails", "emails_export", "messages", "suppressions", "suppressions_export"]
ONE = ["campaign", "campaign_progress", "campaign_export"]


def test_a_viewer_reads_and_changes_nothing(cast: Cast, campaign: Campaign) -> None:
    vera = desk_of(cast.vera)
    for name in READ:
        assert vera.get(at(cast.juniper, name)).status_code == 200
    for name in ONE:
        address = at(cast.juniper, name, campaign_id=campaign.pk)
        assert vera.get(address).status_code == 200
    before = snapshot()

    denied = [
        vera.get(drawer(cast)),
        vera.post(at(cast.juniper, "compose"), letter() | {"go": "send"}),
        vera.post(at(cast.juniper, "campaign_act", campaign_id=campaign.pk), {"action": "cancel"}),
        vera.post(at(cast.juniper, "suppressions"), {"address": "a@example.com"}),
    ]

    assert [answer.status_code for answer in denied] == [403] * 4
    assert snapshot() == before


def test_another_brands_mail_is_not_found(cast: Cast, campaign: Campaign) -> None:
    otto = desk_of(cast.otto)
    with acting_for(cast.juniper):
        message = Message.objects.first()
        assert message is not None
    before = snapshot()

    answers = [
        *(otto.get(at(cast.juniper, name)) for name in READ),
        *(otto.get(at(cast.saltmarsh, name, campaign_id=campaign.pk)) for name in ONE),
        otto.get(at(cast.saltmarsh, "message", message_id=message.pk)),
        otto.get(at(cast.saltmarsh, "message_frame", message_id=message.pk)),
        otto.post(
            at(cast.saltmarsh, "campaign_act", campaign_id=campaign.pk), {"action": "cancel"}
        ),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert snapshot() == before


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [1440, 390])
def test_the_drawer_in_a_browser(
    open_page: Callable[..., Page], live_server: Any, mailbox: Mailbox, width: int
) -> None:
    cast = assemble()
    client = desk_of(cast.ines)
    page = open_page(width=width, height=860)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    page.context.add_cookies([{**cookie, "url": live_server.url}])
    page.goto(at(cast.juniper, "offer_report", offer_id=cast.glow.pk))
    page.get_by_role("link", name="Email Members").click()

    page.locator(".editor-text .ProseMirror").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("Dear {{ full_name }}, ")
    page.locator('[data-insert="offer_name"]').click()
    page.locator(".editor-line .ProseMirror").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("For ")
    page.locator('[data-insert="first_name"]').click()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_text("Member 1 of 3").wait_for()
    assert page.get_by_text("For Diego", exact=True).is_visible()
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
