"""Save orders and their lines as a shop states them: the columns, and nothing of their meaning."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from psycopg.types.json import Jsonb

from core.db import copy_rows
from core.tenancy import current_brand_id
from tracking.models import Order, OrderLine, OrderRevision
from tracking.orders.customer_digest import customer_digest
from tracking.orders.facts import LineFacts, OrderFacts

# What a statement of an order sets, and what follows from it.
STATED_FIELDS = [
    "currency", "number", "ordered_at", "total_minor", "commissionable_minor", "payment_status",
    "cancelled_at", "is_test", "customer_ref", "promo_codes", "click_id", "customer_is_new",
    "digest", "revision", "updated_at", "customer_digest", "referrer_host",
]  # fmt: skip
LINE_COLUMNS = (
    "brand_id", "order_id", "position", "line_id", "sku", "product", "collections", "quantity",
    "net_minor", "is_commissionable",
)  # fmt: skip

REVISION_COLUMNS = (
    "brand_id", "order_id", "number", "contents", "digest", "updated_at", "received_at",
)  # fmt: skip


def state_order(row: Order, order: OrderFacts, *, updated_at: datetime) -> None:
    """Set what `order` states. It is not saved."""
    row.number, row.currency = order.number, order.currency
    row.ordered_at, row.updated_at = order.ordered_at, updated_at
    row.total_minor, row.commissionable_minor = order.total_minor, order.commissionable_minor
    row.payment_status, row.cancelled_at = order.payment_status, order.cancelled_at
    row.is_test = order.is_test
    row.customer_ref, row.customer_is_new = order.customer_ref, order.customer_is_new
    row.promo_codes, row.click_id = list(order.promo_codes), order.click_id
    # A statement that leaves them out takes nothing back.
    if order.customer_email:
        row.customer_digest = customer_digest(order.customer_email)
    row.referrer_host = order.referrer_host or row.referrer_host
    row.digest = order.digest()


def save_lines(orders: Iterable[tuple[Order, OrderFacts]]) -> None:
    """Insert the lines of saved orders that have none."""
    brand_id = current_brand_id()
    copy_rows(
        table=OrderLine._meta.db_table,
        columns=LINE_COLUMNS,
        rows=(
            (brand_id, row.pk, position, *_line_values(line))
            for row, order in orders
            for position, line in enumerate(order.lines)
        ),
    )


def save_revisions(revisions: Iterable[OrderRevision]) -> None:
    """Insert new revisions."""
    brand_id = current_brand_id()
    copy_rows(
        table=OrderRevision._meta.db_table,
        columns=REVISION_COLUMNS,
        rows=(
            (
                brand_id, one.order_id, one.number, Jsonb(one.contents), one.digest,
                one.updated_at, one.received_at,
            )
            for one in revisions
        ),
    )  # fmt: skip


def _line_values(line: LineFacts) -> tuple[object, ...]:
    """Values for COPY. The text "{}" saves adapting an empty list."""
    return (
        line.line_id, line.sku, line.product, list(line.collections) or "{}", line.quantity,
        line.net_minor, line.is_commissionable,
    )  # fmt: skip
