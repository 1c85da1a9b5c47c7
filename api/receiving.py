"""Receive: the HTTP side of orders and refunds. One result is returned for each.

`Intake` holds the differences between orders and refunds. `tracking.orders.reading` parses them and
`tracking.orders.recording` stores them; this module turns the results into HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from accounts.actors import Actor
from api.authentication import actor_of, key_of
from api.bodies import Batch, read_batch, read_one
from api.problems import ApiError, as_json, document, invalid, refuse
from api.rate_limit import spend
from core.tenancy import acting_for
from core.together import do_together
from tracking.orders.facts import FieldProblem, OrderFacts, RefundFacts
from tracking.orders.reading import InputError, read_order, read_refund
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds
from tracking.orders.results import RecordingResult, RecordingStatus

F = TypeVar("F", OrderFacts, RefundFacts)
Recorder = Callable[[Sequence[F]], list[RecordingResult]]


@dataclass(frozen=True, slots=True)
class Intake(Generic[F]):
    """Orders or refunds. `many` is the key of a list, `identity` the field with the id.

    `record` takes whether recorded ones are stated anew. `lines` counts the lines of one.
    """

    many: str
    identity: str
    read: Callable[[Any], F]
    record: Callable[[str, Sequence[F], bool, Actor, datetime], list[RecordingResult]]
    lines: Callable[[F], int]


ORDERS = Intake(
    many="orders",
    identity="order_id",
    read=partial(read_order, strictly=True),
    record=lambda source, orders, anew, by, now: record_orders(
        source=source, orders=orders, revising=anew, by=by, now=now
    ),
    lines=lambda order: len(order.lines),
)
REFUNDS = Intake(
    many="refunds",
    identity="refund_id",
    read=partial(read_refund, strictly=True),
    record=lambda source, refunds, anew, by, now: record_refunds(
        source=source, refunds=refunds, replacing=anew, by=by, now=now
    ),
    lines=lambda refund: 1 + len(refund.parts),
)
ANSWERED_WITH = {
    RecordingStatus.RECORDED: HTTPStatus.CREATED,
    RecordingStatus.UNATTRIBUTED: HTTPStatus.CREATED,
    RecordingStatus.PARKED: HTTPStatus.ACCEPTED,
    RecordingStatus.DUPLICATE: HTTPStatus.OK,
    RecordingStatus.REVISED: HTTPStatus.OK,
    RecordingStatus.SUPERSEDED: HTTPStatus.OK,
    RecordingStatus.REPLACED: HTTPStatus.OK,
}


def receive(request: HttpRequest, intake: Intake[F]) -> HttpResponse:
    """Record the items of an authenticated request, and return the answer. Raises ApiError.

    PUT states recorded ones anew.
    """
    return _answer(request, intake, read_batch(request, many=intake.many))


def receive_at(request: HttpRequest, intake: Intake[F], *, source: str, name: str) -> HttpResponse:
    """The same for one item, whose source and id are in the address."""
    return _answer(
        request, intake, read_one(request, identity=intake.identity, source=source, name=name)
    )


def _answer(request: HttpRequest, intake: Intake[F], batch: Batch) -> HttpResponse:
    key = key_of(request)
    spend(request, key, len(batch.items) - 1)
    with acting_for(key.brand):
        results = _record(intake, batch, _recorder(request, intake, batch))
    if not batch.is_single:
        return JsonResponse({"results": [_in_batch(n, one) for n, one in enumerate(results)]})
    result = results[0]
    if isinstance(result, ApiError):
        return refuse(result)
    return JsonResponse(result, status=_status(result))


def _recorder(request: HttpRequest, intake: Intake[F], batch: Batch) -> Recorder[F]:
    """What records the items. One by itself is recorded together with others of its shop."""
    key, anew = key_of(request), request.method == "PUT"
    by, now = actor_of(request), timezone.now()

    def record(items: Sequence[F]) -> list[RecordingResult]:
        return intake.record(batch.source, items, anew, by, now)

    def record_one(items: Sequence[F]) -> list[RecordingResult]:
        [item] = items
        group = (intake.many, key.pk, batch.source, anew)
        return [do_together(group, item, do=record, size=intake.lines(item))]

    return record_one if batch.is_single else record


def _record(
    intake: Intake[F], batch: Batch, record: Recorder[F]
) -> list[dict[str, Any] | ApiError]:
    """One result per item, in sequence. An item that can't be read does not stop the others."""
    results: dict[int, dict[str, Any] | ApiError] = {}
    facts: dict[int, F] = {}
    for index, raw in enumerate(batch.items):
        try:
            facts[index] = _read(intake, raw, batch)
        except InputError as error:
            results[index] = invalid(error.problems, **_name(intake, raw))
    outcomes = record(list(facts.values())) if facts else []
    for index, outcome in zip(facts, outcomes, strict=True):
        results[index] = _result(intake, outcome, batch.source)
    return [results[index] for index in range(len(batch.items))]


def _read(intake: Intake[F], raw: Any, batch: Batch) -> F:
    if not batch.is_single and isinstance(raw, Mapping) and "source" in raw:
        message = f"must be beside {intake.many}, once for all of them"
        raise InputError(FieldProblem("source", "misplaced", message))
    return intake.read(raw)


def _name(intake: Intake[F], raw: Any) -> dict[str, str]:
    """The id of an item that can't be read, if it has one."""
    name = raw.get(intake.identity) if isinstance(raw, Mapping) else None
    return {intake.identity: name} if isinstance(name, str) else {}


def _result(intake: Intake[F], outcome: RecordingResult, source: str) -> dict[str, Any] | ApiError:
    name = {intake.identity: outcome.external_id, "source": source}
    if outcome.is_accepted:
        reasons = [as_json(problem) for problem in outcome.problems]
        applied = {} if outcome.applied is None else {"applied": outcome.applied.plain()}
        return {**name, "outcome": outcome.status.value, **applied, "reasons": reasons}
    if outcome.status is RecordingStatus.REFUSED:
        return invalid(outcome.problems, **name)
    address = f"/api/v1/{intake.many}/{source}/{quote(outcome.external_id)}"
    return ApiError(
        HTTPStatus.CONFLICT,
        "recorded_differently",
        f"{outcome.problems[0].message}. If this is its state now, PUT it to {address}.",
        problems=outcome.problems,
        more={**name, "recorded": outcome.recorded, "received": outcome.received},
    )


def _status(accepted: Mapping[str, Any]) -> int:
    return ANSWERED_WITH[RecordingStatus(accepted["outcome"])]


def _in_batch(index: int, result: dict[str, Any] | ApiError) -> dict[str, Any]:
    if isinstance(result, ApiError):
        return {"index": index, "status": result.status, "problem": document(result)}
    return {"index": index, "status": _status(result), **result}
