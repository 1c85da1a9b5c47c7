"""The lines of orders net of refunds, and a conversion as the `Sale` that earns its commission."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Sum

from offers.commission import Line, Sale
from tracking.models import Conversion, OrderLine, Refund, RefundState

Lines = Mapping[int, tuple[Line, ...]]  # by order id


@dataclass(slots=True)
class _Product:
    """All lines of one sku in one order: a refund names no single one of them."""

    sold_minor: int = 0
    collections: set[str] = field(default_factory=set)


def order_lines_net_of_refunds(order_ids: Iterable[int]) -> dict[int, tuple[Line, ...]]:
    """The lines of orders, one per sku, net of what was refunded of them."""
    ids = list(order_ids)
    if not ids:
        return {}
    products: dict[int, dict[str, _Product]] = defaultdict(lambda: defaultdict(_Product))
    rows = OrderLine.objects.filter(order__in=ids).order_by("order_id", "position")
    for order_id, sku, net_minor, collections in rows.values_list(
        "order_id", "sku", "net_minor", "collections"
    ):
        product = products[order_id][sku]
        product.sold_minor += net_minor
        product.collections.update(collections)
    refunds = Refund.objects.filter(order__in=ids, state=RefundState.APPLIED)
    refunded = {
        (row["order_id"], row["sku"]): row["minor"]
        for row in refunds.values("order_id", "sku").annotate(minor=Sum("amount_minor"))
    }
    return {
        order_id: tuple(
            Line(
                sku=sku,
                collections=tuple(sorted(product.collections)),
                sold_minor=product.sold_minor,
                refunded_minor=refunded.get((order_id, sku), 0),
            )
            for sku, product in of_order.items()
        )
        for order_id, of_order in products.items()
    }


def lines_that_terms_look_at(conversions: Iterable[Conversion]) -> Lines:
    """The lines of those conversions whose terms look at them, in two queries or none."""
    return order_lines_net_of_refunds(
        row.order_id for row in conversions if row.terms.looks_at_lines
    )


def sale_of(conversion: Conversion, lines: Lines) -> Sale:
    """The conversion as `offers.commission` wants it."""
    return Sale(
        sold_minor=conversion.sale_minor,
        refunded_minor=conversion.refunded_minor,
        tier=conversion.tier,
        code=conversion.promo_code,
        customer=conversion.customer,
        left_under_cap_minor=conversion.room_minor,
        lines=lines.get(conversion.order_id, ()),
    )
