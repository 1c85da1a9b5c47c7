"""/api/v1/script/orders and /api/v1/postback: orders from browsers, and from called addresses."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import NinjaAPI, Schema

from api import documents
from api.authentication import actor_of, key_of
from api.bodies import read_object
from api.order_key import PostbackKey, PublishableKey, check_size
from api.problems import ApiError, as_json, invalid, refuse
from core.tenancy import acting_for
from tracking.orders import postbacks, script_orders
from tracking.orders.facts import MAX_PROBLEMS, FieldProblem
from tracking.orders.fields import Field, object_schema
from tracking.orders.postbacks import PostbackResult, record_postback
from tracking.orders.reading import InputError
from tracking.orders.results import RecordingResult, RecordingStatus
from tracking.orders.script_orders import record_script_order

PLAIN_TEXT = "text/plain"  # a browser sends it to another host without asking first
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
FORMAT, KEY, IMAGE = "format", "key", "gif"
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
# The address holds a key: it must not be kept, nor told to another server.
OF_A_KEY = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "content-type",
    "Access-Control-Max-Age": "7200",
}
TAG = "script and postback"


class OrderReceived(Schema):
    """The order was read. What became of it is told to the brand alone."""

    order_id: str
    outcome: Literal["received"]


class PostbackRefund(Schema):
    """What a refund took from its order."""

    outcome: str
    applied: str | None
    reasons: list[documents.Reason]


class PostbackTaken(Schema):
    """`ignored` names the parameters that we don't know. `refund` is there with status=refunded."""

    order_id: str
    source: str
    outcome: Literal["recorded", "unattributed", "duplicate", "revised", "superseded"]
    reasons: list[documents.Reason]
    ignored: list[str]
    refund: PostbackRefund | None = None


def report_order(request: HttpRequest) -> HttpResponse:
    """Report an order from a page of the shop, as `trb.order()` of the page script does.

    It is recorded once, with the source "script" and the time at which it was first reported. As
    anybody can read the key, such an order waits for review, unless staff said that the key is to
    be trusted. It never changes a recorded order. The answer does not say what is recorded.
    """
    check_size(request)
    key = key_of(request)
    sent = read_object(request, also=(PLAIN_TEXT,))
    with acting_for(key.brand):
        try:
            result = record_script_order(
                sent=sent, is_trusted=key.is_trusted, by=actor_of(request), now=timezone.now()
            )
        except InputError as error:
            raise invalid(error.problems) from None
    received = {"order_id": result.external_id, "outcome": "received"}
    return JsonResponse(received, status=HTTPStatus.ACCEPTED, headers=OF_A_KEY)


def may_report(request: HttpRequest) -> HttpResponse:
    """Answer a browser that asks whether its page may report orders with this key."""
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=PREFLIGHT | OF_A_KEY)


def postback(request: HttpRequest) -> HttpResponse:
    """Record an order, or what became of one, with parameters of the address or of a form.

    For systems that can only call an address. Source and order_id identify an order, and it is
    recorded once. Called again with `status`, it says what the order is now; called again with
    another amount and no status, it is refused (409). Parameters that we don't know are named in
    the answer and change nothing. With format=gif the answer is an image of one pixel.
    """
    try:
        answer: HttpResponse = JsonResponse(_postback(request))
    except ApiError as error:
        answer = refuse(error)
    if request.GET.get(FORMAT) == IMAGE:
        answer = HttpResponse(GIF, content_type="image/gif", status=answer.status_code)
    for name, value in OF_A_KEY.items():
        answer.headers[name] = value
    return answer


def _postback(request: HttpRequest) -> dict[str, Any]:
    sent = _parameters(request)
    request.sent_json = sent  # type: ignore[attr-defined]  # for api.request_log
    with acting_for(key_of(request).brand):
        try:
            result = record_postback(sent=sent, by=actor_of(request), now=timezone.now())
        except InputError as error:
            raise invalid(error.problems) from None
    return _taken(result, ignored=sent.keys() - postbacks.NAMES)


def _parameters(request: HttpRequest) -> dict[str, str]:
    """The parameters, without key and format, each once. Raises ApiError."""
    given = list(request.GET.lists())
    if request.method == "POST":
        if request.content_type not in FORMS and request.META.get("CONTENT_LENGTH", "0") != "0":
            raise ApiError(415, "not_a_form", "The body must be a form, or be empty.")
        given += request.POST.lists()
    found: dict[str, str] = {}
    twice: dict[str, None] = {}
    for name, values in given:
        if name in found or len(values) != 1:
            twice[name] = None
        found[name] = str(values[-1]) if values else ""
    if twice:
        listed = [FieldProblem(name[:60], "duplicate", "stands twice") for name in twice]
        raise invalid(listed[:MAX_PROBLEMS])
    return {name: value for name, value in found.items() if name not in (FORMAT, KEY)}


def _taken(result: PostbackResult, *, ignored: Iterable[str]) -> dict[str, Any]:
    """The answer. Raises ApiError for what contradicts what is recorded."""
    _check(result.order, how="add status=approved")
    taken = {
        "order_id": result.order.external_id,
        "source": result.source,
        "outcome": result.order.status.value,
        "reasons": [as_json(problem) for problem in result.order.problems],
        "ignored": [name[:60] for name in sorted(ignored)][:MAX_PROBLEMS],
    }
    if result.refund is None:
        return taken
    _check(result.refund, how="give this refund another refund_id")
    applied = result.refund.applied
    refund = {
        "outcome": result.refund.status.value,
        "applied": None if applied is None else applied.plain(),
        "reasons": [as_json(problem) for problem in result.refund.problems],
    }
    return taken | {"refund": refund}


def _check(result: RecordingResult, *, how: str) -> None:
    if result.status is RecordingStatus.REFUSED:
        raise invalid(result.problems)
    if result.status is RecordingStatus.CONFLICT:
        raise ApiError(
            409,
            "recorded_differently",
            f"{result.problems[0].message}. If it is so now, {how}.",
            problems=result.problems,
        )


def _parameter(field: Field[Any]) -> dict[str, Any]:
    """Describe a parameter: it is a text, whatever else its field may be in JSON."""
    schema = {"type": "string", "description": field.description}
    return {"name": field.name, "in": "query", "required": field.required, "schema": schema}


REPORTED = {"schema": object_schema(script_orders.FIELDS)}
REPORT = {
    "requestBody": {"content": {"application/json": REPORTED, PLAIN_TEXT: REPORTED}},
    "responses": documents.refusals(400, 401, 403, 405, 413, 415, 422, 429, 500),
}
PARAMETERS = [_parameter(field) for field in postbacks.FIELDS]
CALL = {
    "parameters": [
        *PARAMETERS,
        {"name": FORMAT, "in": "query", "required": False, "schema": {"enum": [IMAGE]}},
    ],
    "responses": documents.refusals(401, 405, 409, 422, 429, 500),
}
FORM = {
    "type": "object",
    "required": [one["name"] for one in PARAMETERS if one["required"]],
    "properties": {one["name"]: one["schema"] for one in PARAMETERS},
}
SEND = {
    "requestBody": {"content": {FORMS[0]: {"schema": FORM}}},
    "responses": documents.refusals(401, 405, 409, 413, 415, 422, 429, 500),
}


def add_reports(api: NinjaAPI) -> None:
    """Add the operations to the API and its document."""
    api.post(
        "/script/orders",
        tags=[TAG],
        operation_id="report_order",
        auth=PublishableKey(),
        summary="Report an order from a page",
        response={202: OrderReceived},
        openapi_extra=REPORT,
    )(report_order)
    asking = api.api_operation(
        ["OPTIONS"], "/script/orders", auth=PublishableKey(), include_in_schema=False
    )
    asking(may_report)
    api.get(
        "/postback",
        tags=[TAG],
        operation_id="call_postback",
        auth=PostbackKey(),
        summary="Say by an address what became of an order",
        response={200: PostbackTaken},
        openapi_extra=CALL,
    )(postback)
    api.post(
        "/postback",
        tags=[TAG],
        operation_id="send_postback",
        auth=PostbackKey(),
        summary="Say the same by a form",
        response={200: PostbackTaken},
        openapi_extra=SEND,
    )(postback)
