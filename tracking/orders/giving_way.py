"""Reject what a browser reported of an order, once the order comes from the shop itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from accounts.actors import Actor
from accounts.audit_log import audit
from offers.models import Approval
from tracking.commissions.settlement import changing
from tracking.models import Conversion, ConversionStatus, Order
from tracking.orders.same_order import (
    SameOrder,
    counting_elsewhere,
    is_for_another,
    reason_of,
)

BY = Actor.system("recording of orders")
ACCEPTED, REJECTED = ConversionStatus.ACCEPTED, ConversionStatus.REJECTED
Accepted = set[tuple[int, int]]


def reject_replaced(replaced: Iterable[tuple[int, Order]], *, now: datetime) -> Accepted:
    """Reject the conversions of orders, which are given by id, each with the one that replaces it.

    Call it in the transaction that credits the new ones, before their conversions are saved.
    Returns the ids of the new orders and of the enrollments that had the others, where it was
    accepted already: of two that replace one, that of the first.
    """
    successors: dict[int, Order] = {}
    for order_id, successor in replaced:
        successors.setdefault(order_id, successor)
    if not successors:
        return set()
    known = Conversion.objects.filter(order__in=list(successors)).exclude(decision=REJECTED)
    with changing(list(known.values_list("pk", flat=True)), now=now) as rows:
        rejected = [(row, row.decision) for row in rows if row.decision != REJECTED]
        for row, _ in rejected:
            row.decision = REJECTED
            row.decision_reason = _reason(successors[row.order_id])
    note_rejected(
        [(row, {"before": before, "reason": row.decision_reason}) for row, before in rejected],
        now=now,
    )
    return {
        (successors[row.order_id].pk, row.enrollment_id)
        for row, before in rejected
        if before == ACCEPTED
    }


def _reason(order: Order) -> str:
    return f"The shop sent this order itself: it is {order.external_id} of {order.source}."


def note_rejected(rejected: Iterable[tuple[Conversion, dict[str, str]]], *, now: datetime) -> None:
    """Write to the audit log which conversions were rejected, and what they were before."""
    audit.record_many(action="conversion.rejected", targets=list(rejected), by=BY, now=now)


def give_way(restored: Sequence[Order], *, now: datetime) -> dict[int, SameOrder]:
    """By id, which orders of other sources stand in the way of these, that may earn again.

    What a page reported of them gives way.
    """
    others = counting_elsewhere(restored)
    reject_replaced(
        (
            (one.order_pk, order)
            for order in restored
            for one in others.get(order.pk, [])
            if one.gives_way
        ),
        now=now,
    )
    kept = {pk: [one for one in same if not one.gives_way] for pk, same in others.items()}
    return {pk: same[0] for pk, same in kept.items() if same}


def decide_about_others(
    conversions: Iterable[Conversion], in_the_way: Mapping[int, SameOrder]
) -> list[tuple[Conversion, dict[str, str]]]:
    """Reject those in whose way another order stands now, and let others have their way again.

    Returns those that are rejected now, and what they were, for the audit log.
    """
    noted = []
    for row in conversions:
        other = in_the_way.get(row.order_id)
        if other is not None and row.decision != REJECTED:
            before, row.decision_reason = row.decision, reason_of(other)
            row.decision = REJECTED
            noted.append((row, {"before": before, "reason": row.decision_reason}))
        elif other is None and row.decision == REJECTED and is_for_another(row.decision_reason):
            by_hand = row.terms.approval == Approval.BY_HAND
            row.decision = ConversionStatus.PENDING if by_hand else ACCEPTED
            row.decision_reason = ""
    return noted
