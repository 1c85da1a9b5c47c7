"""The lines of orders net of refunds, and the `Sale` of a conversion for its commission."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from core.money import BASIS_POINTS, spread
from offers.commission import Line, Sale
from tracking.commissions.shares import in_offers_currency
from tracking.models import Conversion, OrderLine

Lines = Mapping[int, tuple[Line, ...]]  # by order id
_Key = tuple[str, str]  # the sku, or of a line without one its id


@dataclass(slots=True)
class _Product:
    """All lines of one sku in one order, or a line without sku."""

    sold_minor: int = 0
    refunded_minor: int = 0
    collections: set[str] = field(default_factory=set)


def order_lines_net_of_refunds(order_ids: Iterable[int]) -> dict[int, tuple[Line, ...]]:
    """Return the lines that earn commission by order id, one per sku. Minor units."""
    ids = list(order_ids)
    if not ids:
        return {}
    products: dict[int, dict[_Key, _Product]] = defaultdict(lambda: defaultdict(_Product))
    rows = OrderLine.objects.filter(order__in=ids, is_commissionable=True)
    for row in rows.order_by("order_id", "position"):
        product = products[row.order_id][row.sku, "" if row.sku else row.line_id]
        product.sold_minor += row.net_minor
        product.refunded_minor += row.refunded_minor
        product.collections.update(row.collections)
    return {
        order_id: tuple(
            Line(
                sku=sku,
                collections=tuple(sorted(product.collections)),
                sold_minor=product.sold_minor,
                refunded_minor=product.refunded_minor,
            )
            for (sku, _), product in of_order.items()
        )
        for order_id, of_order in products.items()
    }


def lines_that_terms_look_at(conversions: Iterable[Conversion]) -> Lines:
    """Return the lines of conversions whose terms have rules about lines, or that are shared.

    At most two queries.
    """
    return order_lines_net_of_refunds(
        row.order_id
        for row in conversions
        if row.terms.looks_at_lines or row.share_bp != BASIS_POINTS
    )


def converted_lines(conversion: Conversion, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return lines in the currency of the offer; they add up to the whole as it is converted."""
    if conversion.rate is None or not lines:
        return lines
    sold, refunded = in_offers_currency(
        conversion,
        sum(line.sold_minor for line in lines),
        sum(line.refunded_minor for line in lines),
    )
    kept = spread(sold - refunded, [line.kept_minor for line in lines])
    given_back = spread(refunded, [line.refunded_minor for line in lines])
    return tuple(
        replace(line, sold_minor=left + back, refunded_minor=back)
        for line, left, back in zip(lines, kept, given_back, strict=True)
    )


def sale_of(conversion: Conversion, lines: Lines) -> Sale:
    """Return the conversion as input of `offers.commission.commission_of`.

    A shared order is computed as a whole, from its lines, and its commission is shared.
    """
    of_order = converted_lines(conversion, lines.get(conversion.order_id, ()))
    is_whole = conversion.share_bp == BASIS_POINTS
    return Sale(
        sold_minor=conversion.sale_minor if is_whole else sum(line.sold_minor for line in of_order),
        refunded_minor=conversion.refunded_minor
        if is_whole
        else sum(line.refunded_minor for line in of_order),
        share_bp=conversion.share_bp,
        shares_before_bp=conversion.shares_before_bp,
        tier=conversion.tier,
        code=conversion.promo_code,
        customer=conversion.customer,
        left_under_cap_minor=conversion.left_under_cap_minor,
        lines=of_order,
    )
