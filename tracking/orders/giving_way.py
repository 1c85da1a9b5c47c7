"""Reject what a browser reported of an order, once the order comes from the shop itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts.actors import Actor
from accounts.audit_log import audit
from tracking.commissions.settlement import changing
from tracking.models import Conversion, ConversionStatus, Order
from tracking.orders.attribution import Attribution

BY = Actor.system("recording of orders")
ACCEPTED, REJECTED = ConversionStatus.ACCEPTED, ConversionStatus.REJECTED


Accepted = set[tuple[int, int]]


def reject_replaced(credited: Sequence[tuple[Order, Attribution]], *, now: datetime) -> Accepted:
    """Reject the conversions of the orders that `credited` ones replace.

    Call it in the transaction that credits them, before their conversions are saved. Returns the
    ids of these orders and of the enrollments that had them, where it was accepted already: of two
    that replace one, that of the first.
    """
    successors: dict[int, Order] = {}
    for order, found in credited:
        for order_id in found.replaces:
            successors.setdefault(order_id, order)
    if not successors:
        return set()
    known = Conversion.objects.filter(order__in=list(successors)).exclude(decision=REJECTED)
    with changing(list(known.values_list("pk", flat=True)), now=now) as rows:
        replaced = [(row, row.decision) for row in rows if row.decision != REJECTED]
        for row, _ in replaced:
            row.decision = REJECTED
            row.decision_reason = _reason(successors[row.order_id])
    audit.record_many(
        action="conversion.rejected",
        targets=[
            (row, {"before": before, "reason": row.decision_reason}) for row, before in replaced
        ],
        by=BY,
        now=now,
    )
    return {
        (successors[row.order_id].pk, row.enrollment_id)
        for row, before in replaced
        if before == ACCEPTED
    }


def _reason(order: Order) -> str:
    return f"The shop sent this order itself: it is {order.external_id} of {order.source}."
