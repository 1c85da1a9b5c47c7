"""What Shopify says of an order and of a refund, whichever of its two shapes it came in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ShopLine:
    """A line of an order. Amounts are of the whole line, in the shop's currency.

    `price` is of one piece. `quantity` is what was ordered, `current_quantity` what is left of it
    after removals and refunds. `tax` is in the price if the order's taxes are included.
    """

    line_id: str
    sku: str
    product: str
    quantity: Decimal
    current_quantity: Decimal
    price: Decimal
    discount: Decimal
    tax: Decimal
    is_gift_card: bool


@dataclass(frozen=True, slots=True)
class RefundedLine:
    """`subtotal` may hold `tax` in shops whose prices include tax."""

    line_id: str
    quantity: Decimal
    subtotal: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class ShopRefund:
    """A refund, in the shop's currency ("" if it names none).

    Where the shop's figures agree, the lines with their tax, plus `shipping`, less `discrepancy`,
    are `money`: what was paid back. `money` is None where that is not known in this currency.
    `settled` is what was paid back for lines that an earlier refund named.
    """

    refund_id: str
    order_id: str
    refunded_at: str
    currency: str
    lines: tuple[RefundedLine, ...]
    shipping: Decimal
    discrepancy: Decimal
    settled: Decimal
    money: Decimal | None


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """`refunds` is None where the payload does not list them. Times are ISO 8601, or "".

    `customer_email` and `referrer` are "" in what is fetched, and where Shopify left them out.
    """

    order_id: str
    number: str  # as people see it: #1001
    ordered_at: str
    updated_at: str
    cancelled_at: str
    is_test: bool
    currency: str
    payment: str  # Shopify's word, in lower case
    has_taxes_included: bool
    customer_id: str
    codes: tuple[str, ...]
    click_id: str
    customer_email: str
    referrer: str
    lines: tuple[ShopLine, ...]
    refunds: tuple[ShopRefund, ...] | None
