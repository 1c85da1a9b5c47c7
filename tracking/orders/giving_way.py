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
PENDING, REJECTED = ConversionStatus.PENDING, ConversionStatus.REJECTED


def reject_replaced(credited: Sequence[tuple[Order, Attribution]], *, now: datetime) -> None:
    """Reject the pending conversions of the orders that `credited` ones replace.

    Call it in the transaction that credits them, before their conversions are saved.
    """
    reasons = {
        order_id: f"The shop sent this order itself: it is {order.external_id} of {order.source}."
        for order, found in credited
        for order_id in found.replaces
    }
    if not reasons:
        return
    waiting = Conversion.objects.filter(order__in=list(reasons), decision=PENDING)
    with changing(list(waiting.values_list("pk", flat=True)), now=now) as rows:
        replaced = [row for row in rows if row.decision == PENDING]
        for row in replaced:
            row.decision, row.decision_reason = REJECTED, reasons[row.order_id]
    audit.record_many(
        action="conversion.rejected",
        targets=[
            (row, {"before": PENDING.value, "reason": row.decision_reason}) for row in replaced
        ],
        by=BY,
        now=now,
    )
