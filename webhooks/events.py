"""The events that an endpoint can receive, in the words of its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.models import OutboxEvent
from webhooks.models import Endpoint

TEST_EVENT = "webhook.test"
TEST_TITLE = "A test that staff sent"


@dataclass(frozen=True, slots=True)
class EventWords:
    """An event's name, what it says, and when staff would want it."""

    event: str
    title: str
    when: str


WHEN: Mapping[OutboxEvent, str] = {
    OutboxEvent.ORDER_RECORDED: "Each new order, also one that nobody is credited for.",
    OutboxEvent.ORDER_REVISED: "Its amounts, lines or payment may be different now.",
    OutboxEvent.ORDER_REFUNDED: "Given back in full or in part; also when that is undone.",
    OutboxEvent.CONVERSION_RECORDED: "A member may earn something for it.",
    OutboxEvent.CONVERSION_CHANGED: "Accepted, rejected, refunded or worked out anew.",
    OutboxEvent.CLICKS_CREDITED: "Only where the terms of an offer pay for clicks.",
    OutboxEvent.FLAG_RAISED: "A rule found something unusual about it. It changes no money.",
    OutboxEvent.FLAG_DECIDED: "By staff, or withdrawn because of later facts.",
    OutboxEvent.MEMBER_JOINED: "Added to an offer, or active in it again.",
    OutboxEvent.MEMBER_LEFT: "Made inactive in an offer, removed from it, or deleted.",
    OutboxEvent.TERMS_CHANGED: "Other commission from a day on.",
    OutboxEvent.TERMS_WITHDRAWN: "Terms that were announced will not begin.",
    OutboxEvent.PAYOUT_CHANGED: "Waits for details, is on its way, paid, or came back.",
    OutboxEvent.PAYOUT_RUN_CHANGED: "Confirmed, paid or returned as a whole.",
    OutboxEvent.BALANCE_ADJUSTED: "A bonus, a correction, or a debt that was written off.",
}


def events_in_words() -> list[EventWords]:
    """Every event, those of one noun together."""
    return [EventWords(one.value, str(one.label), when) for one, when in WHEN.items()]


def title_of(event: str) -> str:
    """What an event says, in words; its name if it is not known any more."""
    if event == TEST_EVENT:
        return TEST_TITLE
    return str(OutboxEvent(event).label) if event in OutboxEvent.values else event


def is_wanted(endpoint: Endpoint, event: str) -> bool:
    """Whether the endpoint receives such events."""
    return not endpoint.events or event in endpoint.events
