"""The lines of orders net of refunds, and the `Sale` of a conversion for its commission."""

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
    """All lines of one sku in one order, because a refund does not say which one it is for."""

    sold_minor: int = 0
    collections: set[str] = field(default_factory=set)


def order_lines_net_of_refunds(order_ids: Iterable[int]) -> dict[int, tuple[Line, ...]]:
    """Return the lines by order id, one per sku, net of refunds. Minor units."""
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
    """Return the lines of conversions whose terms have rules about lines. At most two queries."""
    return order_lines_net_of_refunds(
        row.order_id for row in conversions if row.terms.looks_at_lines
    )


def sale_of(conversion: Conversion, lines: Lines) -> Sale:
    """Return the conversion as input of `offers.commission.commission_of`."""
    return Sale(
        sold_minor=conversion.sale_minor,
        refunded_minor=conversion.refunded_minor,
        tier=conversion.tier,
        code=conversion.promo_code,
        customer=conversion.customer,
        left_under_cap_minor=conversion.left_under_cap_minor,
        lines=lines.get(conversion.order_id, ()),
    )
