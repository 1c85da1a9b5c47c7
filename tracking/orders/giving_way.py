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
    ids of these orders and of the enrollments that had them, where it was accepted already.
    """
    reasons = {
        order_id: f"The shop sent this order itself: it is {order.external_id} of {order.source}."
        for order, found in credited
        for order_id in found.replaces
    }
    if not reasons:
        return set()
    known = Conversion.objects.filter(order__in=list(reasons)).exclude(decision=REJECTED)
    with changing(list(known.values_list("pk", flat=True)), now=now) as rows:
        replaced = [(row, row.decision) for row in rows if row.decision != REJECTED]
        for row, _ in replaced:
            row.decision, row.decision_reason = REJECTED, reasons[row.order_id]
    audit.record_many(
        action="conversion.rejected",
        targets=[
            (row, {"before": before, "reason": row.decision_reason}) for row, before in replaced
        ],
        by=BY,
        now=now,
    )
    had = {(row.order_id, row.enrollment_id) for row, before in replaced if before == ACCEPTED}
    return {
        (order.pk, enrollment_id)
        for order, found in credited
        for replaced_id, enrollment_id in had
        if replaced_id in found.replaces
    }
