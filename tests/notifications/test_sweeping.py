"""What stands still is found: lost messages, dead workers, campaigns nobody closed."""

from __future__ import annotations

import uuid
from datetime import timedelta

from core.tenancy import acting_for
from notifications.models import Campaign, CampaignState, Message, MessageState
from notifications.services import deliver, pause_campaign, sweep
from notifications.services.delivery import BACKOFF
from notifications.services.sweeping import LOST_MESSAGE_AFTER
from tests.cast import NOW, SYSTEM, Cast
from tests.mailbox import Mailbox
from tests.notifications.senders import confirm, recipient

LATER = NOW + LOST_MESSAGE_AFTER + timedelta(seconds=1)


def test_a_lost_hint_is_replaced_once_patience_is_over(cast: Cast) -> None:
    with acting_for(cast.juniper):
        campaign = confirm()
        first = Campaign.objects.get().queue_token

    assert sweep(now=NOW + timedelta(seconds=1)) == []
    assert sweep(now=LATER) == [campaign.pk]
    assert sweep(now=LATER) == []
    with acting_for(cast.juniper):
        assert Campaign.objects.get().queue_token not in {None, first}


def test_the_replaced_hint_does_nothing_when_it_comes_after_all(
    cast: Cast, mailbox: Mailbox
) -> None:
    with acting_for(cast.juniper):
        campaign = confirm()
        first = Campaign.objects.get().queue_token
    sweep(now=LATER)

    with acting_for(cast.juniper):
        deliver(campaign_id=campaign.pk, now=LATER, queue_token=first, clock=lambda: LATER)
        assert Message.objects.get().state == MessageState.PENDING

    assert mailbox.mails == []


def test_a_hand_over_whose_worker_died_is_unknown_and_never_sent_again(
    cast: Cast, mailbox: Mailbox
) -> None:
    with acting_for(cast.juniper):
        campaign = confirm([recipient(1), recipient(2)])
        Campaign.objects.update(queue_token=None)
        Message.objects.update(lease_token=uuid.uuid4(), lease_until=NOW + timedelta(minutes=5))
        Message.objects.filter(recipient="member:1").update(state=MessageState.SUBMITTING)
    assert sweep(now=NOW + timedelta(minutes=4)) == []

    after = NOW + timedelta(minutes=6)
    assert sweep(now=after) == [campaign.pk]

    with acting_for(cast.juniper):
        deliver(campaign_id=campaign.pk, now=after, clock=lambda: after)
        assert list(Message.objects.order_by("id").values_list("state", flat=True)) == [
            MessageState.UNKNOWN,
            MessageState.ACCEPTED,
        ]
        assert Message.objects.order_by("id")[0].settled_at == after
        assert Campaign.objects.get().state == CampaignState.DONE
    assert [mail["X-RcptTo"] for mail in mailbox.mails] == ["person2@example.com"]


def test_a_campaign_whose_last_worker_died_after_its_last_mail_is_closed(cast: Cast) -> None:
    with acting_for(cast.juniper):
        confirm()
        Campaign.objects.update(queue_token=None)
        Message.objects.update(state=MessageState.ACCEPTED)

    assert sweep(now=NOW) == []

    with acting_for(cast.juniper):
        assert Campaign.objects.get().state == CampaignState.DONE


def test_what_is_to_be_tried_again_is_enqueued_when_it_is_due(cast: Cast, mailbox: Mailbox) -> None:
    mailbox.refuse["person1@example.com"] = "451 later"
    with acting_for(cast.juniper):
        campaign = confirm()
        token = Campaign.objects.get().queue_token
        deliver(campaign_id=campaign.pk, now=NOW, queue_token=token, clock=lambda: NOW)

    assert sweep(now=NOW + BACKOFF[0] - timedelta(seconds=1)) == []
    assert sweep(now=NOW + BACKOFF[0]) == [campaign.pk]


def test_a_paused_campaign_is_left_alone(cast: Cast) -> None:
    with acting_for(cast.juniper):
        campaign = confirm()
        pause_campaign(campaign=campaign, by=SYSTEM, now=NOW)

    assert sweep(now=LATER) == []


def test_campaigns_of_all_brands_are_found(cast: Cast) -> None:
    with acting_for(cast.juniper):
        one = confirm()
    with acting_for(cast.saltmarsh):
        other = confirm()

    assert sorted(sweep(now=LATER)) == [one.pk, other.pk]
