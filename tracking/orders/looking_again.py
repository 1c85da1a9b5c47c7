"""Look again whom the evidence of unattributed orders speaks for, after more became known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import prefetch_related_objects

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import lock_identities, update_rows
from tracking.models import Conversion, ConversionStatus, Evidence, Order
from tracking.models.orders import NOT_CREDITED
from tracking.orders.applying import refunded_of
from tracking.orders.attribution import Attribution, attribute, load_evidence
from tracking.orders.conversions import credit_by_evidence
from tracking.orders.exchange import DatedRate, Rates
from tracking.orders.identity import order_identity

REJECTED = ConversionStatus.REJECTED


def look_again(
    orders: Sequence[Order], *, rates: Rates | None = None, now: datetime
) -> list[Conversion]:
    """Credit those of these orders whose evidence speaks for a member by now.

    Nobody is credited for them yet, and the caller holds their locks. The others keep a reason.
    With `rates`, an order in another currency than the offer is converted.
    """
    sources = {order.source for order in orders}
    evidence = {
        source: load_evidence([order for order in orders if order.source == source], source=source)
        for source in sources
    }
    found: list[tuple[Order, Attribution]] = []
    dated: dict[int, DatedRate] = {}
    for order in orders:
        attribution = attribute(order, evidence[order.source], rates=rates)
        order.unattributed = attribution.unattributed
        winner = attribution.winner
        rate = rates.at(order, winner.enrollment.offer.currency) if rates and winner else None
        if rate is not None:
            dated[order.pk] = rate
        found.append((order, attribution))
    update_rows(orders, ["unattributed"])
    return credit_by_evidence(found, refunded_of(orders), rates=dated, now=now)


def credit_later_orders(
    conversions: Sequence[Conversion], *, by: Actor, now: datetime
) -> list[Conversion]:
    """Credit the orders that customers placed after those by which `conversions` won them.

    They became known before, when nobody had won the customer: these conversions are new, or were
    rejected until now.
    """
    later = lock_later_orders([row for row in conversions if row.status != REJECTED])
    if not later:
        return []
    credited = look_again(later, now=now)
    audit.record_many(
        action="order.credited",
        targets=[
            (
                row.order,
                {"order_id": row.order.external_id, "conversion": row.pk, "why": row.why},
            )
            for row in credited
        ],
        by=by,
        now=now,
    )
    return credited


def lock_later_orders(conversions: Sequence[Conversion]) -> list[Order]:
    """The orders that `credit_later_orders` looks at if these conversions count, locked."""
    with_customer = [
        row for row in conversions if row.evidence != Evidence.CUSTOMER and row.order.customer_ref
    ]
    prefetch_related_objects(with_customer, "enrollment__offer")
    won = [row for row in with_customer if row.enrollment.offer.remembers_customers]
    if not won:
        return []
    found = Order.objects.filter(
        NOT_CREDITED,
        source__in={row.order.source for row in won},
        customer_ref__in={row.order.customer_ref for row in won},
        ordered_at__gt=min(row.occurred_at for row in won),
    )
    names = list(found.values_list("source", "external_id"))
    if not names:
        return []
    lock_identities(order_identity(source, external_id) for source, external_id in names)
    return list(found.order_by("ordered_at", "pk"))
