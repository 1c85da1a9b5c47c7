"""Decide whether the customer of an order is new to the brand, where the terms ask for it.

A customer is known by their id at the source. They are new on their earliest order, whenever that
became known: a late order, or one that is stated anew, decides again about what is not yet paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from core.db import lock_identities
from core.kept_queries import kept_query
from core.tenancy import current_brand_id
from offers.models import Terms
from offers.structure import Customer, RuleKind
from payouts.models import PayoutItem
from tracking.commissions.settlement import changing
from tracking.models import Conversion, Order

Key = tuple[str, str]  # the source, and the customer's id there


def lock_customers(customers: Iterable[Key]) -> bool:
    """Lock customers until the transaction ends, if they matter to the brand.

    Its terms may ask whether they are new, and its offers remember them. Returns whether any was
    locked. A service that adds or changes orders of customers does it first, before any other lock
    but those of the orders: so no customer counts as new twice, and an order knows who won its
    customer also if that is recorded at the same moment.
    """
    known = {(source, ref) for source, ref in customers if ref}
    if not known or not list(_terms_that_ask_or_remember()):
        return False
    lock_identities(f"customer:{current_brand_id()}:{source}:{ref}" for source, ref in known)
    return True


def mark_new_customers(conversions: Sequence[Conversion]) -> None:
    """Set `customer` of new conversions to new or returning, if a rule of their terms needs it.

    The caller holds the customers' locks.
    """
    asked = [row for row in conversions if _asks(row.terms)]
    found = customers_of([row.order for row in asked])
    for row in asked:
        row.customer = found.get(row.order_id, "")


def decide_again(orders: Sequence[Order], *, before: Iterable[Key] = (), now: datetime) -> None:
    """Decide again about all orders of the customers of `orders`, which are new or were changed.

    `before` are customers that the orders had before they were changed. What is paid already stays
    as it was. The caller holds the customers' locks.
    """
    if not orders or not list(_terms_that_ask()):
        return
    customers = {(order.source, order.customer_ref) for order in orders} | set(before)
    refs = {ref for _, ref in customers} - {""}
    rows = [
        row
        for row in Conversion.objects.filter(
            Q(order__in=orders)
            | (
                Q(order__source__in={source for source, _ in customers})
                & Q(order__customer_ref__in=refs)
                & ~Q(customer="")
            )
        ).select_related("order", "terms")
        if _asks(row.terms)
    ]
    found = customers_of([row.order for row in rows])
    differing = {row.pk for row in rows if found.get(row.order_id, "") != row.customer}
    paid = PayoutItem.objects.live().filter(entry__conversion_id__in=differing)
    with changing(
        differing - set(paid.values_list("entry__conversion_id", flat=True)), now=now
    ) as conversions:
        for conversion in conversions:
            conversion.customer = found.get(conversion.order_id, "")


def customers_of(orders: Sequence[Order]) -> dict[int, Customer]:
    """Return new or returning by id of each saved order, without orders of unknown customers.

    What the shop says counts. Else a customer is new on their earliest order; of two orders at the
    same time, on the one whose id is lower.
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
            source__in={order.source for order in unknown},
            customer_ref__in={order.customer_ref for order in unknown},
            is_test=False,
        )
        .order_by("source", "customer_ref", "ordered_at", "external_id")
        .distinct("source", "customer_ref")
        .values_list("pk", flat=True)
    )
    return known | {
        order.pk: Customer.NEW if order.pk in first else Customer.RETURNING for order in unknown
    }


def _asks(terms: Terms) -> bool:
    return any(rule.kind == RuleKind.CUSTOMER for rule in terms.rule_list)


ASKS = Q(rules__contains=[{"kind": RuleKind.CUSTOMER.value}])


@kept_query
def _terms_that_ask() -> QuerySet[Terms, Any]:
    return Terms.objects.filter(ASKS).values_list("pk")[:1]


@kept_query
def _terms_that_ask_or_remember() -> QuerySet[Terms, Any]:
    remembers = Q(offer__remembers_customers=True)
    return Terms.objects.filter(ASKS | remembers).values_list("pk")[:1]
