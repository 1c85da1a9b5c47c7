"""Look up recorded orders with their conversion and refunds. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from core.money import Money
from tracking.models import Conversion, Order, OrderLine, OrderRevision, Refund
from tracking.orders.as_sent import order_as_sent
from tracking.orders.facts import LineFacts, OrderFacts


def refunds_of_order(order_id: int) -> QuerySet[Refund]:
    """Return the refunds of one order, oldest first."""
    return Refund.objects.filter(order=order_id).order_by("refunded_at", "pk")


def lines_of_order(order_id: int) -> QuerySet[OrderLine]:
    return OrderLine.objects.filter(order=order_id).order_by("position")


def conversions_of_order(order_id: int) -> QuerySet[Conversion]:
    """Return the conversions that have a share of the order, the largest first."""
    rows = Conversion.objects.filter(order=order_id, share_bp__gt=0)
    return rows.select_related("member", "offer").order_by("-share_bp", "pk")


def conversions_of_orders(orders: Iterable[Order]) -> dict[int, tuple[Conversion, ...]]:
    """Return the same of several orders, by the order's key; none of one that nobody has."""
    found: dict[int, list[Conversion]] = defaultdict(list)
    rows = Conversion.objects.filter(order__in=list(orders), share_bp__gt=0)
    for row in rows.select_related("member", "offer").order_by("-share_bp", "pk"):
        found[row.order_id].append(row)
    return {order_id: tuple(listed) for order_id, listed in found.items()}


def latest_source(*, without: Collection[str] = ()) -> str:
    """The source of the order that was received last, beside these; "" if there is none."""
    rows = Order.objects.exclude(source__in=list(without)).order_by("-pk")
    return rows.values_list("source", flat=True).first() or ""


def orders_as_sent(source: str, external_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return recorded orders as the API receives them, by external id, for a conflict answer."""
    wanted = list(external_ids)
    if not wanted:
        return {}
    return {row.external_id: order_as_sent(row, lines) for row, lines in _recorded(source, wanted)}


def facts_as_recorded(source: str, external_ids: Iterable[str]) -> dict[str, OrderFacts]:
    """Return what was stated last of recorded orders, by external id."""
    return {
        row.external_id: _facts(row, lines) for row, lines in _recorded(source, set(external_ids))
    }


def _recorded(source: str, external_ids: Collection[str]) -> list[tuple[Order, list[OrderLine]]]:
    """Recorded orders with their lines, in two queries."""
    rows = {
        row.pk: row for row in Order.objects.filter(source=source, external_id__in=external_ids)
    }
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=list(rows)).order_by("order_id", "position"):
        lines[line.order_id].append(line)
    return [(row, lines[row.pk]) for row in rows.values()]


def _line_facts(line: OrderLine) -> LineFacts:
    return LineFacts(
        line_id=line.line_id,
        sku=line.sku,
        product=line.product,
        quantity=line.quantity,
        net_minor=line.net_minor,
        collections=tuple(line.collections),
        is_commissionable=line.is_commissionable,
    )


def _facts(row: Order, lines: Iterable[OrderLine]) -> OrderFacts:
    return OrderFacts(
        external_id=row.external_id,
        ordered_at=row.ordered_at,
        currency=row.currency,
        customer_ref=row.customer_ref,
        promo_codes=tuple(row.promo_codes),
        click_id=row.click_id,
        lines=tuple(map(_line_facts, lines)),
        customer_is_new=row.customer_is_new,
        payment_status=row.payment_status,
        cancelled_at=row.cancelled_at,
        is_test=row.is_test,
        updated_at=row.updated_at,
        number=row.number,
    )


def known_digests(source: str, external_ids: Iterable[str]) -> dict[str, set[str]]:
    """The digests of all statements of recorded orders, by external id."""
    orders = Order.objects.filter(source=source, external_id__in=list(external_ids))
    digests: dict[str, set[str]] = defaultdict(set)
    for _, external_id, digest in (
        stated := list(orders.values_list("pk", "external_id", "digest"))
    ):
        digests[external_id].add(digest)
    names = {pk: external_id for pk, external_id, _ in stated}
    earlier = OrderRevision.objects.filter(order__in=list(names))
    for order_id, digest in earlier.values_list("order_id", "digest"):
        digests[names[order_id]].add(digest)
    return digests


def revisions_of_order(order: Order) -> list[OrderRevision]:
    """All statements of an order, the first one first. One that was stated once has one."""
    return list(OrderRevision.objects.filter(order=order).order_by("number")) or [
        revision_of(order, lines_of_order(order.pk))
    ]


def revision_of(order: Order, lines: Iterable[OrderLine]) -> OrderRevision:
    """The first statement of an order that was stated once. It is not saved."""
    return OrderRevision(
        order=order,
        number=order.revision,
        contents=order_as_sent(order, lines),
        digest=order.digest,
        updated_at=order.updated_at,
        received_at=order.received_at,
    )


@dataclass(frozen=True, slots=True)
class OrderState:
    """An order with its conversions, the largest share first, and its refunds, oldest first."""

    order: Order
    conversions: tuple[Conversion, ...]
    refunds: tuple[Refund, ...]

    @property
    def conversion(self) -> Conversion | None:
        """The conversion with the largest share, if the order is credited."""
        return next(iter(self.conversions), None)

    @property
    def total(self) -> Money:
        return Money(self.order.total_minor, self.order.currency)

    @property
    def why(self) -> str:
        """Why the order is credited to its member, or to none."""
        return self.conversion.why if self.conversion else self.order.unattributed


def look_up_order(*, source: str, external_id: str) -> OrderState | None:
    """Return an order of the current brand with conversion and refunds, or None."""
    if "\x00" in source + external_id:
        return None  # PostgreSQL can't store a null character
    order = Order.objects.filter(source=source, external_id=external_id).first()
    return _state_of(order) if order is not None else None


def look_up_order_by_key(order_id: int) -> OrderState | None:
    """Return the order of the current brand with this key, or None."""
    order = Order.objects.filter(pk=order_id).first()
    return _state_of(order) if order is not None else None


def _state_of(order: Order) -> OrderState:
    return OrderState(
        order=order,
        conversions=tuple(conversions_of_order(order.pk)),
        refunds=tuple(refunds_of_order(order.pk)),
    )
