"""Webhooks. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NotRequired, TypedDict, Unpack

from tributary_client.calling import Caller, quoted


class AttemptShown(TypedDict):
    """One attempt. Without a status there was no answer, and `error` says why."""

    number: int
    at: str
    milliseconds: int
    status: int | None
    answer: str
    error: str


class ChosenDeliveries(TypedDict):
    deliveries: list[str]


class DeliveryShown(TypedDict):
    """One event for one endpoint. `about` is the id of what it is about."""

    id: str
    endpoint: str
    event: Literal[
        "balance.adjusted",
        "clicks.credited",
        "conversion.changed",
        "conversion.recorded",
        "flag.decided",
        "flag.raised",
        "member.joined",
        "member.left",
        "order.recorded",
        "order.refunded",
        "order.revised",
        "payout.changed",
        "payout_run.changed",
        "terms.changed",
        "terms.withdrawn",
        "webhook.test",
    ]
    about: str
    sequence: int
    webhook_id: str
    state: Literal["pending", "failed", "delivered", "given_up", "skipped"]
    reason: str
    attempts: int
    happened_at: str
    created_at: str
    next_attempt_at: str | None
    settled_at: str | None


class DeliveryWhole(TypedDict):
    """A delivery with its body as text and its attempts, the last one first, for 30 days."""

    id: str
    endpoint: str
    event: Literal[
        "balance.adjusted",
        "clicks.credited",
        "conversion.changed",
        "conversion.recorded",
        "flag.decided",
        "flag.raised",
        "member.joined",
        "member.left",
        "order.recorded",
        "order.refunded",
        "order.revised",
        "payout.changed",
        "payout_run.changed",
        "terms.changed",
        "terms.withdrawn",
        "webhook.test",
    ]
    about: str
    sequence: int
    webhook_id: str
    state: Literal["pending", "failed", "delivered", "given_up", "skipped"]
    reason: str
    attempts: int
    happened_at: str
    created_at: str
    next_attempt_at: str | None
    settled_at: str | None
    body: str
    tried: list[AttemptShown]


class EndpointChange(TypedDict):
    address: NotRequired[str | None]
    events: NotRequired[
        list[
            Literal[
                "balance.adjusted",
                "clicks.credited",
                "conversion.changed",
                "conversion.recorded",
                "flag.decided",
                "flag.raised",
                "member.joined",
                "member.left",
                "order.recorded",
                "order.refunded",
                "order.revised",
                "payout.changed",
                "payout_run.changed",
                "terms.changed",
                "terms.withdrawn",
            ]
        ]
        | None
    ]
    description: NotRequired[str | None]


class EndpointDeleted(TypedDict):
    id: str
    outcome: NotRequired[Literal["deleted"]]


class EndpointShown(TypedDict):
    """An address that receives events. `reason` says why it was disabled."""

    id: str
    address: str
    description: str
    events: list[
        Literal[
            "balance.adjusted",
            "clicks.credited",
            "conversion.changed",
            "conversion.recorded",
            "flag.decided",
            "flag.raised",
            "member.joined",
            "member.left",
            "order.recorded",
            "order.refunded",
            "order.revised",
            "payout.changed",
            "payout_run.changed",
            "terms.changed",
            "terms.withdrawn",
            "webhook.test",
        ]
    ]
    state: Literal["on", "off", "disabled"]
    state_at: str
    reason: str
    waiting: int
    missed: int
    last_success_at: str | None
    secret_at: str
    created_at: str
    changed_at: str


class EndpointWithSecret(TypedDict):
    """The secret is shown here and never again. In a repeated answer it is null."""

    id: str
    address: str
    description: str
    events: list[
        Literal[
            "balance.adjusted",
            "clicks.credited",
            "conversion.changed",
            "conversion.recorded",
            "flag.decided",
            "flag.raised",
            "member.joined",
            "member.left",
            "order.recorded",
            "order.refunded",
            "order.revised",
            "payout.changed",
            "payout_run.changed",
            "terms.changed",
            "terms.withdrawn",
            "webhook.test",
        ]
    ]
    state: Literal["on", "off", "disabled"]
    state_at: str
    reason: str
    waiting: int
    missed: int
    last_success_at: str | None
    secret_at: str
    created_at: str
    changed_at: str
    secret: str | None


class NewEndpoint(TypedDict):
    address: str
    events: NotRequired[
        list[
            Literal[
                "balance.adjusted",
                "clicks.credited",
                "conversion.changed",
                "conversion.recorded",
                "flag.decided",
                "flag.raised",
                "member.joined",
                "member.left",
                "order.recorded",
                "order.refunded",
                "order.revised",
                "payout.changed",
                "payout_run.changed",
                "terms.changed",
                "terms.withdrawn",
            ]
        ]
    ]
    description: NotRequired[str]


class SentAgain(TypedDict):
    """How many will be sent again, and how many can't be, by the reason."""

    changed: int
    without_body: int
    not_on: int
    busy: int
    left: int
    go_on_since: str | None


class SentAgainSince(TypedDict):
    """All that happened since then, or only what was not delivered. The oldest come first. One
    request sends 50,000 again at most, and says how many are left and since when.
    """

    since: str
    only_missed: NotRequired[bool]


class Webhooks(Caller):
    """The operations on webhooks."""

    def list_endpoints(
        self,
        *,
        created_since: str | None = None,
        created_before: str | None = None,
    ) -> Iterator[EndpointShown]:
        """GET /api/v1/webhook-endpoints: Return the endpoints of webhooks, those added last
        first.
        """
        return self.pages(
            "/api/v1/webhook-endpoints",
            asked={
                "created_since": created_since,
                "created_before": created_before,
            },
        )

    def add_endpoint(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[NewEndpoint],
    ) -> EndpointWithSecret:
        """POST /api/v1/webhook-endpoints: Add an endpoint, which is on from now on. Only this
        answer shows its secret.
        """
        answer: EndpointWithSecret = self.call(
            "POST",
            "/api/v1/webhook-endpoints",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def list_deliveries(
        self,
        *,
        created_since: str | None = None,
        created_before: str | None = None,
        endpoint: str | None = None,
        state: Literal["pending", "failed", "delivered", "given_up", "skipped"] | None = None,
        event: Literal[
            "",
            "balance.adjusted",
            "clicks.credited",
            "conversion.changed",
            "conversion.recorded",
            "flag.decided",
            "flag.raised",
            "member.joined",
            "member.left",
            "order.recorded",
            "order.refunded",
            "order.revised",
            "payout.changed",
            "payout_run.changed",
            "terms.changed",
            "terms.withdrawn",
            "webhook.test",
        ]
        | None = None,
        search: str | None = None,
    ) -> Iterator[DeliveryShown]:
        """GET /api/v1/webhook-deliveries: Return what was sent or is to be sent, the last first."""
        return self.pages(
            "/api/v1/webhook-deliveries",
            asked={
                "created_since": created_since,
                "created_before": created_before,
                "endpoint": endpoint,
                "state": state,
                "event": event,
                "search": search,
            },
        )

    def send_deliveries_again(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[ChosenDeliveries],
    ) -> SentAgain:
        """POST /api/v1/webhook-deliveries/send-again: Send deliveries again, each with the id
        and the number that it had.
        """
        answer: SentAgain = self.call(
            "POST",
            "/api/v1/webhook-deliveries/send-again",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_endpoint(
        self,
        endpoint: str,
    ) -> EndpointShown:
        """GET /api/v1/webhook-endpoints/{endpoint}: Return one endpoint."""
        answer: EndpointShown = self.call(
            "GET",
            f"/api/v1/webhook-endpoints/{quoted(endpoint)}",
        )
        return answer

    def change_endpoint(
        self,
        endpoint: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[EndpointChange],
    ) -> EndpointShown:
        """PATCH /api/v1/webhook-endpoints/{endpoint}: Change where an endpoint is and what it
        receives. What waits goes to the new address.
        """
        answer: EndpointShown = self.call(
            "PATCH",
            f"/api/v1/webhook-endpoints/{quoted(endpoint)}",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def delete_endpoint(
        self,
        endpoint: str,
    ) -> EndpointDeleted:
        """DELETE /api/v1/webhook-endpoints/{endpoint}: Delete an endpoint and its deliveries.
        Nothing is sent to it any more.
        """
        answer: EndpointDeleted = self.call(
            "DELETE",
            f"/api/v1/webhook-endpoints/{quoted(endpoint)}",
            deleted={"id": endpoint, "outcome": "deleted"},
        )
        return answer

    def turn_endpoint_on(
        self,
        endpoint: str,
        *,
        idempotency_key: str = "",
    ) -> EndpointShown:
        """POST /api/v1/webhook-endpoints/{endpoint}/on: Send to an endpoint again, also after it
        was disabled. What it missed is not sent.
        """
        answer: EndpointShown = self.call(
            "POST",
            f"/api/v1/webhook-endpoints/{quoted(endpoint)}/on",
            idempotency_key=idempotency_key,
        )
        return answer

    def turn_endpoint_off(
        self,
        endpoint: str,
        *,
        idempotency_key: str = "",
    ) -> EndpointShown:
        """POST /api/v1/webhook-endpoints/{endpoint}/off: Send nothing to an endpoint. What
        happens meanwhile is listed as skipped.
        """
        answer: EndpointShown = self.call(
            "POST",
            f"/api/v1/webhook-endpoints/{quoted(endpoint)}/off",
            idempotency_key=idempotency_key,
        )
        return answer

    def rotate_secret_of_endpoint(
        self,
        endpoint: str,
        *,
        idempotency_key: str = "",
    ) -> EndpointWithSecret:
        """POST /api/v1/webhook-endpoints/{endpoint}/secret: Make a new secret, which only this
        answer shows. For a day the former one signs beside it. A secret can be changed three
        times within a day.
        """
        answer: EndpointWithSecret = self.call(
            "POST",
            f"/api/v1/webhook-endpoints/{quoted(endpoint)}/secret",
            idempotency_key=idempotency_key,
        )
        return answer

    def send_test_to_endpoint(
        self,
        endpoint: str,
        *,
        idempotency_key: str = "",
    ) -> DeliveryShown:
        """POST /api/v1/webhook-endpoints/{endpoint}/test: Send a test event. What came of it is
        in its delivery.
        """
        answer: DeliveryShown = self.call(
            "POST",
            f"/api/v1/webhook-endpoints/{quoted(endpoint)}/test",
            idempotency_key=idempotency_key,
        )
        return answer

    def send_again_to_endpoint(
        self,
        endpoint: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[SentAgainSince],
    ) -> SentAgain:
        """POST /api/v1/webhook-endpoints/{endpoint}/send-again: Send again what happened since a
        time, each with the id and the number that it had.
        """
        answer: SentAgain = self.call(
            "POST",
            f"/api/v1/webhook-endpoints/{quoted(endpoint)}/send-again",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_delivery(
        self,
        delivery: str,
    ) -> DeliveryWhole:
        """GET /api/v1/webhook-deliveries/{delivery}: Return one delivery with its body and its
        attempts.
        """
        answer: DeliveryWhole = self.call(
            "GET",
            f"/api/v1/webhook-deliveries/{quoted(delivery)}",
        )
        return answer
