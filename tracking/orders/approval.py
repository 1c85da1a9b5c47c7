"""Let staff accept and reject conversions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import lock_identities, retried_transaction
from core.refused import RefusedError
from tracking.commissions.new_customers import lock_customers
from tracking.commissions.settlement import changing
from tracking.commissions.status import shop_rejects
from tracking.models import Conversion, ConversionStatus, Order
from tracking.orders.looking_again import credit_later_orders, lock_later_orders
from tracking.orders.same_order import counting_elsewhere, may_be_one, number_locks


class ApprovalError(RefusedError):
    """The conversion can't be rejected; the message says why."""


def accept_conversions(*, conversion_ids: Iterable[int], by: Actor, now: datetime) -> int:
    """Accept pending or rejected conversions, and return how many changed.

    One whose order is not paid stays pending until it is, and one that the shop cancelled stays
    rejected, as does one that may be the same as an order that is credited now. What was rejected
    wins its customer again, also the later orders that came meanwhile; one that is credited to
    somebody already stays theirs.
    """
    return _set_status(conversion_ids, ConversionStatus.ACCEPTED, reason="", by=by, now=now)


def reject_conversions(
    *, conversion_ids: Iterable[int], reason: str, by: Actor, now: datetime
) -> int:
    """Reject conversions with a reason that the member reads, and return how many changed.

    Raises ApprovalError when the reason is empty.
    """
    if not reason.strip():
        raise ApprovalError("say why: the member reads it", "reason")
    return _set_status(
        conversion_ids, ConversionStatus.REJECTED, reason=reason.strip()[:300], by=by, now=now
    )


@retried_transaction
def _set_status(
    conversion_ids: Iterable[int],
    status: ConversionStatus,
    *,
    reason: str,
    by: Actor,
    now: datetime,
) -> int:
    ids = list(conversion_ids)
    accepting = status == ConversionStatus.ACCEPTED
    if accepting:
        of_these = Conversion.objects.filter(pk__in=ids).values("order")
        lock_identities(number_locks(Order.objects.filter(pk__in=of_these)))
    was_rejected = Conversion.objects.filter(pk__in=ids, status=ConversionStatus.REJECTED)
    rejected = list(was_rejected.select_related("order"))
    in_the_way: set[int] = set()
    if accepting:
        in_the_way = _in_the_way([row.order for row in rejected])
        lock_customers((row.order.source, row.order.customer_ref) for row in rejected)
        lock_later_orders(rejected)  # before the conversions: see the sequence of locks
    with changing(ids, now=now) as conversions:
        changed: list[tuple[Conversion, dict[str, str]]] = [
            (row, {"before": row.decision, "reason": reason})
            for row in conversions
            if row.decision != status and row.order_id not in in_the_way
        ]
        for row, _ in changed:
            row.decision, row.decision_reason = status, reason
    audit.record_many(action=f"conversion.{status.value}", targets=changed, by=by, now=now)
    returned = {row.pk for row in rejected}
    credit_later_orders([row for row, _ in changed if row.pk in returned], by=by, now=now)
    return len(changed)


def _in_the_way(orders: Sequence[Order]) -> set[int]:
    """The ids of rejected orders that stay so: another one that may be the same is credited.

    Of two of them that may earn, the first counts.
    """
    found = set(counting_elsewhere(orders))
    kept = [order for order in sorted(orders, key=lambda order: order.pk) if order.pk not in found]
    for place, order in enumerate(kept):
        before = [one for one in kept[:place] if one.pk not in found and not shop_rejects(one)]
        if any(may_be_one(order, one) for one in before):
            found.add(order.pk)
    return found
