"""Receive: the HTTP side of orders and refunds. One result is returned for each.

`Intake` holds the differences between orders and refunds. `tracking.orders.reading` parses them and
`tracking.orders.recording` stores them; this module turns the results into HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from itertools import islice
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import ApiKey
from api.authentication import key_of
from api.bodies import Batch, batch_of, one_of, read_json
from api.problems import ApiError, as_json, document, invalid, refuse
from api.rate_limit import spend
from core.tenancy import acting_for
from tracking.orders.facts import FieldProblem, OrderFacts, RefundFacts
from tracking.orders.reading import InputError, read_order, read_refund
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds
from tracking.orders.results import RecordingResult, RecordingStatus

F = TypeVar("F", OrderFacts, RefundFacts)


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


@dataclass(frozen=True, slots=True)
class Sent(Generic[F]):
    """What one request sends: the facts of its items, and why others can't be read, by place."""

    batch: Batch
    facts: dict[int, F]
    refused: dict[int, ApiError]


def receive(request: HttpRequest, intake: Intake[F]) -> HttpResponse:
    """Record the items of an authenticated request, and return the answer. Raises ApiError.

    PUT states recorded ones anew.
    """
    return _receive(request, intake, batch_of(read_json(request), many=intake.many))


def receive_at(request: HttpRequest, intake: Intake[F], *, source: str, name: str) -> HttpResponse:
    """The same for one item, whose source and id are in the address."""
    sent = read_json(request)
    return _receive(
        request, intake, one_of(sent, identity=intake.identity, source=source, name=name)
    )


def _receive(request: HttpRequest, intake: Intake[F], batch: Batch) -> HttpResponse:
    key = key_of(request)
    spend(request, key, len(batch.items) - 1)
    [answer] = answer_all(
        intake, [read_items(intake, batch)], key=key, anew=request.method == "PUT"
    )
    return answer


def read_items(intake: Intake[F], batch: Batch) -> Sent[F]:
    """Read each item of a batch. One that can't be read does not stop the others."""
    sent: Sent[F] = Sent(batch, {}, {})
    for index, raw in enumerate(batch.items):
        try:
            sent.facts[index] = _read(intake, raw, batch)
        except InputError as error:
            sent.refused[index] = invalid(error.problems, **_name(intake, raw))
    return sent


def answer_all(
    intake: Intake[F], requests: Sequence[Sent[F]], *, key: ApiKey, anew: bool
) -> list[HttpResponse]:
    """Record what requests of one source send, in one transaction, and answer each of them.

    `anew` states recorded ones anew.
    """
    source = requests[0].batch.source
    facts = [one for sent in requests for one in sent.facts.values()]
    outcomes: Iterable[RecordingResult] = ()
    if facts:
        with acting_for(key.brand):
            outcomes = intake.record(source, facts, anew, Actor.of_api_key(key), timezone.now())
    each = iter(outcomes)
    return [_answer(intake, sent, list(islice(each, len(sent.facts)))) for sent in requests]


def _answer(intake: Intake[F], sent: Sent[F], outcomes: Sequence[RecordingResult]) -> HttpResponse:
    results: dict[int, dict[str, Any] | ApiError] = {**sent.refused}
    for index, outcome in zip(sent.facts, outcomes, strict=True):
        results[index] = _result(intake, outcome, sent.batch.source)
    if not sent.batch.is_single:
        return JsonResponse({"results": [_in_batch(n, results[n]) for n in sorted(results)]})
    result = results[0]
    if isinstance(result, ApiError):
        return refuse(result)
    return JsonResponse(result, status=_status(result))


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
