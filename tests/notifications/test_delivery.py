"""Delivering over real SMTP: once each, in the right headers, and told truthfully."""

from __future__ import annotations

import uuid
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from accounts.actors import Actor
from accounts.models import Brand
from core.tenancy import acting_for
from notifications.mails import rendered
from notifications.models import (
    Campaign,
    CampaignState,
    Message,
    MessageState,
    Suppression,
    SuppressionReason,
)
from notifications.rendering import BrandStyle, prepare, render
from notifications.services import (
    cancel_campaign,
    deliver,
    pause_campaign,
    resume_campaign,
    suppress,
)
from notifications.services.delivery import BACKOFF
from notifications.transport import Transport
from notifications.unsubscribe_links import unsubscribe_link
from tests.cast import NOW, POSTAL_ADDRESS, SYSTEM, Cast
from tests.mailbox import Mailbox
from tests.notifications.senders import BODY, SUBJECT, confirm, recipient, values


def send(campaign: Campaign, after: timedelta = timedelta(0)) -> None:
    """One turn at that time after NOW."""
    deliver(campaign_id=campaign.pk, now=NOW + after, clock=lambda: NOW + after)


def states() -> list[str]:
    return list(Message.objects.order_by("id").values_list("state", flat=True))


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_everyone_gets_one_mail_and_the_campaign_is_done(cast: Cast, mailbox: Mailbox) -> None:
    with acting_for(cast.juniper):
        campaign = confirm([recipient(number) for number in range(5)])

        send(campaign)
        send(campaign)

        assert [mail["X-RcptTo"] for mail in mailbox.mails] == [
            f"person{number}@example.com" for number in range(5)
        ]
        assert states() == [MessageState.ACCEPTED] * 5
        campaign.refresh_from_db()
        assert (campaign.state, campaign.finished_at) == (CampaignState.DONE, NOW)


def test_the_preview_is_the_sent_html_byte_for_byte(cast: Cast, mailbox: Mailbox) -> None:
    given = values(first_name="Zoë <3", promo_code=None)
    Brand.objects.filter(pk=cast.juniper.pk).update(accent="#a3195b")
    style = BrandStyle(accent="#a3195b", postal_address=POSTAL_ADDRESS)
    previewed = render(
        prepare(subject=SUBJECT, body=BODY, style=style),
        values=given,
        unsubscribe_link=unsubscribe_link(brand_id=cast.juniper.pk, address="person1@example.com"),
    )
    with acting_for(cast.juniper):
        campaign = confirm([recipient(values=given)])
        Brand.objects.filter(pk=cast.juniper.pk).update(accent="#00ff00", name="Renamed")

        send(campaign)

        [mail] = mailbox.mails
        assert part(mail, "html") == previewed.html
        assert part(mail, "plain").replace("\r\n", "\n") == previewed.text
        assert str(mail["Subject"]) == previewed.subject
        assert rendered(Campaign.objects.get(), Message.objects.get()) == previewed


def test_a_line_break_in_a_name_ends_no_header(cast: Cast, mailbox: Mailbox) -> None:
    Brand.objects.filter(pk=cast.juniper.pk).update(sender_name="Ines\r\nBcc: eve@example.com")
    with acting_for(cast.juniper):
        send(confirm([recipient(to_name="Zoë\nReply-To: eve@example.com")]))

    [mail] = mailbox.mails
    assert str(mail["From"]).startswith('"Ines Bcc: eve@example.com" <')
    assert str(mail["To"]).startswith('"Zoë Reply-To: eve@example.com" <')
    assert (mail["Bcc"], mail["Reply-To"]) == (None, None)


def test_the_headers_of_a_mail(cast: Cast, mailbox: Mailbox, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "tracking@tributary.example"
    Brand.objects.filter(pk=cast.juniper.pk).update(
        sender_name="Ines, Juniper", reply_to="hello@juniper.example"
    )
    with acting_for(cast.juniper):
        campaign = confirm([recipient(to_name="Zoë O'Neil, Jr")])

        send(campaign)

        [mail] = mailbox.mails
        message = Message.objects.get()
        link = unsubscribe_link(brand_id=cast.juniper.pk, address="person1@example.com")
        assert str(mail["From"]) == '"Ines, Juniper" <tracking@tributary.example>'
        assert str(mail["To"]) == '"Zoë O\'Neil, Jr" <person1@example.com>'
        assert str(mail["Reply-To"]) == "hello@juniper.example"
        assert str(mail["Message-ID"]) == f"<{message.public_id}@tributary.example>"
        assert str(mail["List-Unsubscribe"]).strip() == f"<{link}>"
        assert str(mail["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
        assert link in part(mail, "html")
        assert link in part(mail, "plain")
        assert [each.get_content_type() for each in mail.iter_parts()] == [
            "text/plain",
            "text/html",
        ]


def test_without_a_reply_address_answers_reach_whoever_sent_it(
    cast: Cast, mailbox: Mailbox
) -> None:
    with acting_for(cast.juniper):
        send(confirm(by=Actor.of_user(cast.theo)))

    assert str(mailbox.mails[0]["Reply-To"]) == "theo@juniper.example"


def test_a_suppressed_address_gets_nothing_even_after_confirmation(
    cast: Cast, mailbox: Mailbox
) -> None:
    with acting_for(cast.juniper):
        campaign = confirm([recipient(1, to_address="Person1@Example.com"), recipient(2)])
        suppress(
            address="person1@example.com",
            reason=SuppressionReason.UNSUBSCRIBED,
            by=SYSTEM,
            now=NOW,
        )

        send(campaign)

        assert states() == [MessageState.SUPPRESSED, MessageState.ACCEPTED]
        assert Message.objects.order_by("id")[0].reason == SuppressionReason.UNSUBSCRIBED
        assert [mail["X-RcptTo"] for mail in mailbox.mails] == ["person2@example.com"]
        assert Campaign.objects.get().state == CampaignState.DONE


def test_another_brands_suppression_is_not_ours(cast: Cast, mailbox: Mailbox) -> None:
    with acting_for(cast.saltmarsh):
        suppress(
            address="person1@example.com", reason=SuppressionReason.BY_STAFF, by=SYSTEM, now=NOW
        )
    with acting_for(cast.juniper):
        send(confirm())

        assert states() == [MessageState.ACCEPTED]


def test_a_temporary_refusal_is_tried_again_later_and_in_the_end_fails(
    cast: Cast, mailbox: Mailbox
) -> None:
    mailbox.refuse["person1@example.com"] = "451 4.3.0 try later"
    with acting_for(cast.juniper):
        campaign = confirm([recipient(1), recipient(2)])
        send(campaign)
        first = Message.objects.order_by("id")[0]
        assert (first.state, first.reason, first.due_at, first.attempts) == (
            MessageState.RETRY,
            "451 4.3.0 try later",
            NOW + BACKOFF[0],
            1,
        )
        assert Campaign.objects.get().state == CampaignState.SENDING

        send(campaign, BACKOFF[0] - timedelta(seconds=1))
        assert Message.objects.order_by("id")[0].attempts == 1

        after = timedelta(0)
        for wait in BACKOFF:
            after += wait
            send(campaign, after)

        assert states() == [MessageState.FAILED, MessageState.ACCEPTED]
        assert Message.objects.order_by("id")[0].attempts == len(BACKOFF) + 1
        assert Campaign.objects.get().state == CampaignState.DONE
        assert len(mailbox.mails) == 1


def test_a_temporary_refusal_that_ends_delivers_once(cast: Cast, mailbox: Mailbox) -> None:
    mailbox.refuse["person1@example.com"] = "450 4.2.1 greylisted"
    with acting_for(cast.juniper):
        campaign = confirm()
        send(campaign)
        mailbox.refuse.clear()

        send(campaign, BACKOFF[0])

        message = Message.objects.get()
        assert (message.state, message.reason) == (MessageState.ACCEPTED, "")
    assert len(mailbox.mails) == 1


def test_no_such_mailbox_bounces_and_is_never_written_to_again(
    cast: Cast, mailbox: Mailbox
) -> None:
    mailbox.refuse["person1@example.com"] = "550 5.1.1 No such user"
    with acting_for(cast.juniper):
        send(confirm())

        message = Message.objects.get()
        assert (message.state, message.reason) == (MessageState.BOUNCED, "550 5.1.1 No such user")
        assert [(row.address, row.reason) for row in Suppression.objects.all()] == [
            ("person1@example.com", SuppressionReason.BOUNCED)
        ]


def test_another_refusal_fails_and_suppresses_nobody(cast: Cast, mailbox: Mailbox) -> None:
    mailbox.refuse["person1@example.com"] = "554 5.7.1 looks like spam"
    with acting_for(cast.juniper):
        send(confirm())

        assert states() == [MessageState.FAILED]
        assert Suppression.objects.count() == 0


def hang_up(server: SMTP) -> None:
    assert server.transport is not None
    server.transport.close()


def test_a_connection_lost_after_the_content_began_leaves_unknown(
    cast: Cast, mailbox: Mailbox, monkeypatch: Any
) -> None:
    async def take_and_hang_up(server: SMTP, session: Session, envelope: Envelope) -> str:
        hang_up(server)
        return "250 nobody hears this"

    with acting_for(cast.juniper):
        campaign = confirm([recipient(1), recipient(2)])
        monkeypatch.setattr(mailbox, "handle_DATA", take_and_hang_up)
        send(campaign)

        assert states() == [MessageState.UNKNOWN, MessageState.UNKNOWN]
        monkeypatch.undo()
        send(campaign, timedelta(days=1))
        assert states() == [MessageState.UNKNOWN, MessageState.UNKNOWN]
        assert Campaign.objects.get().state == CampaignState.DONE


def test_a_connection_lost_before_the_content_is_tried_again(
    cast: Cast, mailbox: Mailbox, monkeypatch: Any
) -> None:
    async def hang_up_early(*given: Any) -> str:
        hang_up(given[0])
        return "250 nobody hears this"

    with acting_for(cast.juniper):
        campaign = confirm()
        monkeypatch.setattr(mailbox, "handle_RCPT", hang_up_early)
        send(campaign)

        assert states() == [MessageState.RETRY]


def test_a_mail_server_that_is_away_counts_as_an_attempt(cast: Cast, settings: Any) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with acting_for(cast.juniper):
        campaign = confirm([recipient(1), recipient(2)])

        send(campaign)

        assert states() == [MessageState.RETRY] * 2
        message = Message.objects.order_by("id")[0]
        assert (message.attempts, message.due_at) == (1, NOW + BACKOFF[0])
        assert message.reason.startswith("The mail server could not be reached: ")
        assert message.lease_until is None


def test_a_paused_campaign_waits_and_a_cancelled_one_is_over(cast: Cast, mailbox: Mailbox) -> None:
    with acting_for(cast.juniper):
        campaign = confirm([recipient(1), recipient(2)])
        pause_campaign(campaign=campaign, by=SYSTEM, now=NOW)
        send(campaign)
        assert (states(), mailbox.mails) == ([MessageState.PENDING] * 2, [])

        resume_campaign(campaign=campaign, by=SYSTEM, now=NOW)
        cancel_campaign(campaign=campaign, by=SYSTEM, now=NOW)
        send(campaign)

        assert (states(), mailbox.mails) == ([MessageState.CANCELLED] * 2, [])


def test_pausing_in_the_middle_stops_after_the_mail_in_hand(
    cast: Cast, mailbox: Mailbox, monkeypatch: Any
) -> None:
    submit = Transport.submit

    with acting_for(cast.juniper):
        campaign = confirm([recipient(number) for number in range(3)])

        def submit_then_pause(self: Transport, email: Any) -> Any:
            outcome = submit(self, email)
            pause_campaign(campaign=campaign, by=SYSTEM, now=NOW)
            return outcome

        monkeypatch.setattr(Transport, "submit", submit_then_pause)
        send(campaign)

        assert states() == [MessageState.ACCEPTED, MessageState.PENDING, MessageState.PENDING]
        assert Message.objects.filter(lease_token=None).count() == 3
        assert len(mailbox.mails) == 1


def test_a_hint_is_followed_once(cast: Cast, mailbox: Mailbox) -> None:
    with acting_for(cast.juniper):
        campaign = confirm()
        token = Campaign.objects.get().queue_token

        deliver(campaign_id=campaign.pk, now=NOW, queue_token=uuid.uuid4(), clock=lambda: NOW)
        assert states() == [MessageState.PENDING]
        deliver(campaign_id=campaign.pk, now=NOW, queue_token=token, clock=lambda: NOW)
        assert states() == [MessageState.ACCEPTED]
        deliver(campaign_id=campaign.pk, now=NOW, queue_token=token, clock=lambda: NOW)

    assert len(mailbox.mails) == 1


def test_a_slice_that_leaves_work_enqueues_the_rest(
    cast: Cast, mailbox: Mailbox, monkeypatch: Any
) -> None:
    monkeypatch.setattr("notifications.services.delivery.BATCH_MESSAGES", 2)
    with acting_for(cast.juniper):
        campaign = confirm([recipient(number) for number in range(3)])
        first = Campaign.objects.get().queue_token

        deliver(campaign_id=campaign.pk, now=NOW, queue_token=first, clock=lambda: NOW)

        second = Campaign.objects.get().queue_token
        assert second not in {None, first}
        assert states() == [MessageState.ACCEPTED] * 2 + [MessageState.PENDING]
        deliver(campaign_id=campaign.pk, now=NOW, queue_token=second, clock=lambda: NOW)
        assert states() == [MessageState.ACCEPTED] * 3
        assert Campaign.objects.get().state == CampaignState.DONE


def test_one_connection_serves_a_batch(cast: Cast, mailbox: Mailbox, monkeypatch: Any) -> None:
    seen: set[Any] = set()
    take = Mailbox.handle_DATA

    async def note(server: SMTP, session: Session, envelope: Envelope) -> str:
        seen.add(session.peer)
        return await take(mailbox, server, session, envelope)

    monkeypatch.setattr(mailbox, "handle_DATA", note)
    with acting_for(cast.juniper):
        send(confirm([recipient(number) for number in range(4)]))

    assert (len(mailbox.mails), len(seen)) == (4, 1)


def test_a_row_that_can_not_be_rendered_fails_alone(cast: Cast, mailbox: Mailbox) -> None:
    with acting_for(cast.juniper):
        campaign = confirm([recipient(1), recipient(2)])
        Message.objects.filter(recipient="member:1").update(values={})

        send(campaign)

        assert states() == [MessageState.FAILED, MessageState.ACCEPTED]


def test_a_mail_is_committed_as_being_sent_before_the_server_sees_it(
    cast: Cast, mailbox: Mailbox, monkeypatch: Any
) -> None:
    submit = Transport.submit
    seen: list[str] = []

    def look(self: Transport, email: Any) -> Any:
        seen.append(Message.objects.get().state)
        return submit(self, email)

    monkeypatch.setattr(Transport, "submit", look)
    with acting_for(cast.juniper):
        send(confirm())

    assert seen == [MessageState.SUBMITTING]
