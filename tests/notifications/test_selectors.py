"""What staff read of campaigns and messages; lists cost the same for one row and for three."""

from __future__ import annotations

from typing import Any

from core.tenancy import acting_for
from notifications import selectors
from notifications.models import Campaign, Message, MessageState, Purpose
from tests.cast import NOW, Cast
from tests.notifications.senders import confirm, recipient


def test_counts_add_up_to_the_audience(cast: Cast) -> None:
    with acting_for(cast.juniper):
        campaign = confirm([recipient(number) for number in range(9)])
        for message, state in zip(
            Message.objects.order_by("id"),
            ["pending", "submitting", "retry", "accepted", "delivered", "bounced", "failed",
             "suppressed", "unknown"],
            strict=True,
        ):  # fmt: skip
            Message.objects.filter(pk=message.pk).update(state=state)

        counts = selectors.counts_of([campaign.pk])[campaign.pk]

        assert (counts.waiting, counts.reached, counts.failed) == (3, 2, 2)
        assert (counts.left_out, counts.unknown, counts.settled) == (1, 1, 6)
        assert counts.total == campaign.recipients == 9


def test_campaigns_are_listed_newest_first_without_tests(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    with acting_for(cast.juniper):
        confirm(title="One")
        confirm(purpose=Purpose.TEST, title="Test")
        with django_assert_num_queries(2):
            one = selectors.with_counts(selectors.campaigns())
        confirm(title="Two")
        confirm(title="Three")
        with django_assert_num_queries(2):
            three = selectors.with_counts(selectors.campaigns())

        assert [row.campaign.title for row in one] == ["One"]
        assert [row.campaign.title for row in three] == ["Three", "Two", "One"]
        assert [row.counts.total for row in three] == [1, 1, 1]
        assert list(selectors.campaigns(search="two")) == [three[1].campaign]


def test_the_latest_message_about_each_thing(cast: Cast) -> None:
    with acting_for(cast.juniper):
        confirm([recipient(1), recipient(2)])
        Message.objects.update(state=MessageState.FAILED, reason="550 no", settled_at=NOW)
        confirm([recipient(2)])
        confirm([recipient(3)], purpose=Purpose.EMAIL_MEMBERS)

        found = selectors.latest_by_about(
            purpose=Purpose.SALES_TRACKING_ITEMS,
            abouts=["enrollment:1", "enrollment:2", "enrollment:3"],
        )

        assert set(found) == {"enrollment:1", "enrollment:2"}
        first, second = found["enrollment:1"], found["enrollment:2"]
        assert (first.is_failed, first.reason, first.at) == (True, "550 no", NOW)
        assert (second.is_under_way, second.is_failed, second.at) == (True, False, None)


def test_messages_are_found_by_person_and_by_address(cast: Cast) -> None:
    with acting_for(cast.juniper):
        first = confirm([recipient(1), recipient(2)])
        second = confirm([recipient(1)])
        confirm([recipient(1)], purpose=Purpose.TEST)

        campaigns = [row.campaign for row in selectors.messages_to("member:1")][1:]
        assert campaigns == [second, first]
        assert [row.campaign for row in selectors.messages_by_address("PERSON1")] == [
            second,
            first,
        ]


def test_another_brand_sees_nothing(cast: Cast) -> None:
    with acting_for(cast.juniper):
        campaign = confirm()
    with acting_for(cast.saltmarsh):
        assert list(selectors.campaigns()) == []
        assert list(selectors.messages_to("member:1")) == []
        assert selectors.counts_of([campaign.pk])[campaign.pk].total == 0
        assert not Campaign.objects.filter(pk=campaign.pk).exists()


def test_who_was_not_reached(cast: Cast) -> None:
    with acting_for(cast.juniper):
        campaign = confirm([recipient(number) for number in range(3)])
        Message.objects.update(state=MessageState.ACCEPTED)
        Message.objects.filter(recipient="member:1").update(state=MessageState.UNKNOWN)

        assert [row.recipient for row in selectors.not_reached(campaign)] == ["member:1"]


def test_the_newest_campaign_about_a_thing(cast: Cast) -> None:
    with acting_for(cast.juniper):
        assert selectors.latest_campaign(purpose="sales_tracking_items", about="offer:1") == 0
        campaign = confirm()
        assert (
            selectors.latest_campaign(purpose="sales_tracking_items", about="offer:1")
            == campaign.pk
        )
