"""Confirming a send: once, frozen, and refused by name when it can't be."""

from __future__ import annotations

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from core import broker, db
from core.tenancy import acting_for
from notifications.models import Campaign, CampaignState, Message, MessageState
from notifications.rendering import TemplateError
from notifications.services import (
    AudienceTakenError,
    RecipientsError,
    cancel_campaign,
    pause_campaign,
    resume_campaign,
)
from tests.cast import NOW, SYSTEM, Cast, assemble
from tests.notifications.senders import confirm, recipient, values
from tests.own_processes import MAX_WAIT_SECONDS


def test_confirming_freezes_the_mail_and_everyone_who_gets_it(cast: Cast) -> None:
    with acting_for(cast.juniper):
        campaign = confirm([recipient(1), recipient(2)])

        assert campaign.recipients == 2
        assert campaign.state == CampaignState.SENDING
        assert campaign.from_name == "Juniper & Co"
        assert [
            (row.to_address, row.to_name, row.recipient, row.about, row.state, row.values)
            for row in Message.objects.order_by("id")
        ] == [
            (
                f"person{n}@example.com",
                f"Person {n}",
                f"member:{n}",
                f"enrollment:{n}",
                MessageState.PENDING,
                values(),
            )
            for n in (1, 2)
        ]
        entry = AuditEntry.objects.get(action="campaign.confirmed")
        assert (entry.target, entry.detail) == (f"campaign:{campaign.pk}", {"recipients": 2})


def test_the_same_confirmation_again_is_the_same_campaign(cast: Cast) -> None:
    once = uuid.uuid4()
    with acting_for(cast.juniper):
        first = confirm(confirmation=once)

        second = confirm([recipient(1), recipient(2)], confirmation=once, subject="Other")

        assert second.pk == first.pk
        assert Message.objects.count() == 1
        assert Campaign.objects.count() == 1


def test_a_confirmation_belongs_to_one_brand(cast: Cast) -> None:
    once = uuid.uuid4()
    with acting_for(cast.juniper):
        first = confirm(confirmation=once)
    with acting_for(cast.saltmarsh):
        assert confirm(confirmation=once).pk != first.pk


@pytest.mark.parametrize(
    ("recipients", "message"),
    [
        ([], "There is nobody to send to."),
        ([recipient(to_address="")], "Person 1: has no address."),
        ([recipient(to_address="Mara <m@example.com>")], "Person 1: “Mara <m@example.com>” is not"),
        ([recipient(to_address="m@x.example\nBcc: a@x.example")], "Person 1: “m@x.example\nBcc"),
        (
            [recipient(1), recipient(2, to_address="PERSON1@example.com")],
            "person1@example.com would get this mail 2 times.",
        ),
        ([recipient(values=values(promo_code=""))], "person1@example.com has no promo_code."),
    ],
)
def test_recipients_that_can_not_be_sent_to_are_named(
    cast: Cast, recipients: list[Any], message: str
) -> None:
    with acting_for(cast.juniper):
        with pytest.raises(RecipientsError) as error:
            confirm(recipients)

        assert str(error.value).startswith(message)
        assert (Campaign.objects.count(), Message.objects.count()) == (0, 0)


def test_a_wrong_template_sends_nothing(cast: Cast) -> None:
    with acting_for(cast.juniper):
        with pytest.raises(TemplateError):
            confirm(body="<p>{{ frist_name }}</p>")

        assert Campaign.objects.count() == 0


def test_an_international_domain_is_an_address(cast: Cast) -> None:
    with acting_for(cast.juniper):
        assert confirm([recipient(to_address="mara@bücher.example")]).recipients == 1


def test_the_second_of_two_staff_is_told(cast: Cast) -> None:
    with acting_for(cast.juniper):
        first = confirm([recipient(1), recipient(2)], latest_seen=0)

        with pytest.raises(AudienceTakenError) as error:
            confirm([recipient(2), recipient(3)], latest_seen=0)

        assert error.value.campaign == first
        assert Campaign.objects.count() == 1
        confirm([recipient(3)], latest_seen=0)
        confirm([recipient(2)], latest_seen=first.pk)
        assert Campaign.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_of_two_who_send_at_the_very_same_moment_one_is_told() -> None:
    cast, both_ready = assemble(), threading.Barrier(2, timeout=MAX_WAIT_SECONDS)

    def press_send(_: int) -> str:
        try:
            with acting_for(cast.juniper):
                both_ready.wait()
                return confirm([recipient(1), recipient(2)], latest_seen=0).title
        except AudienceTakenError as error:
            return f"told of {error.campaign.title}"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as staff:
        said = sorted(staff.map(press_send, range(2)))

    assert said == ["Winter Glow", "told of Winter Glow"]
    with acting_for(cast.juniper):
        assert Message.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_very_same_moment_are_one_campaign() -> None:
    cast, once = assemble(), uuid.uuid4()
    both_ready = threading.Barrier(2, timeout=MAX_WAIT_SECONDS)

    def press_send(_: int) -> int:
        try:
            with acting_for(cast.juniper):
                both_ready.wait()
                return int(confirm(confirmation=once, latest_seen=0).pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as clicks:
        first, second = clicks.map(press_send, range(2))

    assert first == second
    with acting_for(cast.juniper):
        assert Message.objects.count() == 1


def test_confirming_enqueues_once_the_transaction_is_through(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    with acting_for(cast.juniper), django_capture_on_commit_callbacks() as callbacks:
        campaign = confirm()

    # Now and then a table gets its statistics then, too.
    assert len([one for one in callbacks if getattr(one, "func", None) is not db._analyze]) == 1
    assert campaign.pk
    with acting_for(cast.juniper):
        assert Campaign.objects.get().queue_token is not None


def test_a_broker_that_is_away_stops_nobody(
    cast: Cast, django_capture_on_commit_callbacks: Any, caplog: Any, monkeypatch: Any
) -> None:
    nobody = Celery(broker="redis://127.0.0.1:1", set_as_current=False)
    nobody.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    monkeypatch.setattr(broker, "current_app", nobody)
    monkeypatch.setattr(broker._Absence, "until", 0.0)

    with acting_for(cast.juniper), django_capture_on_commit_callbacks(execute=True):
        confirm()

    assert "waits for the sweep" in caplog.text
    with acting_for(cast.juniper):
        assert Campaign.objects.get().recipients == 1


def test_pause_resume_cancel(cast: Cast) -> None:
    with acting_for(cast.juniper):
        campaign = confirm([recipient(1), recipient(2)])
        Message.objects.filter(recipient="member:1").update(state=MessageState.ACCEPTED)

        assert pause_campaign(campaign=campaign, by=SYSTEM, now=NOW)
        assert not pause_campaign(campaign=campaign, by=SYSTEM, now=NOW)
        assert Campaign.objects.get().state == CampaignState.PAUSED
        assert resume_campaign(campaign=campaign, by=SYSTEM, now=NOW)
        assert Campaign.objects.get().state == CampaignState.SENDING
        assert cancel_campaign(campaign=campaign, by=SYSTEM, now=NOW)
        assert not resume_campaign(campaign=campaign, by=SYSTEM, now=NOW)

        assert Campaign.objects.get().state == CampaignState.CANCELLED
        assert list(Message.objects.order_by("id").values_list("state", flat=True)) == [
            MessageState.ACCEPTED,
            MessageState.CANCELLED,
        ]
        assert list(
            AuditEntry.objects.filter(action__startswith="campaign.")
            .order_by("id")
            .values_list("action", flat=True)
        ) == ["campaign.confirmed", "campaign.paused", "campaign.sending", "campaign.cancelled"]


def test_many_recipients_cost_as_many_queries_as_one(cast: Cast) -> None:
    crowd = [recipient(number) for number in range(2_000)]
    with acting_for(cast.juniper):
        with CaptureQueriesContext(connection) as for_one:
            confirm([recipient(1)])
        with CaptureQueriesContext(connection) as for_many:
            campaign = confirm(crowd)

        assert Message.objects.filter(campaign=campaign).count() == 2_000
    assert len(for_many) == len(for_one)


def test_control_characters_in_values_do_not_stop_a_send(cast: Cast) -> None:
    with acting_for(cast.juniper):
        confirm([recipient(values=values(first_name="Ma\x00ra\ue000"), to_name="Ma\nra\x00")])

        row = Message.objects.get()
        assert row.values["first_name"] == "Mara"
        assert row.to_name == "Ma ra"
        with connection.cursor() as cursor:
            cursor.execute("SELECT values::text FROM notifications_message")
            assert json.loads(cursor.fetchone()[0])["first_name"] == "Mara"
