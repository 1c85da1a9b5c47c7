"""Find out whether the customer of an order is new to the brand, if the terms need it."""

from __future__ import annotations

from collections.abc import Sequence

from core.db import lock_identities
from core.tenancy import current_brand_id
from offers.structure import Customer, RuleKind
from tracking.models import Conversion, Order


def mark_new_customers(conversions: Sequence[Conversion]) -> None:
    """Set `customer` of new conversions to new or returning, if a rule of their terms needs it.

    Locks the customers until the transaction ends, so that no customer counts as new twice.
    """
    asked = [
        row
        for row in conversions
        if any(rule.kind == RuleKind.CUSTOMER for rule in row.terms.rule_list)
    ]
    refs = {row.order.customer_ref for row in asked} - {""}
    lock_identities(f"customer:{current_brand_id()}:{ref}" for ref in refs)
    found = customers_of([row.order for row in asked])
    for row in asked:
        row.customer = found.get(row.order_id, "")


def customers_of(orders: Sequence[Order]) -> dict[int, Customer]:
    """Return new or returning by id of each saved order, without orders of unknown customers.

    What the shop says counts. Else a customer is new on their earliest recorded order; of two
    orders at the same time, the one recorded first.
    """
    known = {
        order.pk: Customer.NEW if order.customer_is_new else Customer.RETURNING
        for order in orders
        if order.customer_is_new is not None
    }
    unknown = [order for order in orders if order.pk not in known and order.customer_ref]
    if not unknown:
        return known
    first = set(
        Order.objects.filter(
            customer_ref__in={order.customer_ref for order in unknown}, is_test=False
        )
        .order_by("customer_ref", "ordered_at", "pk")
        .distinct("customer_ref")
        .values_list("pk", flat=True)
    )
    return known | {
        order.pk: Customer.NEW if order.pk in first else Customer.RETURNING for order in unknown
    }
