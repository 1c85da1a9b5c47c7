"""Bodies and answers as openapi.json documents them. The rules are in tracking."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from api.bodies import MAX_BATCH_ITEMS, SOURCE
from api.problems import CONTENT_TYPE
from tracking.orders.reading import MAX_ORDER_LINES

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


class OrderTaken(Schema):
    """`reasons` says why no member is credited."""

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


class RefundShown(Schema):
    refund_id: str
    sku: str
    quantity: int
    amount: str
    refunded_at: str
    state: str


class OrderShown(Schema):
    """An order with its attribution, commission and refunds."""

    order_id: str
    source: str
    ordered_at: str
    received_at: str
    currency: str
    total: str
    status: Literal["pending", "accepted", "rejected", "unattributed"]
    why: str = Field(description="Why the order is credited to its member, or to none.")
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


def _text(longest: int, **more: Any) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest, **more}


AMOUNT = {
    "anyOf": [
        {"type": "string", "pattern": r"^[0-9]{1,15}(\.[0-9]{1,4})?$"},
        {"type": "number", "minimum": 0},
    ],
    "description": "Text or number. Both are read exactly, without floating point.",
    "examples": ["12.50"],
}
QUANTITY = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
CURRENCY = {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217"}
TIME = {"type": "string", "format": "date-time", "description": "ISO 8601 with offset from UTC"}
SOURCE_NAME = {
    "type": "string",
    "pattern": f"^{SOURCE.pattern}$",
    "default": "api",
    "description": "The shop or system. An order_id identifies one order per source.",
}
LINE = {
    "type": "object",
    "required": ["sku", "quantity", "unit_price"],
    "properties": {
        "sku": _text(120),
        "product": _text(300),
        "quantity": QUANTITY,
        "unit_price": AMOUNT,
        "discount": AMOUNT | {"description": "For the whole line."},
    },
}
ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["order_id", "ordered_at", "currency", "lines"],
    "properties": {
        "order_id": _text(120),
        "ordered_at": TIME,
        "currency": CURRENCY,
        "customer_id": _text(120, description="The shop's own reference. Send no name or address."),
        "promo_code": _text(60),
        "click_id": _text(
            120, description="The value of ?trb= in the address that the shopper opened."
        ),
        "lines": {"type": "array", "minItems": 1, "maxItems": MAX_ORDER_LINES, "items": LINE},
    },
}
REFUND: dict[str, Any] = {
    "type": "object",
    "required": ["refund_id", "order_id", "refunded_at", "currency", "sku", "quantity", "amount"],
    "properties": {
        "refund_id": _text(120),
        "order_id": _text(120),
        "refunded_at": TIME,
        "currency": CURRENCY,
        "sku": _text(120),
        "quantity": QUANTITY,
        "amount": AMOUNT,
    },
}


def taking(thing: dict[str, Any], *, many: str) -> dict[str, Any]:
    """Describe a body with one `thing`, or a list of them under `many`."""
    one = thing | {"properties": {"source": SOURCE_NAME, **thing["properties"]}}
    listed = {"type": "array", "minItems": 1, "maxItems": MAX_BATCH_ITEMS, "items": thing}
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
