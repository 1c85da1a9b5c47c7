"""The products that sold best, from the lines of credited orders.

- orders: accepted conversions whose order has a line of the product.
- quantity: pieces as the orders state them, whole orders, before refunds.
- sales: what the lines cost, net of refunds, of whole orders. A member with a share of an order
  sees the product's whole price, as the conversion shows the whole order's lines.

Lines are not added up as they come in: at most the newest MAX_CONVERSIONS of a period are read, and
`is_partial` says when there were more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from core.money import Money
from core.tenancy import current_brand_id
from tracking.figures.metrics import ALL_TIME, DateRange

MAX_CONVERSIONS = 5_000
DEFAULT_ROWS = 20
MAX_ROWS = 500
_PRODUCTS = """
WITH newest AS (
  SELECT one.id, one.order_id, one.occurred_at
  FROM tracking_conversion one
  WHERE one.brand_id = %(brand)s AND one.status = 'accepted' AND one.{owner} = ANY(%(owners)s)
    AND one.occurred_at >= %(since)s AND one.occurred_at < %(until)s
  ORDER BY one.occurred_at DESC, one.id DESC LIMIT %(most)s
), orders AS (
  SELECT DISTINCT order_id FROM (
    SELECT order_id FROM newest ORDER BY occurred_at DESC, id DESC LIMIT %(read)s
  ) AS read
), sold AS (
  SELECT coalesce(nullif(line.sku, ''), line.product) AS key, max(line.sku) AS sku,
    max(line.product) AS product, shop.currency, count(DISTINCT line.order_id) AS orders,
    sum(line.quantity) AS quantity, sum(line.net_minor - line.refunded_minor) AS sales
  FROM orders JOIN tracking_orderline line
    ON line.brand_id = %(brand)s AND line.order_id = orders.order_id
  JOIN tracking_order shop ON shop.brand_id = line.brand_id AND shop.id = line.order_id
  WHERE line.sku <> '' OR line.product <> ''
  GROUP BY 1, shop.currency
)
SELECT (SELECT count(*) FROM newest), sku, product, currency, orders, quantity, sales::bigint
FROM (VALUES (true)) AS always LEFT JOIN sold ON true
ORDER BY {order} DESC NULLS LAST, sku, product, currency LIMIT %(rows)s
"""
ORDERS = ("sales", "quantity", "orders")


@dataclass(frozen=True, slots=True)
class ProductFigures:
    """One product, by sku or else by name, in one currency of orders."""

    sku: str
    product: str
    currency: str
    orders: int
    quantity: Decimal
    sales_minor: int

    @property
    def sales(self) -> Money:
        return Money(self.sales_minor, self.currency)


@dataclass(frozen=True, slots=True)
class TopProducts:
    """The best products; `is_partial`: only the newest conversions of the period were read."""

    rows: tuple[ProductFigures, ...]
    is_partial: bool


def top_products_of_offers(
    offer_ids: Iterable[int],
    *,
    period: DateRange = ALL_TIME,
    order: str = "sales",
    limit: int = DEFAULT_ROWS,
) -> TopProducts:
    """Return the best products of these offers, for staff: by sales, quantity or orders."""
    return _top("offer_id", offer_ids, period, order, limit)


def top_products_of_enrollments(
    enrollment_ids: Iterable[int],
    *,
    period: DateRange = ALL_TIME,
    order: str = "sales",
    limit: int = DEFAULT_ROWS,
) -> TopProducts:
    """Return the best products of these enrollments: for a member, or staff of one member."""
    return _top("enrollment_id", enrollment_ids, period, order, limit)


def _top(
    owner: str, owners: Iterable[int], period: DateRange, order: str, limit: int
) -> TopProducts:
    since, until = period.moments()
    values: dict[str, Any] = {
        "brand": current_brand_id(),
        "owners": sorted(set(owners)),
        "since": since,
        "until": until,
        "most": MAX_CONVERSIONS + 1,  # one more tells whether there are others
        "read": MAX_CONVERSIONS,
        "rows": max(1, min(limit, MAX_ROWS)),
    }
    column = order if order in ORDERS else "sales"
    with connection.cursor() as cursor:
        cursor.execute(_PRODUCTS.format(owner=owner, order=column), values)
        found = cursor.fetchall()
    rows = tuple(ProductFigures(*row[1:]) for row in found if row[3] is not None)
    return TopProducts(rows, bool(found) and found[0][0] > MAX_CONVERSIONS)
