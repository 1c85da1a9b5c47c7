"""What openapi.json says of bodies and answers.

Bodies are described by the declarations that tracking reads them by, so that nothing is left out.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from api.bodies import LARGEST_BATCH, SOURCE
from api.problems import CONTENT_TYPE
from tracking.orders.fields import object_schema
from tracking.orders.reading import ORDER_FIELDS, REFUND_FIELDS

DESCRIPTION = (
    "A shop tells its orders and refunds. Amounts are decimal texts, net of discounts, without tax "
    "and shipping. Sending the same thing again is always safe. Whatever is refused has no effect, "
    "and is answered with problem details (RFC 9457) that name every field and why."
)


class Reason(Schema):
    """One field, and what is the matter with it."""

    field: str
    code: str
    message: str


class ProblemDetails(Schema):
    """Why something was refused (RFC 9457). Other members depend on `code`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    problems: list[Reason]


class OrderTaken(Schema):
    """`reasons` says why nobody is credited, or only the click's or the code's claim counted."""

    order_id: str
    source: str
    outcome: Literal["recorded", "unattributed", "duplicate"]
    reasons: list[Reason]


class RefundTaken(Schema):
    refund_id: str
    source: str
    outcome: Literal["recorded", "parked", "duplicate"]
    reasons: list[Reason]


class RefusedInBatch(Schema):
    index: int
    status: int
    problem: ProblemDetails


class OrderInBatch(OrderTaken):
    index: int
    status: int


class RefundInBatch(RefundTaken):
    index: int
    status: int


class OrdersTaken(Schema):
    """What came of each order of a batch, in its order."""

    results: list[OrderInBatch | RefusedInBatch]


class RefundsTaken(Schema):
    """What came of each refund of a batch, in its order."""

    results: list[RefundInBatch | RefusedInBatch]


class ClaimShown(Schema):
    evidence: str
    words: str


class AttributionShown(Schema):
    """Whom the order is credited to; `claims` is all the evidence it brought, the winner first."""

    evidence: str
    member: str
    offer: str
    claims: list[ClaimShown]


class CommissionShown(Schema):
    """What the order earns now, net of refunds; `reason` says why it was rejected."""

    amount: str
    sale: str
    refunded: str
    payable_at: str
    reason: str


class RefundShown(Schema):
    refund_id: str
    sku: str
    quantity: int
    amount: str
    refunded_at: str
    state: str


class OrderShown(Schema):
    """An order, and what came of it."""

    order_id: str
    source: str
    ordered_at: str
    received_at: str
    currency: str
    total: str
    status: Literal["pending", "accepted", "rejected", "unattributed"]
    why: str = Field(description="Why the winner won, or why nobody is credited.")
    attribution: AttributionShown | None
    commission: CommissionShown | None
    refunds: list[RefundShown]


ORDERS_ANSWERS: dict[int, Any] = {201: OrderTaken, 200: OrderTaken | OrdersTaken}
REFUNDS_ANSWERS: dict[int, Any] = {
    201: RefundTaken,
    202: RefundTaken,
    200: RefundTaken | RefundsTaken,
}
ORDER_ANSWER: dict[int, Any] = {200: OrderShown}


SOURCE_NAME = {
    "type": "string",
    "pattern": f"^{SOURCE.pattern}$",
    "default": "api",
    "description": "Which shop or system; an order_id is one order per source.",
}
ORDER = object_schema(ORDER_FIELDS)
REFUND = object_schema(REFUND_FIELDS)


def taking(thing: dict[str, Any], *, many: str) -> dict[str, Any]:
    """Take one `thing`, or a list of them under `many`."""
    one = thing | {"properties": {"source": SOURCE_NAME, **thing["properties"]}}
    listed = {"type": "array", "minItems": 1, "maxItems": LARGEST_BATCH, "items": thing}
    batch = {
        "type": "object",
        "required": [many],
        "properties": {"source": SOURCE_NAME, many: listed},
    }
    body = {"content": {"application/json": {"schema": {"anyOf": [one, batch]}}}, "required": True}
    return {"requestBody": body, "responses": _refusals(400, 401, 405, 409, 413, 415, 422, 500)}


def _refusals(*statuses: int) -> dict[int, Any]:
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {CONTENT_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


ASKING: dict[str, Any] = {"responses": _refusals(401, 404, 405, 500)}
