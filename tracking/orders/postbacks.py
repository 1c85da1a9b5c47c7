"""Record what a postback says: an order, or what became of one. Its parameters are all texts.

Each says what its sender knows by now. What it leaves out stays as it was recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from accounts.actors import Actor
from accounts.selectors import current_brand
from tracking.models import PaymentStatus, Refund
from tracking.orders import reading
from tracking.orders.facts import OrderFacts, Problems, RefundFacts
from tracking.orders.fields import ChoiceField, CodesField, Field, TextField
from tracking.orders.id_fields import AddressedField
from tracking.orders.lookup import facts_as_recorded
from tracking.orders.reading import InputError, read_order, read_refund
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds
from tracking.orders.reporting import (
    AMOUNT,
    as_one_line,
    of_amount,
    record_report,
    refuse,
    renamed,
)
from tracking.orders.results import RecordingResult, RecordingStatus
from tracking.orders.sources import POSTBACK

PENDING, APPROVED, REFUNDED = "pending", "approved", "refunded"
REJECTED, CANCELLED = "rejected", "cancelled"
NOT_SAID = "none"
TEST_SYSTEM = "test"
STATUS = ChoiceField(
    "status",
    required=False,
    choices=(NOT_SAID, PENDING, APPROVED, REJECTED, CANCELLED, REFUNDED),
    description=(
        "What became of the order. pending: it earns once it is approved. rejected and cancelled:"
        " it earns nothing. refunded: refund_amount of it, or all. Left out: a new order is"
        " approved, and a known one stays as it is."
    ),
)
CODE = CodesField("code", required=False, description="The promo code, or several with commas.")
REFUND_AMOUNT = replace(
    AMOUNT, name="refund_amount", description="What was given back. Left out: all that is left."
)
REFUND_ID = AddressedField(
    "refund_id",
    required=False,
    description="The name of this refund, where an order has several. Left out: the order's.",
)
SYSTEM = TextField(
    "source",
    required=False,
    max_length=40,
    description="The system that calls, where several use the same order ids: a-z, 0-9, hyphen.",
)
CURRENCY = replace(
    reading.CURRENCY, required=False, description="ISO 4217. Left out: the brand's currency."
)
ORDERED_AT = replace(
    reading.ORDERED_AT, required=False, description="Left out: when we first hear of the order."
)
FIELDS: tuple[Field[Any], ...] = (
    reading.ORDER_ID, AMOUNT, CURRENCY, reading.CLICK_ID, CODE, STATUS, REFUND_AMOUNT, REFUND_ID,
    ORDERED_AT, reading.CUSTOMER_ID, reading.NEW_CUSTOMER, reading.NUMBER, reading.IS_TEST, SYSTEM,
)  # fmt: skip
READ_AS_ORDER = frozenset(
    field.name
    for field in (
        reading.ORDER_ID, reading.CURRENCY, reading.CLICK_ID, reading.ORDERED_AT,
        reading.CUSTOMER_ID, reading.NEW_CUSTOMER, reading.NUMBER, reading.IS_TEST,
    )
)  # fmt: skip
NAMES = frozenset(field.name for field in FIELDS)
SYSTEM_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@dataclass(frozen=True, slots=True)
class PostbackResult:
    """What was recorded. `refund` is the result of a refund, where the postback was one."""

    source: str
    order: RecordingResult
    refund: RecordingResult | None = None


def record_postback(*, sent: Mapping[str, str], by: Actor, now: datetime) -> PostbackResult:
    """Record what the parameters say. Unknown ones are not looked at. Raises InputError."""
    said = {name: value for name, value in sent.items() if name in NAMES and value.strip()}
    source = _source(said)
    problems = Problems()
    status, order_id = STATUS.read(said, problems), reading.ORDER_ID.read(said, problems)
    if status != REFUNDED and (REFUND_AMOUNT.is_given(said) or REFUND_ID.is_given(said)):
        problems.add("status", "missing", "say status=refunded with a refund's amount or id")
    if problems.found:
        raise InputError(*problems.found)

    def report(recorded: OrderFacts | None) -> RecordingResult:
        facts = _facts(said, status, recorded, now=now)
        is_change = recorded is not None and status in (APPROVED, REJECTED, CANCELLED)
        return record_orders(source=source, orders=[facts], revising=is_change, by=by, now=now)[0]

    order = record_report(source=source, external_id=order_id, report=report)
    refund = None
    if status == REFUNDED and order.is_accepted:
        refund = _refund(said, source, order_id, by=by, now=now)
    return PostbackResult(source, order, refund)


def try_postback(*, sent: Mapping[str, str], by: Actor, now: datetime) -> PostbackResult:
    """Do the same with a test order, under a source for tests alone. Raises InputError."""
    of_a_test = {SYSTEM.name: TEST_SYSTEM, reading.IS_TEST.name: "true"}
    return record_postback(sent={**sent, **of_a_test}, by=by, now=now)


def _source(said: Mapping[str, str]) -> str:
    problems = Problems()
    system = SYSTEM.read(said, problems).lower()
    if not set(system) <= SYSTEM_LETTERS or system != system.strip("-"):
        problems.add("source", "not_a_source", "must be a short name of a-z, 0-9 and hyphen")
    if problems.found:
        raise InputError(*problems.found)
    return f"{POSTBACK}-{system}" if system else POSTBACK


def _facts(
    said: Mapping[str, str], status: str, recorded: OrderFacts | None, *, now: datetime
) -> OrderFacts:
    """What the order is now. Raises InputError."""
    if recorded is None and not AMOUNT.is_given(said):
        raise refuse("amount", "missing", "is missing: we don't know this order yet")
    currency = recorded.currency if recorded else current_brand().currency
    # An amount of a known order is left out for "0", in place of which the recorded lines stand.
    lines = as_one_line(said if AMOUNT.is_given(said) else {"amount": "0"})
    raw: dict[str, Any] = {name: value for name, value in said.items() if name in READ_AS_ORDER}
    raw |= {"promo_codes": said.get(CODE.name, ""), "lines": lines}
    raw.setdefault("currency", currency)
    raw.setdefault("ordered_at", now.isoformat())
    try:
        facts = read_order(raw)
    except InputError as error:
        raise of_amount(error) from None
    return _with_status(_with_recorded(facts, said, recorded), status, recorded, now=now)


def _with_recorded(
    facts: OrderFacts, said: Mapping[str, str], recorded: OrderFacts | None
) -> OrderFacts:
    """The same with what is recorded in place of what was not said."""
    if recorded is None:
        return facts
    kept = {
        "amount": "lines", "ordered_at": "ordered_at", "click_id": "click_id",
        CODE.name: "promo_codes",
        "customer_id": "customer_ref", "new_customer": "customer_is_new", "number": "number",
        "is_test": "is_test",
    }  # fmt: skip
    left_out = {field: getattr(recorded, field) for name, field in kept.items() if name not in said}
    return replace(
        facts,
        **left_out,
        payment_status=recorded.payment_status,
        cancelled_at=recorded.cancelled_at,
    )


def _with_status(
    facts: OrderFacts, status: str, recorded: OrderFacts | None, *, now: datetime
) -> OrderFacts:
    """A late `pending` does not take back what was approved or rejected since."""
    if status == PENDING and recorded is None:
        return replace(facts, payment_status=PaymentStatus.PENDING)
    if status == APPROVED:
        return replace(facts, payment_status=PaymentStatus.PAID, cancelled_at=None)
    if status in (REJECTED, CANCELLED):
        cancelled_at = recorded.cancelled_at if recorded else None
        return replace(facts, cancelled_at=cancelled_at or max(now, facts.ordered_at))
    return facts


def _refund(
    said: Mapping[str, str], source: str, order_id: str, *, by: Actor, now: datetime
) -> RecordingResult:
    """Record the refund; said again, it takes the recorded one's time. Raises InputError."""
    name = said.get(REFUND_ID.name, order_id)
    currency = facts_as_recorded(source, [order_id])[order_id].currency

    def record() -> RecordingResult:
        known = Refund.objects.filter(source=source, external_id=name).first()
        refunded_at = known.refunded_at if known else now
        raw = {"refund_id": name, "order_id": order_id, "refunded_at": refunded_at.isoformat()}
        raw |= {"currency": said.get("currency", currency)}
        facts = _read_refund(raw | {"amount": said.get(REFUND_AMOUNT.name)})
        return record_refunds(source=source, refunds=[facts], by=by, now=now)[0]

    result = record()
    return record() if result.status is RecordingStatus.CONFLICT else result


def _read_refund(raw: Mapping[str, Any]) -> RefundFacts:
    try:
        return read_refund(raw)
    except InputError as error:
        raise renamed(error, AMOUNT.name, REFUND_AMOUNT.name) from None
