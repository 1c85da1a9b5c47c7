"""Webhooks: their endpoints, what was sent to them, and sending it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query

from api.authentication import Scope, actor_of
from api.idempotency import show_once
from api.problems import invalid
from api.resources.operations import Noun
from api.resources.reading import filter_id, ids_named, page_of, row_at, shown_id
from api.resources.refusing import not_possible_now
from api.schemas.parts import Page, moment, moment_or_none
from api.schemas.webhooks import (
    AskedDeliveries,
    AskedEndpoints,
    AttemptShown,
    ChosenDeliveries,
    DeliveryShown,
    DeliveryWhole,
    EndpointChange,
    EndpointDeleted,
    EndpointShown,
    EndpointWithSecret,
    NewEndpoint,
    SentAgain,
    SentAgainSince,
)
from core.public_ids import IdKind
from tracking.orders.facts import FieldProblem
from webhooks import endpoints as services
from webhooks.endpoints import NewSecret
from webhooks.models import Delivery, Endpoint
from webhooks.redelivering import Redelivered, redeliver, send_again_since
from webhooks.selectors import (
    attempts_of,
    body_of_delivery,
    deliveries,
    endpoints,
    healths_of,
)

NOUN = Noun("webhooks", changes=Scope.WEBHOOKS)


@NOUN.get("/webhook-endpoints", Page[EndpointShown])
def list_endpoints(request: HttpRequest, asked: Query[AskedEndpoints]) -> Page[EndpointShown]:
    """Return the endpoints of webhooks, those added last first."""
    return page_of(request, asked, endpoints(), column="created_at", show=_endpoints)


@NOUN.get("/webhook-endpoints/{endpoint}", EndpointShown)
def show_endpoint(request: HttpRequest, endpoint: str) -> EndpointShown:
    """Return one endpoint."""
    return _one(_at(endpoint))


@NOUN.post("/webhook-endpoints", EndpointWithSecret, status=201)
def add_endpoint(request: HttpRequest, sent: NewEndpoint) -> EndpointWithSecret:
    """Add an endpoint, which is on from now on. Only this answer shows its secret."""
    made = services.add_endpoint(
        address=sent.address,
        events=sent.events,
        description=sent.description,
        by=actor_of(request),
        now=timezone.now(),
    )
    return _with_secret(request, made)


@NOUN.patch("/webhook-endpoints/{endpoint}", EndpointShown, conflicts=False, versioned=False)
def change_endpoint(request: HttpRequest, endpoint: str, sent: EndpointChange) -> EndpointShown:
    """Change where an endpoint is and what it receives. What waits goes to the new address."""
    changed = services.change_endpoint(
        endpoint=_at(endpoint),
        address=sent.address,
        events=sent.events,
        description=sent.description,
        by=actor_of(request),
        now=timezone.now(),
    )
    return _one(changed)


@NOUN.delete("/webhook-endpoints/{endpoint}", EndpointDeleted)
def delete_endpoint(request: HttpRequest, endpoint: str) -> EndpointDeleted:
    """Delete an endpoint and its deliveries. Nothing is sent to it any more."""
    services.delete_endpoint(endpoint=_at(endpoint), by=actor_of(request), now=timezone.now())
    return EndpointDeleted(id=endpoint)


@NOUN.post("/webhook-endpoints/{endpoint}/on", EndpointShown)
def turn_endpoint_on(request: HttpRequest, endpoint: str) -> EndpointShown:
    """Send to an endpoint again, also after it was disabled. What it missed is not sent."""
    row = services.switch_on(endpoint=_at(endpoint), by=actor_of(request), now=timezone.now())
    return _one(row)


@NOUN.post("/webhook-endpoints/{endpoint}/off", EndpointShown)
def turn_endpoint_off(request: HttpRequest, endpoint: str) -> EndpointShown:
    """Send nothing to an endpoint. What happens meanwhile is listed as skipped."""
    row = services.switch_off(endpoint=_at(endpoint), by=actor_of(request), now=timezone.now())
    return _one(row)


@NOUN.post("/webhook-endpoints/{endpoint}/secret", EndpointWithSecret)
def rotate_secret_of_endpoint(request: HttpRequest, endpoint: str) -> EndpointWithSecret:
    """Make a new secret, which only this answer shows. For a day the former one signs beside it.

    A secret can be changed three times within a day.
    """
    made = services.rotate_secret(endpoint=_at(endpoint), by=actor_of(request), now=timezone.now())
    return _with_secret(request, made)


@NOUN.post("/webhook-endpoints/{endpoint}/test", DeliveryShown, status=201, conflicts=True)
def send_test_to_endpoint(request: HttpRequest, endpoint: str) -> DeliveryShown:
    """Send a test event. What came of it is in its delivery."""
    row = _that_is_on(endpoint)
    sent = services.send_test(endpoint=row, by=actor_of(request), now=timezone.now())
    return _shown(sent)


@NOUN.post("/webhook-endpoints/{endpoint}/send-again", SentAgain, conflicts=True)
def send_again_to_endpoint(request: HttpRequest, endpoint: str, sent: SentAgainSince) -> SentAgain:
    """Send again what happened since a time, each with the id and the number that it had."""
    row, now = _that_is_on(endpoint), timezone.now()
    if sent.since > now:
        raise invalid([FieldProblem("since", "in_the_future", "must be a time that has passed")])
    done = send_again_since(
        endpoint=row,
        since=sent.since,
        only_missed=sent.only_missed,
        by=actor_of(request),
        now=now,
    )
    return _again(done)


@NOUN.get("/webhook-deliveries", Page[DeliveryShown])
def list_deliveries(request: HttpRequest, asked: Query[AskedDeliveries]) -> Page[DeliveryShown]:
    """Return what was sent or is to be sent, the last first."""
    found = deliveries(
        endpoint=filter_id(IdKind.ENDPOINT, asked, "endpoint"),
        state=asked.state,
        event=asked.event,
        search=asked.search,
    )
    return page_of(
        request, asked, found, column="created_at", show=lambda rows: [*map(_shown, rows)]
    )


@NOUN.get("/webhook-deliveries/{delivery}", DeliveryWhole)
def show_delivery(request: HttpRequest, delivery: str) -> DeliveryWhole:
    """Return one delivery with its body and its attempts."""
    row = row_at(IdKind.DELIVERY, delivery, deliveries())
    tried = [
        AttemptShown(
            number=one.number,
            at=moment(one.at),
            milliseconds=one.milliseconds,
            status=one.status,
            answer=one.answer,
            error=one.error,
        )
        for one in attempts_of(row)
    ]
    return DeliveryWhole(**dict(_shown(row)), body=body_of_delivery(row), tried=tried)


@NOUN.post("/webhook-deliveries/send-again", SentAgain)
def send_deliveries_again(request: HttpRequest, sent: ChosenDeliveries) -> SentAgain:
    """Send deliveries again, each with the id and the number that it had."""
    ids = ids_named(IdKind.DELIVERY, sent.deliveries, deliveries(), field="deliveries")
    chosen: QuerySet[Delivery] = Delivery.objects.filter(pk__in=ids)
    return _again(redeliver(deliveries=chosen, by=actor_of(request), now=timezone.now()))


def _at(endpoint: str) -> Endpoint:
    return row_at(IdKind.ENDPOINT, endpoint, endpoints())


def _that_is_on(endpoint: str) -> Endpoint:
    row = _at(endpoint)
    if not row.is_on:
        raise not_possible_now("Turn the endpoint on first.", current=_one(row))
    return row


def _with_secret(request: HttpRequest, made: NewSecret) -> EndpointWithSecret:
    show_once(request, "secret")
    return EndpointWithSecret(**dict(_one(made.endpoint)), secret=made.secret)


def _again(done: Redelivered) -> SentAgain:
    return SentAgain(
        changed=done.deliveries,
        without_body=done.without_body,
        not_on=done.not_on,
        busy=done.busy,
        left=done.left,
        go_on_since=moment_or_none(done.go_on_since),
    )


def _one(row: Endpoint) -> EndpointShown:
    return _endpoints([row])[0]


def _endpoints(rows: Sequence[Endpoint]) -> list[EndpointShown]:
    return [
        EndpointShown(
            id=shown_id(IdKind.ENDPOINT, row.endpoint.pk),
            address=row.endpoint.address,
            description=row.endpoint.description,
            events=cast("Any", list(row.endpoint.events)),
            state=cast("Any", str(row.endpoint.state)),
            state_at=moment(row.endpoint.state_at),
            reason=row.endpoint.reason,
            waiting=row.waiting,
            missed=row.missed,
            last_success_at=moment_or_none(row.endpoint.last_success_at),
            secret_at=moment(row.endpoint.secret_at),
            created_at=moment(row.endpoint.created_at),
            changed_at=moment(row.endpoint.changed_at),
        )
        for row in healths_of(list(rows), now=timezone.now())
    ]


def _shown(row: Delivery) -> DeliveryShown:
    return DeliveryShown(
        id=shown_id(IdKind.DELIVERY, row.pk),
        endpoint=shown_id(IdKind.ENDPOINT, row.endpoint_id),
        event=cast("Any", row.event),
        about=row.about,
        sequence=row.sequence,
        webhook_id=row.message_id,
        state=cast("Any", str(row.state)),
        reason=row.reason,
        attempts=row.attempts,
        happened_at=moment(row.happened_at),
        created_at=moment(row.created_at),
        next_attempt_at=moment_or_none(row.next_attempt_at),
        settled_at=moment_or_none(row.settled_at),
    )
