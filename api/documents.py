"""What openapi.json says of bodies and answers.

Bodies are described by the declarations that tracking reads them by, so that nothing is left out.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from api.bodies import MAX_BATCH_ITEMS, SOURCE
from api.problems import CONTENT_TYPE
from api.schemas.ids import OrderId
from tracking.orders.fields import object_schema
from tracking.orders.reading import ORDER_FIELDS, REFUND_FIELDS

DESCRIPTION = (
    "A shop sends its orders and refunds. Amounts are decimal texts, net of discounts, without "
    "tax and shipping. It is always safe to send the same item again. A refused item has no "
    "effect. Its answer is problem details (RFC 9457) that name every wrong field and the reason."
)


class Reason(Schema):
    """One field, and what is wrong with it."""

    field: str
    code: str
    message: str


class ProblemDetails(Schema):
    """Why an item or request was refused (RFC 9457). Other members depend on `code`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    problems: list[Reason]
    current: dict[str, Any] | None = Field(
        None,
        description="Of 409 changed_meanwhile and not_possible_now: what is there now, as the"
        " operation that reads it answers it.",
    )


class OrderTaken(Schema):
    """`reasons` says why no member is credited."""

    order_id: str
    source: str
    outcome: Literal["recorded", "unattributed", "duplicate", "revised", "superseded"]
    reasons: list[Reason]


class RefundTaken(Schema):
    """`reasons` says why less was `applied` than the refund asks for. Null: nothing yet."""

    refund_id: str
    source: str
    outcome: Literal["recorded", "parked", "duplicate", "replaced"]
    applied: str | None = None
    reasons: list[Reason]


class RefundUndone(Schema):
    refund_id: str
    source: str
    outcome: Literal["undone"]


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
    """One result per order of a batch, in the same sequence."""

    results: list[OrderInBatch | RefusedInBatch]


class RefundsTaken(Schema):
    """One result per refund of a batch, in the same sequence."""

    results: list[RefundInBatch | RefusedInBatch]


class ClaimShown(Schema):
    evidence: str
    words: str


class AttributionShown(Schema):
    """The credited member; `claims` is all evidence of the order, the winner first."""

    evidence: str
    member: str
    offer: str
    claims: list[ClaimShown]


class CommissionShown(Schema):
    """The commission of the order, net of refunds; `reason` says why it was rejected."""

    amount: str
    sale: str
    refunded: str
    payable_at: str
    reason: str


class RefundedLine(Schema):
    """What was asked for a line. An amount of null is the quantity's share, or all that is left."""

    line_id: str
    sku: str
    quantity: int | str | None
    amount: str | None


class RefundShown(Schema):
    """`amount` is what was applied; `reason` says why that is less than was asked."""

    refund_id: str
    amount: str
    refunded_at: str
    state: Literal["parked", "applied", "undone"]
    reason: str
    lines: list[RefundedLine]


class ShareShown(Schema):
    """A member's part of the order, in basis points, and their commission for it."""

    member: str
    offer: str
    share_bp: int
    status: Literal["pending", "accepted", "rejected"]
    amount: str
    currency: str = Field(description="The offer's; attribution and commission are in it too.")
    rate: str | None = Field(
        description="What one unit of the order's currency was worth in it, if they differ."
    )
    rate_on: str | None


class OrderShown(Schema):
    """An order with its attribution, commission and refunds."""

    id: OrderId
    order_id: str
    source: str
    ordered_at: str
    received_at: str
    updated_at: str
    revision: int
    currency: str
    payment_status: Literal["pending", "paid", "voided"]
    cancelled_at: str | None
    is_test: bool
    total: str
    status: Literal["pending", "accepted", "rejected", "unattributed"]
    why: str = Field(description="Why the order is credited to its member, or to none.")
    attribution: AttributionShown | None
    commission: CommissionShown | None
    shares: list[ShareShown] = Field(
        description="Everyone who has a part of the order; attribution and commission are those of"
        " the first one, who has the largest."
    )
    refunds: list[RefundShown]


ORDERS_ANSWERS: dict[int, Any] = {201: OrderTaken, 200: OrderTaken | OrdersTaken}
REFUNDS_ANSWERS: dict[int, Any] = {
    201: RefundTaken,
    202: RefundTaken,
    200: RefundTaken | RefundsTaken,
}
REFUND_UNDONE: dict[int, Any] = {200: RefundUndone}
ORDER_ANSWER: dict[int, Any] = {200: OrderShown}


SOURCE_NAME = {
    "type": "string",
    "pattern": f"^{SOURCE.pattern}$",
    "default": "api",
    "description": "The shop or system. An order_id identifies one order per source.",
}
ORDER = object_schema(ORDER_FIELDS)
REFUND = object_schema(REFUND_FIELDS)


def taking(thing: dict[str, Any], *, many: str) -> dict[str, Any]:
    """Describe a body with one `thing`, or a list of them under `many`."""
    one = _with_source(thing)
    listed = {"type": "array", "minItems": 1, "maxItems": MAX_BATCH_ITEMS, "items": thing}
    batch = {
        "type": "object",
        "required": [many],
        "properties": {"source": SOURCE_NAME, many: listed},
        "additionalProperties": False,
    }
    return _body({"anyOf": [one, batch]})


def stating(thing: dict[str, Any], *, identity: str) -> dict[str, Any]:
    """Describe a body with one `thing`, whose `identity` and source are in the address."""
    required = [name for name in thing["required"] if name != identity]
    return _body(_with_source(thing) | {"required": required}, 404)


def _with_source(thing: dict[str, Any]) -> dict[str, Any]:
    return thing | {"properties": {"source": SOURCE_NAME, **thing["properties"]}}


def _body(schema: dict[str, Any], *also: int) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": schema}}, "required": True}
    refused = refusals(400, 401, 403, *also, 405, 409, 413, 415, 422, 500)
    return {"requestBody": body, "responses": refused}


def refusals(*statuses: int) -> dict[int, Any]:
    """Describe the errors of an operation: all of them are problem details."""
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {CONTENT_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


ASKING: dict[str, Any] = {"responses": refusals(401, 403, 404, 405, 422, 500)}
