"""What is known of shoppers, and forgetting them: their reference goes, the figures stay.

Of a shopper nothing is kept but the shop's own reference and a digest of the address, which is
deleted. A random reference takes the place of the shop's, the same on all of their orders that are
forgotten together, so that who was a new customer stays as it is. Nobody can tell from it which
shopper that was. What the orders say otherwise does not change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pgtrigger
from django.db import connection, transaction
from django.db.models import Q

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import lock_identities
from core.money import Money
from core.tenancy import current_brand_id
from tracking.models import Order, OrderLine
from tracking.orders.identity import order_identity

MAX_KNOWN_ORDERS = 10_000
FORGOTTEN = "erased-"  # how the random references begin
_ORDERS = """
WITH chosen AS (
  SELECT id, customer_ref FROM tracking_order
  WHERE brand_id = %(brand)s AND source = %(source)s AND customer_ref <> ''
    AND NOT starts_with(customer_ref, %(forgotten)s)
    AND (%(all)s OR external_id = ANY (%(orders)s) OR customer_ref = %(customer)s)
), instead AS (
  SELECT customer_ref, %(forgotten)s || gen_random_uuid() AS new_ref
  FROM (SELECT DISTINCT customer_ref FROM chosen) AS customers
)
UPDATE tracking_order SET customer_ref = instead.new_ref
FROM chosen JOIN instead USING (customer_ref) WHERE tracking_order.id = chosen.id
RETURNING tracking_order.id, tracking_order.external_id
"""
# Also of guests, whose orders have no reference.
_DIGESTS = """
UPDATE tracking_order SET customer_digest = ''
WHERE brand_id = %(brand)s AND source = %(source)s AND customer_digest <> ''
  AND (%(all)s OR external_id = ANY (%(orders)s) OR customer_ref = %(customer)s)
"""
_REVISIONS = """
UPDATE tracking_orderrevision AS revision
SET contents = jsonb_set(contents, '{customer_id}', to_jsonb(kept.customer_ref))
FROM tracking_order AS kept
WHERE revision.brand_id = %s AND kept.brand_id = revision.brand_id
  AND kept.id = revision.order_id AND kept.id = ANY (%s)
"""


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """All that is known of a shopper by one order: what they bought, and the shop's reference."""

    order: Order
    lines: tuple[OrderLine, ...]

    @property
    def total(self) -> Money:
        return Money(self.order.total_minor, self.order.currency)

    @property
    def given_back(self) -> Money:
        """What refunds take from it."""
        return Money(sum(line.refunded_minor for line in self.lines), self.order.currency)


def known_of_shopper(
    *, source: str, customer_ref: str, order_ids: Collection[str]
) -> list[KnownOrder]:
    """Return the orders with these ids or of this shopper, the oldest first."""
    theirs = Q(external_id__in=list(order_ids))
    if customer_ref:
        theirs |= Q(customer_ref=customer_ref)
    found = Order.objects.filter(theirs, source=source).order_by("ordered_at", "pk")
    orders = list(found[:MAX_KNOWN_ORDERS])
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=orders).order_by("order_id", "position"):
        lines[line.order_id].append(line)
    return [KnownOrder(one, tuple(lines[one.pk])) for one in orders]


@transaction.atomic
def forget_shopper(
    *, source: str, customer_ref: str, order_ids: Collection[str], by: Actor, now: datetime
) -> list[str]:
    """Forget whose orders these are: those with these ids, and all with this reference.

    Returns the ids of the orders that named a shopper. A second time it changes nothing.
    """
    named = Order.objects.filter(source=source, customer_ref=customer_ref) if customer_ref else None
    known = list(named.values_list("external_id", flat=True)) if named is not None else []
    wanted = sorted({*order_ids, *known})
    lock_identities(order_identity(source, one) for one in wanted)
    return _forget(source, wanted, customer_ref, everybody=False, by=by, now=now)


@transaction.atomic
def forget_all_shoppers(*, source: str, by: Actor, now: datetime) -> list[str]:
    """Forget the shoppers of all orders of a source, as `forget_shopper` does."""
    return _forget(source, [], "", everybody=True, by=by, now=now)


def _forget(
    source: str,
    order_ids: list[str],
    customer_ref: str,
    *,
    everybody: bool,
    by: Actor,
    now: datetime,
) -> list[str]:
    values: dict[str, Any] = {
        "brand": current_brand_id(),
        "source": source,
        "forgotten": FORGOTTEN,
        "all": everybody,
        "orders": order_ids,
        "customer": customer_ref or None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DIGESTS, values)
        cursor.execute(_ORDERS, values)
        rows = cursor.fetchall()
        with pgtrigger.ignore("tracking.OrderRevision:tracking_revision_append_only"):
            cursor.execute(_REVISIONS, (values["brand"], [pk for pk, _ in rows]))
    if rows:
        audit.record(
            action="shoppers.forgotten", target=f"source:{source}", by=by, now=now, orders=len(rows)
        )
    return [external_id for _, external_id in rows]
