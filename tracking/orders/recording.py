"""Record: store orders that were read, attribute them and settle their commission.

The API and the imports use this module. It never sees HTTP or a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import copy_rows, lock_identities
from core.kept_queries import kept_query
from core.tenancy import current_brand_id
from offers.models import Approval, Enrollment
from offers.selectors import TermsHistory, terms_histories
from tracking.commissions.new_customers import mark_new_customers
from tracking.commissions.settlement import settle_new
from tracking.models import Conversion, ConversionStatus, Evidence, Order, OrderLine
from tracking.orders.as_sent import order_as_sent
from tracking.orders.attribution import Attribution, BatchEvidence, attribute, load_evidence
from tracking.orders.conversions import conversion_of
from tracking.orders.facts import FieldProblem, LineFacts, OrderFacts, future_problem
from tracking.orders.identity import order_identity
from tracking.orders.lookup import orders_as_sent
from tracking.orders.refunds import apply_parked
from tracking.orders.results import RecordingResult, RecordingStatus

LINE_COLUMNS = (
    "brand_id", "order_id", "position", "sku", "product", "collections", "quantity", "net_minor",
)  # fmt: skip


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


@transaction.atomic
def record_orders(
    *, source: str, orders: Sequence[OrderFacts], by: Actor, now: datetime
) -> list[RecordingResult]:
    """Record a batch of orders from one source of the current brand, each at most once for ever.

    One transaction writes orders, lines, conversions, ledger entries, totals and audit entries.
    Returns one result per order. A refused order has no effect and does not stop the others.
    """
    lock_identities(order_identity(source, order.external_id) for order in orders)
    outcomes: list[RecordingResult | None] = [None] * len(orders)
    accepted = _accept_new(source, orders, outcomes, now=now)
    _save_orders(accepted)
    conversions = _save_conversions(accepted, now=now)
    for new in accepted:
        conversion = conversions.get(new.row.pk)
        outcomes[new.index] = RecordingResult(
            new.facts.external_id,
            RecordingStatus.RECORDED if conversion else RecordingStatus.UNATTRIBUTED,
            problems=new.attribution.reasons,
            conversion_id=conversion.pk if conversion else None,
        )
    _audit(accepted, conversions, by=by, now=now)
    return [outcome for outcome in outcomes if outcome is not None]


@kept_query
def _digests(*, source: str, external_ids: list[str]) -> QuerySet[Order, Any]:
    rows = Order.objects.filter(source=source, external_id__in=external_ids)
    return rows.values_list("external_id", "digest")


def _accept_new(
    source: str,
    orders: Sequence[OrderFacts],
    outcomes: list[RecordingResult | None],
    *,
    now: datetime,
) -> list[_Accepted]:
    """Write results for repeats and conflicts to `outcomes`; return the new orders."""
    known = dict(_digests(source=source, external_ids=[order.external_id for order in orders]))
    evidence = load_evidence(
        [order for order in orders if order.external_id not in known], source=source
    )
    accepted: dict[str, _Accepted] = {}
    conflicts: list[int] = []
    for index, order in enumerate(orders):
        digest = order.digest()
        earlier = known.get(order.external_id)
        if earlier is not None:
            outcomes[index] = RecordingResult(order.external_id, RecordingStatus.DUPLICATE)
            if earlier != digest:
                conflicts.append(index)
            continue
        problem = future_problem("ordered_at", order.ordered_at, now=now)
        if problem is not None:
            outcomes[index] = RecordingResult(
                order.external_id, RecordingStatus.REFUSED, problems=(problem,)
            )
            continue
        attribution = attribute(order, evidence)
        row = _order_row(source, order, attribution, digest, now=now)
        accepted[order.external_id] = _Accepted(index, order, attribution, row)
        known[order.external_id] = digest
        _remember(order, attribution, evidence)
    _answer_conflicts(source, orders, conflicts, accepted, outcomes)
    return list(accepted.values())


def _answer_conflicts(
    source: str,
    orders: Sequence[OrderFacts],
    conflicts: Sequence[int],
    accepted: Mapping[str, _Accepted],
    outcomes: list[RecordingResult | None],
) -> None:
    stored = orders_as_sent(source, {orders[index].external_id for index in conflicts})
    for index in conflicts:
        order = orders[index]
        first = accepted.get(order.external_id)
        recorded = (
            order_as_sent(first.facts, first.facts.lines) if first else stored[order.external_id]
        )
        outcomes[index] = RecordingResult(
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


def _order_row(
    source: str, order: OrderFacts, attribution: Attribution, digest: str, *, now: datetime
) -> Order:
    return Order(
        source=source,
        external_id=order.external_id,
        ordered_at=order.ordered_at,
        currency=order.currency,
        total_minor=order.total_minor,
        customer_ref=order.customer_ref,
        promo_codes=list(order.promo_codes),
        click_id=order.click_id,
        customer_is_new=order.customer_is_new,
        digest=digest,
        unattributed="" if attribution.winner else attribution.why[:200],
        received_at=now,
    )


def _save_orders(accepted: Sequence[_Accepted]) -> None:
    Order.objects.bulk_create([new.row for new in accepted])
    brand_id = current_brand_id()
    copy_rows(
        table=OrderLine._meta.db_table,
        columns=LINE_COLUMNS,
        rows=(
            (brand_id, new.row.pk, position, *_line_values(line))
            for new in accepted
            for position, line in enumerate(new.facts.lines)
        ),
    )


def _line_values(line: LineFacts) -> tuple[object, ...]:
    """Values for COPY. The text "{}" saves adapting an empty list."""
    collections = list(line.collections) or "{}"
    return line.sku, line.product, collections, line.quantity, line.net_minor


def _save_conversions(accepted: Sequence[_Accepted], *, now: datetime) -> dict[int, Conversion]:
    """Create the conversions of the attributed orders; return them by order id."""
    credited = [new for new in accepted if new.attribution.winner is not None]
    histories = terms_histories(
        new.attribution.winner.enrollment.offer_id for new in credited if new.attribution.winner
    )
    refunded = apply_parked([new.row for new in accepted], now=now)
    conversions = [_conversion(new, histories, refunded.get(new.row.pk, 0)) for new in credited]
    mark_new_customers(conversions)
    settle_new(conversions, now=now)
    return {conversion.order_id: conversion for conversion in conversions}


def _conversion(
    new: _Accepted, histories: Mapping[int, TermsHistory], refunded_minor: int
) -> Conversion:
    winner = new.attribution.evidence[0]
    enrollment: Enrollment = winner.enrollment
    terms = histories[enrollment.offer_id].at(new.facts.ordered_at)
    by_hand = terms.approval == Approval.BY_HAND
    return conversion_of(
        order=new.row,
        enrollment=enrollment,
        terms=terms,
        status=ConversionStatus.PENDING if by_hand else ConversionStatus.ACCEPTED,
        evidence=winner.kind,
        why=new.attribution.why,
        claims=[found.as_json() for found in new.attribution.evidence],
        refunded_minor=refunded_minor,
        promo_code=winner.facts.get("code", ""),
    )


def _audit(
    accepted: Sequence[_Accepted],
    conversions: Mapping[int, Conversion],
    *,
    by: Actor,
    now: datetime,
) -> None:
    audit.record_many(
        action="order.recorded",
        targets=[
            (
                new.row,
                {
                    "order_id": new.facts.external_id,
                    "conversion": conversions[new.row.pk].pk if new.row.pk in conversions else None,
                },
            )
            for new in accepted
        ],
        by=by,
        now=now,
    )
