"""What each of an order's conversions has of its sale and refunds, by their shares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from core.money import MAX_AMOUNT_MINOR, convert, spread
from tracking.models import Conversion

_Part = tuple[Conversion, int, int]  # its part of the sale and of the refunds, as of the order


def set_amounts(rows: Iterable[Conversion], refunded: Mapping[int, int]) -> None:
    """Set sale, refunds and the shares before, of conversions among which are all of each order.

    `refunded` is what is refunded of the lines that earn commission, in minor units by order id.
    The parts add up to the whole, and are converted where the offer has another currency. The
    conversions are not saved.
    """
    of_order: dict[int, list[Conversion]] = defaultdict(list)
    for row in rows:
        of_order[row.order_id].append(row)
    for order_id, shared in of_order.items():
        shared.sort(key=lambda row: row.enrollment_id)
        shares = [row.share_bp for row in shared]
        for row, up_to in zip(shared, accumulate(shares), strict=True):
            row.shares_before_bp = up_to - row.share_bp
        sales = spread(shared[0].order.commissionable_minor, shares)
        refunds = spread(refunded.get(order_id, 0), sales)
        alike: dict[Any, list[_Part]] = defaultdict(list)
        for row, sale, back in zip(shared, sales, refunds, strict=True):
            alike[row.rate, row.currency].append((row, sale, back))
        for parts in alike.values():
            _set_converted(parts)


def _set_converted(parts: Sequence[_Part]) -> None:
    """Convert the sum of parts that have one rate, and spread it again: so they still add up."""
    rows, sales, refunds = zip(*parts, strict=True)
    sold, back = in_offers_currency(rows[0], sum(sales), sum(refunds))
    found = spread(sold, sales)
    for row, sale, refund in zip(rows, found, spread(back, found), strict=True):
        row.sale_minor, row.refunded_minor = sale, refund


def in_offers_currency(row: Conversion, *amounts: int) -> list[int]:
    """Return amounts of the order in the currency of the conversion's offer. Minor units.

    A rate so wrong that it makes an impossible amount of a changed order makes the largest one.
    """
    if row.rate is None:
        return list(amounts)
    return [
        min(convert(minor, row.rate, row.order.currency, row.currency), MAX_AMOUNT_MINOR)
        for minor in amounts
    ]
