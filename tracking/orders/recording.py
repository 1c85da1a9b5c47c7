"""Record: store orders that were read, attribute them and settle their commission.

The API and the imports use this module. It never sees HTTP or a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import lock_identities, retried_transaction
from tracking.commissions.new_customers import decide_again, lock_customers
from tracking.commissions.status import shop_rejects
from tracking.models import Conversion, Evidence, Order
from tracking.orders.as_sent import order_as_sent
from tracking.orders.attribution import Attribution, BatchEvidence, attribute, load_evidence
from tracking.orders.conversions import credit_by_evidence
from tracking.orders.facts import FieldProblem, OrderFacts
from tracking.orders.identity import order_identity
from tracking.orders.looking_again import credit_later_orders, parts_to_credit
from tracking.orders.lookup import known_digests, orders_as_sent
from tracking.orders.parts import parts_to_record, states_before
from tracking.orders.refunds import apply_parked
from tracking.orders.results import RecordingResult, RecordingStatus
from tracking.orders.revising import revise
from tracking.orders.same_order import number_locks
from tracking.orders.saving import save_lines, state_order


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A new order that will be saved, and its position in the batch."""

    index: int
    facts: OrderFacts
    attribution: Attribution
    row: Order


def record_order(*, source: str, order: OrderFacts, by: Actor, now: datetime) -> RecordingResult:
    """Record one order, as `record_orders` does."""
    return record_orders(source=source, orders=[order], by=by, now=now)[0]


@retried_transaction
def record_orders(
    *,
    source: str,
    orders: Sequence[OrderFacts],
    by: Actor,
    now: datetime,
    revising: bool = False,
    is_trusted: bool = False,
) -> list[RecordingResult]:
    """Record a batch of orders from one source of the current brand, each at most once for ever.

    With `revising`, a known order is stated anew (see `revising.revise`); without, other contents
    than those that are known are a conflict. New orders of the source `script` wait for review,
    unless `is_trusted`. One transaction writes orders, lines, conversions,
    ledger entries, totals and audit entries. Returns one result per order. A refused order has no
    effect and does not stop the others.
    """
    may_be_credited = [
        one for one in orders if revising or one.promo_codes or one.click_id or one.customer_ref
    ]
    lock_identities(
        [
            *(order_identity(source, one.external_id) for one in orders),
            *number_locks(may_be_credited),
        ]
    )
    asks_about_customers = lock_customers((source, order.customer_ref) for order in orders)
    before = states_before(source, orders)
    known = set(before)
    results: list[RecordingResult] = []
    for part in parts_to_record(source, orders, before, now=now) if revising else [orders]:
        outcomes: list[RecordingResult | None] = [None] * len(part)
        accepted, again = _accept_new(source, part, known, outcomes, now=now)
        _save(accepted, outcomes, is_trusted=is_trusted, by=by, now=now)
        if asks_about_customers:
            decide_again([new.row for new in accepted], now=now)
        stated = [part[index] for index in again]
        answers = (
            revise(source=source, orders=stated, by=by, now=now)
            if revising
            else _repeats_and_conflicts(source, stated)
        )
        for index, answer in zip(again, answers, strict=True):
            outcomes[index] = answer
        results += [outcome for outcome in outcomes if outcome is not None]
    return results


def _save(
    accepted: Sequence[_Accepted],
    outcomes: list[RecordingResult | None],
    *,
    is_trusted: bool,
    by: Actor,
    now: datetime,
) -> None:
    """Save new orders, and credit them. Writes their results to `outcomes`."""
    Order.objects.insert_many([new.row for new in accepted])
    save_lines((new.row, new.facts) for new in accepted)
    refunded = apply_parked([new.row for new in accepted])
    conversions: dict[int, Conversion] = {}
    for part in parts_to_credit([(new.row, new.attribution) for new in accepted]):
        credited = credit_by_evidence(part, refunded, is_trusted=is_trusted, now=now)
        _audit([row for row, _ in part], credited, by=by, now=now)
        credited += credit_later_orders(credited, by=by, now=now)
        conversions |= {row.order_id: row for row in credited}
    for new in accepted:
        conversion = conversions.get(new.row.pk)
        outcomes[new.index] = RecordingResult(
            new.facts.external_id,
            RecordingStatus.RECORDED if conversion else RecordingStatus.UNATTRIBUTED,
            problems=() if conversion else new.attribution.reasons,
            conversion_id=conversion.pk if conversion else None,
        )


def _accept_new(
    source: str,
    orders: Sequence[OrderFacts],
    known: set[str],
    outcomes: list[RecordingResult | None],
    *,
    now: datetime,
) -> tuple[list[_Accepted], list[int]]:
    """Return the new orders, and the positions of those that are known or come a second time.

    Adds the ids of the new ones to `known`, and the results of refused ones to `outcomes`.
    """
    evidence = load_evidence(
        [order for order in orders if order.external_id not in known], source=source
    )
    accepted: list[_Accepted] = []
    again: list[int] = []
    for index, order in enumerate(orders):
        if order.external_id in known:
            again.append(index)
            continue
        problem = order.future_problem(now=now)
        if problem is not None:
            outcomes[index] = RecordingResult(
                order.external_id, RecordingStatus.REFUSED, problems=(problem,)
            )
            continue
        attribution = attribute(order, evidence)
        row = _new_row(source, order, attribution, now=now)
        accepted.append(_Accepted(index, order, attribution, row))
        known.add(order.external_id)
        if not shop_rejects(row):
            _remember(order, attribution, evidence)
    return accepted, again


def _repeats_and_conflicts(source: str, orders: Sequence[OrderFacts]) -> list[RecordingResult]:
    """The results of orders that are known: the same contents as once before, or others."""
    if not orders:
        return []
    digests = known_digests(source, [order.external_id for order in orders])
    conflicts = [order.digest() not in digests[order.external_id] for order in orders]
    stored = orders_as_sent(
        source,
        {order.external_id for order in compress(orders, conflicts)},
    )
    return [
        _conflict(order, stored[order.external_id])
        if differs
        else RecordingResult(order.external_id, RecordingStatus.DUPLICATE)
        for order, differs in zip(orders, conflicts, strict=True)
    ]


def _conflict(order: OrderFacts, recorded: dict[str, Any]) -> RecordingResult:
    return RecordingResult(
        order.external_id,
        RecordingStatus.CONFLICT,
        problems=(
            FieldProblem(
                "order_id",
                "recorded_differently",
                f"order {order.external_id} is recorded already with other contents",
            ),
        ),
        recorded=recorded,
        received=order_as_sent(order, order.lines),
    )


def _remember(order: OrderFacts, attribution: Attribution, evidence: BatchEvidence) -> None:
    winner = attribution.winner
    if winner is not None and winner.kind is not Evidence.CUSTOMER:
        evidence.remember(
            customer_ref=order.customer_ref,
            won_at=order.ordered_at,
            enrollment=winner.enrollment,
        )


def _new_row(source: str, order: OrderFacts, attribution: Attribution, *, now: datetime) -> Order:
    row = Order(
        source=source,
        external_id=order.external_id,
        unattributed=attribution.unattributed,
        received_at=now,
    )
    # A shop that does not say when the order was changed has not changed it yet.
    state_order(row, order, updated_at=order.updated_at or order.ordered_at)
    return row


def _audit(
    orders: Sequence[Order], credited: Sequence[Conversion], *, by: Actor, now: datetime
) -> None:
    conversions = {row.order_id: row.pk for row in credited}
    audit.record_many(
        action="order.recorded",
        targets=[
            (order, {"order_id": order.external_id, "conversion": conversions.get(order.pk)})
            for order in orders
        ],
        by=by,
        now=now,
    )
