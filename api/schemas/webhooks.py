"""Endpoints of webhooks and what is sent to them, as they are shown and sent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from accounts.models import OutboxEvent
from api.schemas.ids import DeliveryId, EndpointId, asked_id
from api.schemas.parts import AskedPage, Moment, MomentShown, NoNul, Sent, Shown
from background.running import MAX_ROWS_RUN_AT_ONCE
from core.public_ids import IdKind
from webhooks.events import TEST_EVENT
from webhooks.models.endpoints import MAX_ADDRESS

Address = Annotated[str, NoNul, Field(min_length=1, max_length=MAX_ADDRESS)]
Description = Annotated[str, NoNul, Field(max_length=120)]
Event = Literal[*OutboxEvent.values]  # type: ignore[valid-type]
EventOrTest = Literal[*OutboxEvent.values, TEST_EVENT]  # type: ignore[valid-type]
AnyEvent = Literal["", *OutboxEvent.values, TEST_EVENT]  # type: ignore[valid-type]
Events = Annotated[
    list[Event],
    Field(max_length=len(OutboxEvent.values), description="Without any, it receives all events."),
]
State = Literal["pending", "failed", "delivered", "given_up", "skipped"]
KeptState = Literal["on", "off", "disabled"]


class EndpointShown(Shown):
    """An address that receives events. `reason` says why it was disabled."""

    id: EndpointId
    address: str
    description: str
    events: list[EventOrTest]
    state: KeptState
    state_at: MomentShown
    reason: str
    waiting: int = Field(description="Deliveries that are to be sent.")
    missed: int = Field(description="Deliveries of the last 7 days that were not taken.")
    last_success_at: MomentShown | None
    secret_at: MomentShown = Field(description="When its secret was made.")
    created_at: MomentShown
    changed_at: MomentShown


class EndpointWithSecret(EndpointShown):
    """The secret is shown here and never again. In a repeated answer it is null."""

    secret: str | None


class EndpointDeleted(Shown):
    id: EndpointId
    outcome: Literal["deleted"] = "deleted"


class NewEndpoint(Sent):
    address: Address
    events: Events = []
    description: Description = ""


class EndpointChange(Sent):
    address: Address | None = None
    events: Events | None = None
    description: Description | None = None


class SentAgainSince(Sent):
    """All that happened since then, or only what was not delivered. The oldest come first.

    One request sends 50,000 again at most, and says how many are left and since when.
    """

    since: Moment
    only_missed: bool = True


class ChosenDeliveries(Sent):
    deliveries: Annotated[list[DeliveryId], Field(min_length=1, max_length=MAX_ROWS_RUN_AT_ONCE)]


class SentAgain(Shown):
    """How many will be sent again, and how many can't be, by the reason."""

    changed: int
    without_body: int = Field(description="Their bodies are deleted after 30 days.")
    not_on: int = Field(description="Their endpoint is off or disabled.")
    busy: int = Field(description="They are being sent now.")
    left: int = Field(description="There are more than one request sends again; these are next.")
    go_on_since: MomentShown | None = Field(
        description="If some are left: the `since` of the next request, which begins with them."
    )


class DeliveryShown(Shown):
    """One event for one endpoint. `about` is the id of what it is about."""

    id: DeliveryId
    endpoint: EndpointId
    event: EventOrTest
    about: str
    sequence: int = Field(description="Counts the endpoint's deliveries about that, from 1.")
    webhook_id: str = Field(description="The header webhook-id, the same in all attempts.")
    state: State
    reason: str
    attempts: int
    happened_at: MomentShown
    created_at: MomentShown
    next_attempt_at: MomentShown | None
    settled_at: MomentShown | None


class AttemptShown(Shown):
    """One attempt. Without a status there was no answer, and `error` says why."""

    number: int
    at: MomentShown
    milliseconds: int
    status: int | None
    answer: str
    error: str


class DeliveryWhole(DeliveryShown):
    """A delivery with its body as text and its attempts, the last one first, for 30 days."""

    body: str
    tried: list[AttemptShown]


class AskedEndpoints(AskedPage):
    pass


class AskedDeliveries(AskedPage):
    endpoint: str = asked_id(IdKind.ENDPOINT)
    state: State | Literal[""] = ""
    event: AnyEvent = ""
    search: str = Field("", max_length=200, description="A webhook_id, or the id of a thing.")
