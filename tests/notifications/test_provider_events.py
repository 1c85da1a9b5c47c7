"""What delivery services report moves the rows: once, only if it is proven, and never backwards."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from anymail.utils import UNSET
from anymail.webhooks.base import AnymailBaseWebhookView
from django.test import Client

from api.email_webhooks import VIEWS
from core.tenancy import acting_for
from notifications.mails import compose
from notifications.models import Campaign, Message, MessageState, ProviderEvent, Suppression
from notifications.services import deliver
from notifications.services.reported_events import ReportedEvent, record_provider_event
from tests.cast import NOW, Cast
from tests.mailbox import Mailbox
from tests.notifications.reports import (
    AT,
    KEYS,
    PASSWORD,
    Report,
    brevo,
    mailersend,
    mailgun,
    mailgun_bounce,
    postmark,
    postmark_bounce,
    with_password,
)
from tests.notifications.senders import confirm
from tests.snapshot import snapshot

REPORTED = datetime.fromtimestamp(AT, UTC)


@pytest.fixture(autouse=True)
def open_webhooks(settings: Any) -> None:
    settings.EMAIL_WEBHOOKS = ["mailgun", "mailersend", "postmark", "brevo"]
    settings.ANYMAIL = {**KEYS, "WEBHOOK_SECRET": PASSWORD}


@pytest.fixture
def signed_only(settings: Any) -> None:
    """Signatures, but no password."""
    settings.ANYMAIL = KEYS


def a_message(cast: Cast, state: str = MessageState.ACCEPTED, **fields: Any) -> Message:
    """One message to person1@example.com, in that state."""
    with acting_for(cast.juniper):
        confirm()
        Message.objects.update(state=state, attempts=1, settled_at=NOW, **fields)
        return Message.objects.get()


def seen(cast: Cast) -> tuple[str, list[str]]:
    """The message's state, and why the brand may not write to whom."""
    with acting_for(cast.juniper):
        reasons = Suppression.objects.order_by("id").values_list("reason", flat=True)
        return Message.objects.get().state, list(reasons)


def carried(message: Message) -> str:
    return str(message.public_id)


@pytest.mark.usefixtures("signed_only")
def test_mailgun_by_its_signature(cast: Cast) -> None:
    message = a_message(cast)

    answer = mailgun("delivered", carried=carried(message)).send()

    assert answer.status_code == 200
    assert seen(cast) == (MessageState.DELIVERED, [])


@pytest.mark.usefixtures("signed_only")
def test_mailersend_by_its_signature_and_the_id_it_gave(cast: Cast) -> None:
    a_message(cast, provider_id="62fb66bef54a112e920b5493")

    answer = mailersend("hard_bounced", "62fb66bef54a112e920b5493").send()

    assert answer.status_code == 200
    assert seen(cast) == (MessageState.BOUNCED, ["bounced"])


def test_postmark_by_its_password(cast: Cast) -> None:
    message = a_message(cast)

    answer = postmark_bounce(carried(message), "HardBounce").send()

    assert answer.status_code == 200
    assert seen(cast) == (MessageState.BOUNCED, ["bounced"])
    with acting_for(cast.juniper):
        assert Message.objects.get().reason == "smtp;550 5.1.1 unknown user"
        assert Suppression.objects.get().address == "person1@example.com"
        event = ProviderEvent.objects.get()
    assert (event.provider, event.event_id, event.kind) == ("Postmark", "692560173", "bounced")


def forged(report: Report) -> Report:
    """The same without its proof."""
    if report.service == "mailgun":
        signature = {**report.payload["signature"], "signature": "0" * 64}
        return replace(report, payload={**report.payload, "signature": signature})
    if report.service == "mailersend":
        return replace(report, headers={"Signature": "0" * 64})
    return replace(report, headers=with_password("hook:guessed"))


@pytest.mark.parametrize("service", ["mailgun", "mailersend", "postmark", "brevo"])
def test_a_forged_report_is_refused_and_changes_nothing(
    service: str, cast: Cast, settings: Any
) -> None:
    if service in {"mailgun", "mailersend"}:
        settings.ANYMAIL = KEYS
    name = carried(a_message(cast, provider_id="p-1"))
    report = {
        "mailgun": mailgun_bounce(name),
        "mailersend": mailersend("hard_bounced", "p-1"),
        "postmark": postmark_bounce(name, "HardBounce"),
        "brevo": brevo("hard_bounce", name),
    }[service]
    before = snapshot()

    without_proof = forged(report).send()
    bare = replace(forged(report), headers={}).send()

    assert (without_proof.status_code, bare.status_code) == (400, 400)
    assert snapshot() == before
    assert (report.send().status_code, seen(cast)[0]) == (200, MessageState.BOUNCED)


@pytest.mark.usefixtures("signed_only")
def test_a_changed_body_breaks_mailersends_signature(cast: Cast) -> None:
    a_message(cast, provider_id="p-1")
    report = mailersend("delivered", "p-1")
    report.payload["data"]["type"] = "hard_bounced"

    assert report.send().status_code == 400
    assert seen(cast) == (MessageState.ACCEPTED, [])


@pytest.mark.parametrize("service", ["mailgun", "postmark", "amazon_ses", "nobody"])
def test_a_service_that_nothing_would_prove_has_no_address(
    service: str, cast: Cast, settings: Any
) -> None:
    settings.EMAIL_WEBHOOKS = ["mailgun", "postmark"]
    settings.ANYMAIL = {}

    assert Client().post(f"/webhooks/email/{service}/").status_code == 404


def test_a_service_that_is_not_asked_for_has_no_address(cast: Cast, settings: Any) -> None:
    settings.EMAIL_WEBHOOKS = []

    assert mailgun("delivered").send().status_code == 404


def test_a_replayed_report_changes_nothing(cast: Cast) -> None:
    message = a_message(cast)
    report = mailgun_bounce(carried(message), nonce="once")
    report.headers = with_password()
    assert report.send().status_code == 200
    with acting_for(cast.juniper):
        Suppression.objects.all().delete()  # staff let the address in again
    before = snapshot()

    assert report.send().status_code == 200

    assert snapshot() == before


def test_the_same_event_without_an_id_counts_once_and_another_one_again(cast: Cast) -> None:
    name = carried(a_message(cast))

    for report in (brevo("opened", name), brevo("opened", name), brevo("opened", name, at=AT + 60)):
        assert report.send().status_code == 200

    with acting_for(cast.juniper):
        assert ProviderEvent.objects.count() == 2


@pytest.mark.parametrize(
    "report",
    [
        lambda name: mailgun_bounce(name, severity="temporary", reason="generic"),
        lambda name: postmark_bounce(name, "SoftBounce"),
        lambda name: postmark_bounce(name, "Transient"),
        lambda name: mailersend("soft_bounced", "p-1"),
        lambda name: brevo("soft_bounce", name),
        lambda name: brevo("deferred", name),
    ],
    ids=["mailgun", "postmark soft", "postmark transient", "mailersend", "brevo", "brevo deferred"],
)
def test_a_soft_bounce_suppresses_nobody(report: Any, cast: Cast) -> None:
    message = a_message(cast, provider_id="p-1")
    told = report(carried(message))
    told.headers |= with_password()

    assert told.send().status_code == 200

    assert seen(cast)[1] == []


def test_one_complaint_is_enough(cast: Cast) -> None:
    message = a_message(cast)

    brevo("spam", carried(message)).send()

    assert seen(cast) == (MessageState.DELIVERED, ["complained"])
    with acting_for(cast.juniper):
        assert Message.objects.get().complained_at == REPORTED


def test_unsubscribing_at_the_service_counts_here(cast: Cast) -> None:
    message = a_message(cast)

    brevo("unsubscribe", carried(message)).send()

    assert seen(cast) == (MessageState.ACCEPTED, ["unsubscribed"])


def test_opening_and_clicking_are_times_and_prove_delivery(cast: Cast) -> None:
    name = carried(a_message(cast))

    for report in (
        brevo("opened", name, at=AT + 60),
        brevo("opened", name),
        brevo("click", name, at=AT + 90),
    ):
        report.send()

    with acting_for(cast.juniper):
        message = Message.objects.get()
    assert message.state == MessageState.DELIVERED
    assert message.opened_at == REPORTED
    assert message.clicked_at == REPORTED + timedelta(seconds=90)
    assert message.settled_at == NOW


@pytest.mark.parametrize(
    ("state", "told", "after"),
    [
        ("unknown", "delivered", "delivered"),
        ("unknown", "accepted", "accepted"),
        ("retry", "delivered", "delivered"),
        ("submitting", "bounced", "bounced"),
        ("delivered", "bounced", "bounced"),
        ("bounced", "delivered", "bounced"),
        ("delivered", "accepted", "delivered"),
        ("delivered", "failed", "delivered"),
        ("pending", "delivered", "pending"),
        ("suppressed", "delivered", "suppressed"),
        ("cancelled", "bounced", "cancelled"),
    ],
)
def test_what_news_moves_a_message_where(state: str, told: str, after: str, cast: Cast) -> None:
    message = a_message(cast, state)

    assert record_provider_event(event=event_about(message, told), now=NOW)

    assert seen(cast)[0] == after


def event_about(message: Message, told: str, **changes: Any) -> ReportedEvent:
    fields: dict[str, Any] = {
        "provider": "Postmark",
        "event_id": "e-1",
        "kind": told,
        "public_id": message.public_id,
        "provider_id": "",
        "at": NOW,
        "state": MessageState(told),
    }
    return ReportedEvent(**(fields | changes))


def test_a_mail_that_is_known_to_have_arrived_is_not_tried_again(
    cast: Cast, mailbox: Mailbox
) -> None:
    message = a_message(cast, MessageState.RETRY, due_at=NOW)
    record_provider_event(event=event_about(message, "delivered"), now=NOW)

    with acting_for(cast.juniper):
        deliver(campaign_id=message.campaign_id, now=NOW, clock=lambda: NOW)

    assert mailbox.mails == []


def test_news_of_a_mail_that_is_not_ours_is_answered_and_forgotten(cast: Cast) -> None:
    a_message(cast)
    before = snapshot()

    for name in (str(uuid.uuid4()), "not-a-uuid", ""):
        assert postmark("Delivery", name).send().status_code == 200

    assert snapshot() == before


def test_news_of_one_brands_mail_leaves_the_other_brand_alone(cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        confirm()
    message = a_message(cast)
    before = snapshot(brand_id=cast.saltmarsh.pk)

    postmark_bounce(carried(message), "HardBounce").send()

    assert snapshot(brand_id=cast.saltmarsh.pk) == before
    assert seen(cast) == (MessageState.BOUNCED, ["bounced"])


def test_our_own_message_id_finds_the_mail_too(cast: Cast) -> None:
    message = a_message(cast)
    report = postmark("Delivery", "", MessageID=f"<{message.public_id}@tributary.example>")

    report.send()

    assert seen(cast)[0] == MessageState.DELIVERED


@pytest.mark.parametrize(
    ("backend", "is_carried"),
    [
        ("anymail.backends.postmark.EmailBackend", True),
        ("anymail.backends.mailersend.EmailBackend", False),
    ],
)
def test_a_mail_carries_its_id_where_the_service_lets_it(
    backend: str, is_carried: bool, cast: Cast, settings: Any
) -> None:
    message = a_message(cast)
    settings.EMAIL_BACKEND = backend

    with acting_for(cast.juniper):
        mail = compose(Campaign.objects.get(), message)

    assert mail.metadata == ({"message": carried(message)} if is_carried else UNSET)


def test_every_webhook_of_ours_checks_a_password_where_there_is_one() -> None:
    views = {name: getattr(view, "view_class", None) for name, view in VIEWS.items()}

    assert {"mailgun", "postmark", "amazon_ses", "brevo"} <= views.keys()
    assert all(view and issubclass(view, AnymailBaseWebhookView) for view in views.values())
