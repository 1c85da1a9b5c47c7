"""Look again whom the evidence of unattributed orders speaks for, after more became known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import lock_identities, update_rows
from core.kept_queries import kept_query
from offers.models import Offer
from tracking.commissions.status import shop_rejects
from tracking.commissions.tier_progress import has_tiers
from tracking.models import Conversion, ConversionStatus, Evidence, Order
from tracking.models.orders import NOT_CREDITED
from tracking.orders.applying import refunded_of
from tracking.orders.attribution import Attribution, attribute, load_evidence
from tracking.orders.conversions import credit_by_evidence
from tracking.orders.exchange import DatedRate, Rates
from tracking.orders.identity import order_identity
from tracking.orders.same_order import was_noticed

REJECTED = ConversionStatus.REJECTED
Attributed = tuple[Order, Attribution]


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
        attribution = attribute(
            order, evidence[order.source], rates=rates, is_noticed=was_noticed(order)
        )
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
    rejected until now, or their orders had another customer.
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
    found = _waiting([row.order for row in won], after=min(row.occurred_at for row in won))
    names = list(found.values_list("source", "external_id"))
    if not names:
        return []
    lock_identities(order_identity(source, external_id) for source, external_id in names)
    return list(found.order_by("ordered_at", "pk"))


def _waiting(orders: Iterable[Order], *, after: datetime) -> QuerySet[Order]:
    """The orders of the customers of these that nobody is credited for, placed after a moment."""
    customers = {(order.source, order.customer_ref) for order in orders}
    return Order.objects.filter(
        NOT_CREDITED,
        source__in={source for source, _ in customers},
        customer_ref__in={ref for _, ref in customers},
        ordered_at__gt=after,
    )


def sequence_matters() -> bool:
    """Whether it can make a difference which of two orders of a batch comes first.

    A tier is the one reached by the orders known before, and an order keeps the member who had won
    its customer when it was credited. All else follows from the facts, whatever their sequence.
    """
    return has_tiers() or bool(_offers_that_remember())


@kept_query
def _offers_that_remember() -> QuerySet[Offer, Any]:
    return Offer.objects.filter(remembers_customers=True).values_list("pk")[:1]


def parts_to_credit(found: Sequence[Attributed]) -> Iterator[Sequence[Attributed]]:
    """Part saved orders of a batch, so that credited part by part they get what they get singly.

    Most batches are one part. A part ends with an order that wins its customer's later orders, as
    these are known already: they are credited before the next one. It begins with an order that
    replaces what a browser reported, if that counted for the tiers of the orders before. Credit
    each part before you ask for the next.
    """
    if len(found) < 2:
        yield found
        return
    latest = _latest_waiting([order for order, attribution in found if _wins(order, attribution)])
    replacing = any(attribution.replaces for _, attribution in found) and has_tiers()
    part: list[Attributed] = []
    for order, attribution in found:
        if part and replacing and attribution.replaces:
            yield part
            part = []
        part.append((order, attribution))
        last = latest.get((order.source, order.customer_ref))
        if last is not None and order.ordered_at < last and _wins(order, attribution):
            yield part
            part = []
    if part:
        yield part


def _wins(order: Order, attribution: Attribution) -> bool:
    """Whether the order wins its customer for a member."""
    winner = attribution.winner
    return (
        winner is not None
        and winner.kind != Evidence.CUSTOMER
        and winner.enrollment.offer.remembers_customers
        and bool(order.customer_ref)
        and not shop_rejects(order)
    )


def _latest_waiting(winners: Sequence[Order]) -> dict[tuple[str, str], datetime]:
    """When the last order was placed that nobody is credited for, by source and customer."""
    if not winners:
        return {}
    found = _waiting(winners, after=min(order.ordered_at for order in winners))
    rows = found.order_by("ordered_at").values_list("source", "customer_ref", "ordered_at")
    return {(source, ref): ordered_at for source, ref, ordered_at in rows}
