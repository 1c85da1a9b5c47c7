"""Record refunds: apply each to its order, or park it until the order comes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import lock_identities
from core.money import Money
from core.tenancy import current_brand_id
from tracking.commissions.settlement import changing
from tracking.models import Conversion, Order, OrderLine, Refund, RefundState
from tracking.orders.as_sent import refund_as_sent
from tracking.orders.facts import FieldProblem, RefundFacts, future_problem
from tracking.orders.identity import order_identity
from tracking.orders.lookup import refunds_as_sent
from tracking.orders.results import RecordingResult, RecordingStatus


@dataclass(slots=True)
class _Refundable:
    """How much of one sku in one order can still be refunded."""

    quantity: int = 0
    amount_minor: int = 0
    is_in_order: bool = False


@dataclass(slots=True)
class _RefundableLines:
    """How much can still be refunded per sku of some orders. Refunds subtract from it."""

    by_sku: dict[tuple[int, str], _Refundable] = field(
        default_factory=lambda: defaultdict(_Refundable)
    )

    def problem(
        self, order: Order, *, sku: str, quantity: int, amount_minor: int
    ) -> FieldProblem | None:
        line = self.by_sku[order.pk, sku]
        if not line.is_in_order:
            return FieldProblem(
                "sku", "not_in_order", f"order {order.external_id} has no line {sku}"
            )
        if amount_minor > line.amount_minor:
            left = Money(line.amount_minor, order.currency)
            return FieldProblem(
                "amount",
                "larger_than_line",
                f"{Money(amount_minor, order.currency)} is more than the {left} left on {sku}",
            )
        if quantity > line.quantity:
            return FieldProblem(
                "quantity",
                "larger_than_line",
                f"{quantity} is more than the {line.quantity} left on {sku}",
            )
        return None

    def take(self, order: Order, *, sku: str, quantity: int, amount_minor: int) -> None:
        line = self.by_sku[order.pk, sku]
        line.quantity -= quantity
        line.amount_minor -= amount_minor


def record_refund(*, source: str, refund: RefundFacts, by: Actor, now: datetime) -> RecordingResult:
    """Record one refund, as `record_refunds` does."""
    return record_refunds(source=source, refunds=[refund], by=by, now=now)[0]


@transaction.atomic
def record_refunds(
    *, source: str, refunds: Sequence[RefundFacts], by: Actor, now: datetime
) -> list[RecordingResult]:
    """Record refunds of one source, each at most once, and settle the conversions of their orders.

    Returns one result per refund. A refund whose order is unknown is parked. A refund is refused
    and has no effect when it is larger than what is left of its lines, in another currency, for a
    sku that the order does not have, or from the future.
    """
    lock_identities(
        [order_identity(source, refund.order_external_id) for refund in refunds]
        + [f"refund:{current_brand_id()}:{source}:{refund.external_id}" for refund in refunds]
    )
    orders = {
        order.external_id: order
        for order in Order.objects.filter(
            source=source, external_id__in={refund.order_external_id for refund in refunds}
        )
    }
    known = dict(
        Refund.objects.filter(
            source=source, external_id__in=[refund.external_id for refund in refunds]
        ).values_list("external_id", "digest")
    )
    refundable = _refundable_lines_of(orders.values())
    outcomes: list[RecordingResult] = []
    rows: list[Refund] = []
    for refund in refunds:
        outcome = _repeat(source, refund, known)
        if outcome is None:
            order = orders.get(refund.order_external_id)
            problem = future_problem("refunded_at", refund.refunded_at, now=now)
            if problem is None and order is not None:
                problem = _apply(refund, order, refundable)
            outcome = _result(refund, order, problem)
            if problem is None:
                known[refund.external_id] = refund.digest()
                rows.append(_row(source, refund, order, now=now))
        outcomes.append(outcome)
    saved = Refund.objects.bulk_create(rows)
    _settle(saved, now=now)
    audit.record_many(
        action="refund.recorded",
        targets=[(row, {"refund_id": row.external_id, "state": row.state}) for row in saved],
        by=by,
        now=now,
    )
    return outcomes


def apply_parked(orders: Sequence[Order], *, now: datetime) -> dict[int, int]:
    """Apply the parked refunds of these new orders; return refunded minor units by order id."""
    if not orders:
        return {}
    by_identity = {(order.source, order.external_id): order for order in orders}
    waiting = list(
        Refund.objects.select_for_update()
        .filter(
            state=RefundState.PARKED,
            source__in={order.source for order in orders},
            order_external_id__in=[order.external_id for order in orders],
        )
        .order_by("pk")
    )
    if not waiting:
        return {}
    refundable = _refundable_lines_of(orders)
    refunded: dict[int, int] = defaultdict(int)
    for refund in waiting:
        order = by_identity[refund.source, refund.order_external_id]
        problem = _apply(_facts(refund), order, refundable)
        if problem is None:
            refund.order, refund.state = order, RefundState.APPLIED
            refunded[order.pk] += refund.amount_minor
        else:
            refund.state, refund.reason = RefundState.REFUSED, problem.message[:300]
    Refund.objects.bulk_update(waiting, ["order", "state", "reason"])
    return refunded


def _repeat(source: str, refund: RefundFacts, known: dict[str, str]) -> RecordingResult | None:
    earlier = known.get(refund.external_id)
    if earlier is None:
        return None
    if earlier == refund.digest():
        return RecordingResult(refund.external_id, RecordingStatus.DUPLICATE)
    return RecordingResult(
        refund.external_id,
        RecordingStatus.CONFLICT,
        problems=(
            FieldProblem(
                "refund_id",
                "recorded_differently",
                f"refund {refund.external_id} is recorded already with other contents",
            ),
        ),
        recorded=refunds_as_sent(source, {refund.external_id}).get(refund.external_id),
        received=refund_as_sent(refund),
    )


def _apply(refund: RefundFacts, order: Order, refundable: _RefundableLines) -> FieldProblem | None:
    """Subtract the refund from what is left, or return why that is not possible."""
    if refund.currency != order.currency:
        return FieldProblem(
            "currency",
            "not_the_orders_currency",
            f"the refund is in {refund.currency}, the order in {order.currency}",
        )
    asked = {
        "sku": refund.sku,
        "quantity": refund.quantity,
        "amount_minor": refund.amount_minor,
    }
    problem = refundable.problem(order, **asked)  # type: ignore[arg-type]
    if problem is None:
        refundable.take(order, **asked)  # type: ignore[arg-type]
    return problem


def _result(
    refund: RefundFacts, order: Order | None, problem: FieldProblem | None
) -> RecordingResult:
    if problem is not None:
        return RecordingResult(refund.external_id, RecordingStatus.REFUSED, problems=(problem,))
    return RecordingResult(
        refund.external_id, RecordingStatus.RECORDED if order else RecordingStatus.PARKED
    )


def _row(source: str, refund: RefundFacts, order: Order | None, *, now: datetime) -> Refund:
    return Refund(
        source=source,
        external_id=refund.external_id,
        order_external_id=refund.order_external_id,
        order=order,
        sku=refund.sku,
        quantity=refund.quantity,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        refunded_at=refund.refunded_at,
        state=RefundState.APPLIED if order else RefundState.PARKED,
        digest=refund.digest(),
        received_at=now,
    )


def _facts(refund: Refund) -> RefundFacts:
    return RefundFacts(
        external_id=refund.external_id,
        order_external_id=refund.order_external_id,
        refunded_at=refund.refunded_at,
        currency=refund.currency,
        sku=refund.sku,
        quantity=refund.quantity,
        amount_minor=refund.amount_minor,
    )


def _refundable_lines_of(orders: Iterable[Order]) -> _RefundableLines:
    """The lines of these orders, minus what was refunded already."""
    refundable = _RefundableLines()
    ids = [order.pk for order in orders]
    sold = OrderLine.objects.filter(order__in=ids).values("order_id", "sku")
    for row in sold.annotate(pieces=Sum("quantity"), net=Sum("net_minor")):
        line = refundable.by_sku[row["order_id"], row["sku"]]
        line.quantity, line.amount_minor, line.is_in_order = row["pieces"], row["net"], True
    gone = Refund.objects.filter(order__in=ids, state=RefundState.APPLIED).values("order_id", "sku")
    for taken in gone.annotate(pieces=Sum("quantity"), net=Sum("amount_minor")):
        line = refundable.by_sku[taken["order_id"], taken["sku"]]
        line.quantity -= taken["pieces"]
        line.amount_minor -= taken["net"]
    return refundable


def _settle(rows: Sequence[Refund], *, now: datetime) -> None:
    """Add the refunds to their conversions, and settle these."""
    amounts: dict[int, int] = defaultdict(int)
    moments: dict[int, datetime] = {}
    for row in rows:
        if row.order_id is not None:
            amounts[row.order_id] += row.amount_minor
            moments[row.order_id] = max(row.refunded_at, moments.get(row.order_id, row.refunded_at))
    touched = dict(Conversion.objects.filter(order__in=list(amounts)).values_list("pk", "order_id"))
    happened_at = {pk: moments[order_id] for pk, order_id in touched.items()}
    with changing(touched, now=now, happened_at=happened_at) as conversions:
        for conversion in conversions:
            conversion.refunded_minor += amounts[conversion.order_id]
