"""From Shopify's orders and refunds to the JSON of our API. Pure: no network, no database.

A webhook and the back-fill come in different shapes and say the same, so they become the same
statements. Everything that can't be read is a NotUnderstoodError with a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from core.money import Money, to_minor
from integrations.shop import Statements
from integrations.shopify import graphql_orders, refunding, webhooks
from integrations.shopify.facts import ShopLine, ShopOrder, ShopRefund
from integrations.shopify.reading import EXACT, Payload

NOTHING = Decimal(0)
# What Shopify says of the money, and what an order is to us. What is new there waits.
PAYMENT = {
    "paid": "paid",
    "partially_refunded": "paid",
    "refunded": "paid",
    "voided": "voided",
}
WAITING = "pending"  # pending, authorized, partially_paid, expired
ANOTHER_WAY = (
    "This refund pays money back without naming lines. Its order's own update says how much of it"
    " is tax, and states the refund."
)
NO_EFFECT = "This refund gives back no goods and no money for them, so the sale stays."
NO_CURRENCY = "This refund names no currency. Its order's own update states it."


def order_statements(payload: Payload) -> Statements:
    """Return what a webhook about an order states. Raises NotUnderstoodError."""
    with localcontext(EXACT):
        return _statements(webhooks.order_in(payload))


def fetched_order_statements(payload: Payload) -> Statements:
    """Return what an order states that was fetched by GraphQL. Raises NotUnderstoodError."""
    with localcontext(EXACT):
        return _statements(graphql_orders.order_in(payload))


def refund_statements(payload: Payload) -> Statements:
    """Return what a `refunds/create` webhook states. Raises NotUnderstoodError.

    Alone a refund says as much as inside its order if it names lines. If it names none, only the
    order says how much of the money is tax: nothing is stated, and `ignored` says why.
    """
    with localcontext(EXACT):
        refund = webhooks.refund_in(payload)
        if not refund.currency:
            return Statements(ignored=NO_CURRENCY)
        parts = refunding.parts_of(refund)
        if parts:
            return Statements(refunds=({**_refund_head(refund, refund.order_id), "lines": parts},))
        is_paid = refunding.paid_back_without_lines(refund) > 0
        return Statements(ignored=ANOTHER_WAY if is_paid else NO_EFFECT)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A line without what was removed from the order; net and tax of what is left, per line."""

    line: ShopLine
    quantity: Decimal
    net: Decimal
    tax: Decimal


def _statements(order: ShopOrder) -> Statements:
    kept = [_kept(line, order) for line in order.lines]
    stated: dict[str, Any] = {
        "order_id": order.order_id,
        "number": order.number,
        "ordered_at": order.ordered_at,
        "currency": order.currency,
        "is_test": order.is_test,
        "lines": [_line(one, order.currency) for one in kept],
    }
    if order.payment:
        stated["payment_status"] = PAYMENT.get(order.payment, WAITING)
    for name, value in (
        ("updated_at", order.updated_at),
        ("cancelled_at", order.cancelled_at),
        ("customer_id", order.customer_id),
        ("promo_codes", list(order.codes)),
        ("click_id", order.click_id),
        ("customer_email", order.customer_email),
        ("referrer", order.referrer),
    ):
        if value:
            stated[name] = value
    if order.refunds is None:
        return Statements(orders=(stated,))
    amounts = [(one.net, one.tax) for one in kept]
    refunds = [_refund(refund, order, amounts) for refund in order.refunds]
    return Statements(
        orders=(stated,),
        refunds=tuple(refund for refund in refunds if refund is not None),
        whole_refunds_of=(order.order_id,),
    )


def _kept(line: ShopLine, order: ShopOrder) -> _Kept:
    """Work out a line without what was removed by editing the order.

    Net is price times quantity, less all discounts that were allocated to the line, less its tax
    where prices include it; rounded as the shop's data says. `current_quantity` is also without
    what was refunded. Refunds are stated by themselves, so only what no refund names is removed.
    """
    net = line.price * line.quantity - line.discount
    if order.has_taxes_included:
        net -= line.tax
    net = max(net, NOTHING)
    gone = line.quantity - line.current_quantity
    gone -= refunding.refunded_quantity(order.refunds or (), line.line_id) if gone else NOTHING
    if gone <= 0:
        return _Kept(line, line.quantity, net, line.tax)
    left = line.quantity - gone
    return _Kept(line, left, *(_share(amount, left, line, order) for amount in (net, line.tax)))


def _share(amount: Decimal, left: Decimal, line: ShopLine, order: ShopOrder) -> Decimal:
    shared = EXACT.divide(amount * left, line.quantity)
    return Decimal(Money(to_minor(shared, order.currency), order.currency).plain())


def _line(kept: _Kept, currency: str) -> dict[str, Any]:
    """Return a line in our API's JSON, where price times quantity less discount is the net.

    So the tax of a price that includes it counts as discount.
    """
    line = kept.line
    stated: dict[str, Any] = {
        "quantity": format(kept.quantity, "f"),
        "unit_price": format(line.price, "f"),
        "discount": format(max(line.price * kept.quantity - kept.net, NOTHING), "f"),
        "commissionable": not line.is_gift_card,
    }
    for name, value in (("line_id", line.line_id), ("sku", line.sku), ("product", line.product)):
        if value:
            stated[name] = value
    return stated


def _refund_head(refund: ShopRefund, order_id: str) -> dict[str, Any]:
    return {
        "refund_id": refund.refund_id,
        "order_id": order_id,
        "refunded_at": refund.refunded_at,
        "currency": refund.currency,
    }


def _refund(
    refund: ShopRefund, order: ShopOrder, lines: Sequence[tuple[Decimal, Decimal]]
) -> dict[str, Any] | None:
    """Return a refund inside its order in our API's JSON, None if it takes nothing."""
    head = _refund_head(refund, order.order_id)
    parts = refunding.parts_of(refund)
    if parts:
        return {**head, "lines": parts}
    paid_back = refunding.paid_back_without_lines(refund)
    amount = refunding.in_proportion(paid_back, lines, order.currency)
    return {**head, "amount": amount} if amount else None
