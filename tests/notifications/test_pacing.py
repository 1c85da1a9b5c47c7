"""The sending account's rate is kept over all brands, and brands take campaigns at it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import Brand
from core.tenancy import acting_for
from notifications.models import Campaign, Message, MessageState, SendingAccount
from notifications.services import deliver, sweep
from notifications.services.pacing import Grant, NextCampaign, next_campaign, note_served, reserve
from tests.cast import NOW, Cast
from tests.mailbox import Mailbox
from tests.notifications.senders import confirm, recipient

SECOND = timedelta(seconds=1)


def wake(campaign: Campaign, now: datetime) -> None:
    """What a worker does when it finds the campaign's message."""
    follow(campaign, token_of(campaign), now)


def token_of(campaign: Campaign) -> uuid.UUID:
    with acting_for(campaign.brand_id):
        token = Campaign.objects.get(pk=campaign.pk).queue_token
    assert token is not None
    return token


def follow(campaign: Campaign, token: uuid.UUID, now: datetime) -> None:
    with acting_for(campaign.brand_id):
        deliver(campaign_id=campaign.pk, now=now, queue_token=token, clock=lambda: now)


def crowd(number: int, first: int = 0) -> list[Any]:
    return [recipient(first + index) for index in range(number)]


def accepted(brand: Brand) -> int:
    with acting_for(brand):
        return Message.objects.filter(state=MessageState.ACCEPTED).count()


@pytest.mark.django_db
def test_without_a_rate_there_is_no_limit(settings: Any) -> None:
    settings.EMAIL_RATE = 0.0

    assert reserve(wanted=5_000, now=NOW) == Grant(5_000, None)
    assert SendingAccount.objects.count() == 0


@pytest.mark.django_db
def test_a_rate_is_kept_over_time(settings: Any) -> None:
    """A minute of asking ten times a second: what was saved up at first, and the rate."""
    settings.EMAIL_RATE = 14.0

    granted = sum(reserve(wanted=200, now=NOW + SECOND * tenth / 10).mails for tenth in range(600))

    assert granted == pytest.approx(60 * 14 + 28, abs=14)


@pytest.mark.django_db
def test_in_no_second_more_is_granted_than_what_an_idle_account_saved_up(settings: Any) -> None:
    settings.EMAIL_RATE = 10.0
    grants = [reserve(wanted=200, now=NOW + SECOND * tenth / 10).mails for tenth in range(100)]

    assert grants[0] == 20
    assert max(sum(grants[start : start + 10]) for start in range(1, 90)) <= 15


@pytest.mark.django_db
def test_who_gets_none_is_told_when_to_ask_again(settings: Any) -> None:
    settings.EMAIL_RATE = 10.0
    reserve(wanted=20, now=NOW)

    refused = reserve(wanted=100, now=NOW)

    assert refused.mails == 0
    assert refused.ask_again_at == NOW + SECOND / 2
    assert reserve(wanted=100, now=NOW + SECOND / 2).mails == 5


@pytest.mark.django_db
def test_a_rate_below_one_a_second(settings: Any) -> None:
    settings.EMAIL_RATE = 0.1

    grants = [reserve(wanted=3, now=NOW + SECOND * each).mails for each in range(31)]

    assert [each for each, mails in enumerate(grants) if mails] == [0, 10, 20, 30]
    assert set(grants) == {0, 1}


def serve_next(now: datetime) -> NextCampaign:
    served = next_campaign(now=now)
    assert served is not None
    with acting_for(served.brand_id):
        note_served(campaign_id=served.campaign_id, now=now)
    return served


def test_the_campaign_served_least_recently_is_next(cast: Cast) -> None:
    with acting_for(cast.juniper):
        large = [confirm(crowd(3), about=f"offer:{number}") for number in range(3)]
    with acting_for(cast.saltmarsh):
        small = confirm(crowd(3))
    ours, theirs = cast.juniper.pk, cast.saltmarsh.pk

    campaigns = [serve_next(NOW + SECOND * number) for number in range(6)]

    assert campaigns == [
        NextCampaign(ours, large[0].pk),
        NextCampaign(theirs, small.pk),
        NextCampaign(ours, large[1].pk),
        NextCampaign(theirs, small.pk),
        NextCampaign(ours, large[2].pk),
        NextCampaign(theirs, small.pk),
    ]


def test_nothing_due_is_nobodys_turn(cast: Cast) -> None:
    with acting_for(cast.juniper):
        confirm()
        Message.objects.update(due_at=NOW + SECOND)

    assert next_campaign(now=NOW) is None


def test_a_brand_with_a_hundred_thousand_does_not_hold_up_one_with_ten(
    cast: Cast, mailbox: Mailbox, settings: Any
) -> None:
    """The large send was confirmed first, and the account takes ten a second."""
    settings.EMAIL_RATE = 10.0
    with acting_for(cast.juniper):
        large = confirm(crowd(1))
        copy(Message.objects.get(), times=100_000)
    with acting_for(cast.saltmarsh):
        small = confirm(crowd(10))

    wake(large, NOW)
    assert (accepted(cast.juniper), accepted(cast.saltmarsh)) == (20, 0)
    wake(small, NOW)
    sweep(now=NOW + SECOND)
    tokens = [(campaign, token_of(campaign)) for campaign in (large, small)]
    for campaign, token in tokens:  # each worker serves the campaign that is next
        follow(campaign, token, NOW + SECOND)

    assert (accepted(cast.juniper), accepted(cast.saltmarsh)) == (20, 10)


def copy(message: Message, *, times: int) -> None:
    """As many more messages like this one, to other addresses."""
    names = [str(field.column) for field in Message._meta.local_concrete_fields]
    changed = {
        "id": "nextval(pg_get_serial_sequence('notifications_message', 'id'))",
        "public_id": "gen_random_uuid()",
        "to_address": "'copy' || number || '@example.com'",
    }
    values = ", ".join(changed.get(name, connection.ops.quote_name(name)) for name in names)
    columns = ", ".join(map(connection.ops.quote_name, names))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO notifications_message ({columns})"  # noqa: S608
            f" SELECT {values} FROM notifications_message, generate_series(1, %s) AS number"
            " WHERE id = %s",
            [times, message.pk],
        )


def test_a_campaign_waits_for_the_account_and_is_not_forgotten(
    cast: Cast, mailbox: Mailbox, settings: Any
) -> None:
    settings.EMAIL_RATE = 2.0
    with acting_for(cast.juniper):
        campaign = confirm(crowd(6))

    wake(campaign, NOW)

    with acting_for(cast.juniper):
        waiting = Campaign.objects.get()
        assert (waiting.queue_token, waiting.waits_until) == (None, NOW + SECOND / 2)
        assert Message.objects.filter(lease_until=None).count() == 6
    assert len(mailbox.mails) == 4
    assert sweep(now=NOW + SECOND / 4) == []
    assert sweep(now=NOW + SECOND) == [campaign.pk]
    wake(campaign, NOW + SECOND)
    assert len(mailbox.mails) == 6
    with acting_for(cast.juniper):
        assert Campaign.objects.get().state == "done"


def test_another_campaigns_hint_serves_whoever_is_next_and_both_go_on(
    cast: Cast, mailbox: Mailbox
) -> None:
    with acting_for(cast.juniper):
        ours = confirm(crowd(2))
        Campaign.objects.update(served_at=NOW)
    with acting_for(cast.saltmarsh):
        theirs = confirm(crowd(2, first=10))

    wake(ours, NOW + SECOND)
    assert (accepted(cast.juniper), accepted(cast.saltmarsh)) == (0, 2)
    wake(ours, NOW + SECOND)

    assert (accepted(cast.juniper), accepted(cast.saltmarsh)) == (2, 2)
    with acting_for(cast.saltmarsh):
        assert Campaign.objects.get(pk=theirs.pk).state == "done"


def test_a_hint_that_comes_twice_gives_nobody_a_turn(cast: Cast, mailbox: Mailbox) -> None:
    with acting_for(cast.juniper):
        campaign = confirm(crowd(1))

        deliver(campaign_id=campaign.pk, now=NOW, queue_token=uuid.uuid4(), clock=lambda: NOW)

    assert mailbox.mails == []
