"""A mail that waits while its member changes goes to the right address and says what is true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from affiliates.services import change_member
from core.references import Reference
from core.tenancy import acting_for
from notifications.models import Campaign, Message, MessageState, Purpose, SuppressionReason
from notifications.services import (
    deliver,
    erase_address,
    pause_campaign,
    resume_campaign,
    suppress,
)
from notifications.services.message_transitions import begin_submitting
from offers.dashboard_links import enrollment_for, url_for
from offers.models import Enrollment, OfferStatus
from offers.services import renew_dashboard_link, set_offer_status
from tests.cast import NOW, SYSTEM, Cast
from tests.mailbox import Mailbox
from tests.notifications.senders import confirm
from tracking.links.generating import deactivate_items
from tracking.links.membership import deactivate_member, remove_from_offer
from tracking.links.promo_codes import give_codes, replace_with_grace
from tracking.models import PromoCode
from tracking.outreach.audience import audience

LATER = NOW + timedelta(hours=1)
MARA, DIEGO, JUNE = "mara@lindqvist.example", "diego@arroyo.example", "june@okafor.example"
CANCELLED, ACCEPTED = MessageState.CANCELLED, MessageState.ACCEPTED
NO_CODE_IN_IT = "<p>Hi {{ first_name }}, {{ promo_code | see your dashboard }}: news.</p>"


@pytest.fixture
def paused(cast: Cast) -> Iterator[Campaign]:
    """Items confirmed to all three members of Glow, and paused; acting for Juniper."""
    with acting_for(cast.juniper):
        yield send_and_pause(cast)


def send_and_pause(cast: Cast, **changes: Any) -> Campaign:
    found = audience(
        purpose=changes.get("purpose", Purpose.SALES_TRACKING_ITEMS),
        enrollments=Enrollment.objects.filter(offer=cast.glow),
        include_already_sent=True,
        now=NOW,
    )
    campaign = confirm(found.recipients, about=Reference.to(cast.glow), **changes)
    pause_campaign(campaign=campaign, by=SYSTEM, now=NOW)
    return campaign


def mail_of(enrollment: Enrollment) -> Message:
    return Message.objects.get(about=Reference.to(enrollment))


def resume(campaign: Campaign) -> None:
    resume_campaign(campaign=campaign, by=SYSTEM, now=LATER)
    deliver(campaign_id=campaign.pk, now=LATER, clock=lambda: LATER)


def test_it_goes_to_the_corrected_address_and_name(
    cast: Cast, paused: Campaign, mailbox: Mailbox
) -> None:
    change_member(
        member=cast.mara, email="mara@right.example", first_name="Maria", by=SYSTEM, now=NOW
    )

    resume(paused)

    to_mara = mail_of(cast.mara_in_glow)
    assert (to_mara.state, to_mara.to_name) == (ACCEPTED, "Maria Lindqvist")
    assert sorted(mail["X-RcptTo"] for mail in mailbox.mails) == [
        DIEGO, JUNE, "mara@right.example",
    ]  # fmt: skip
    [mail] = [mail for mail in mailbox.mails if mail["X-RcptTo"] == "mara@right.example"]
    assert "Hi Maria," in mail.as_string()


@pytest.mark.parametrize("address", ["", "gone@example.com", "erased@example.com", DIEGO])
def test_it_is_cancelled_where_the_new_address_gets_no_mail(
    address: str, cast: Cast, paused: Campaign, mailbox: Mailbox
) -> None:
    suppress(address="gone@example.com", reason=SuppressionReason.BOUNCED, by=SYSTEM, now=NOW)
    erase_address(address="erased@example.com", by=SYSTEM, now=NOW)
    resume(paused)
    Message.objects.filter(to_address=MARA).update(state=MessageState.RETRY, due_at=LATER)
    if address == DIEGO:  # who had this mail there, and has another address since
        change_member(member=cast.diego, email="diego@new.example", by=SYSTEM, now=NOW)

    change_member(member=cast.mara, email=address, by=SYSTEM, now=NOW)

    mail = mail_of(cast.mara_in_glow)
    assert (mail.state, mail.to_address, mail.settled_at) == (CANCELLED, MARA, NOW)
    assert mail.reason
    assert mail_of(cast.diego_in_glow).to_address == DIEGO, "what was sent stays as it was sent"


def test_it_names_the_code_that_the_member_has_now(cast: Cast, paused: Campaign) -> None:
    give_codes(
        codes={cast.diego_in_glow.pk: "DIEGO99"},
        enrollments=[cast.diego_in_glow],
        by=SYSTEM,
        now=NOW,
    )
    replace_with_grace(
        code=PromoCode.objects.get(code="MARA15"),
        new_code="MARA99",
        grace=timedelta(days=3),
        by=SYSTEM,
        now=NOW,
    )

    codes = [mail_of(row).values["promo_code"] for row in (cast.diego_in_glow, cast.mara_in_glow)]
    assert codes == ["DIEGO99", "MARA99"]


def test_it_leads_to_the_dashboard_link_that_opens(cast: Cast, paused: Campaign) -> None:
    renewed = renew_dashboard_link(enrollment=cast.june_in_glow, by=SYSTEM, now=NOW)

    link = mail_of(cast.june_in_glow).values["dashboard_link"]
    assert link == url_for(renewed)
    assert enrollment_for(link.rpartition("/")[2]) == cast.june_in_glow


@pytest.mark.parametrize("leave", [remove_from_offer, deactivate_member])
@pytest.mark.parametrize("purpose", [Purpose.SALES_TRACKING_ITEMS, Purpose.EMAIL_MEMBERS])
def test_whoever_left_the_offer_gets_none(
    leave: Any, purpose: Purpose, cast: Cast, at_juniper: None, mailbox: Mailbox
) -> None:
    campaign = send_and_pause(cast, purpose=purpose, body=NO_CODE_IN_IT)

    leave(enrollment=cast.june_in_glow, by=SYSTEM, now=NOW)
    resume(campaign)

    assert sorted(mail["X-RcptTo"] for mail in mailbox.mails) == [DIEGO, MARA]
    mail = mail_of(cast.june_in_glow)
    assert (mail.state, mail.reason) == (
        CANCELLED,
        "The member is not active in the offer any more.",
    )


@pytest.mark.parametrize(("body", "state"), [(None, CANCELLED), (NO_CODE_IN_IT, "pending")])
def test_without_a_code_only_a_text_that_names_it_is_cancelled(
    body: str | None, state: str, cast: Cast, at_juniper: None
) -> None:
    send_and_pause(cast, **({"body": body} if body else {}))

    deactivate_items(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)

    assert mail_of(cast.mara_in_glow).state == state
    assert mail_of(cast.diego_in_glow).state == MessageState.PENDING


@pytest.mark.parametrize("status", [OfferStatus.ENDED, OfferStatus.ARCHIVED])
def test_no_items_are_sent_of_an_offer_that_is_over(
    status: OfferStatus, cast: Cast, paused: Campaign
) -> None:
    news = send_and_pause(cast, purpose=Purpose.EMAIL_MEMBERS, subject="Goodbye")
    if status == OfferStatus.ARCHIVED:
        set_offer_status(offer=cast.glow, status=OfferStatus.ENDED, by=SYSTEM, now=NOW)

    set_offer_status(offer=cast.glow, status=status, by=SYSTEM, now=NOW)

    states = Message.objects.filter(campaign=paused).values_list("state", flat=True)
    assert set(states) == {CANCELLED}
    others = Message.objects.filter(campaign=news).values_list("state", flat=True)
    assert set(others) == {MessageState.PENDING}, "other mails may say goodbye"


def test_a_worker_that_holds_it_loses_it(cast: Cast, paused: Campaign) -> None:
    """It was read with the old address, and is about to be handed over."""
    Campaign.objects.update(state="sending")
    Message.objects.update(lease_token=paused.confirmation, lease_until=LATER)
    held = mail_of(cast.mara_in_glow)

    change_member(member=cast.mara, email="mara@right.example", by=SYSTEM, now=NOW)

    assert not begin_submitting(
        held, token=paused.confirmation, now=NOW, lease=timedelta(minutes=1)
    )
    assert mail_of(cast.mara_in_glow).state == MessageState.PENDING


def test_nothing_else_is_touched(cast: Cast, paused: Campaign) -> None:
    before = list(Message.objects.order_by("pk").values())

    change_member(member=cast.mara, by=SYSTEM, now=NOW)
    give_codes(
        codes={cast.diego_in_glow.pk: "DIEGO10"},
        enrollments=[cast.diego_in_glow],
        by=SYSTEM,
        now=NOW,
    )

    assert list(Message.objects.order_by("pk").values()) == before
