"""Map the refunds of an order, as `GET orders/{id}/refunds` lists them. Pure.

What is given back for a line lowers that line by the refund's own total, which is without tax. What
is given back for shipping and tax lowers no sale. An amount beyond what the refund's own parts
explain, and all of a refund without parts, lowers the sale in proportion: WooCommerce's amounts
hold tax and shipping, so of each amount counts what the sale is of all that is still paid. Once
everything is given back, nothing of the sale is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.money import exponent, to_minor
from integrations.shop import NotUnderstoodError
from integrations.woocommerce import values
from integrations.woocommerce.values import EXACT, Json

REFUNDED_ITEM = "_refunded_item_id"
PLACES = Decimal(1).scaleb(-10)
ZERO = Decimal(0)


@dataclass(slots=True)
class _Left:
    """What is left while the refunds are gone through: of each line, and of all that was paid."""

    lines: dict[str, Decimal]
    paid: Decimal

    @property
    def sale(self) -> Decimal:
        return sum(self.lines.values(), ZERO)

    def take_line(self, line_id: str, amount: Decimal) -> None:
        if line_id in self.lines:
            self.lines[line_id] = max(self.lines[line_id] - amount, ZERO)

    def take_share(self, amount: Decimal) -> Decimal:
        """Return what an amount that was paid back takes of the sale, and take it."""
        sale, paid = self.sale, self.paid
        if amount >= paid:
            share = sale
        else:
            share = EXACT.divide(EXACT.multiply(amount, sale), paid).quantize(
                PLACES, ROUND_HALF_UP, EXACT
            )
        if sale > 0:
            kept = sale - share
            for line_id, net in self.lines.items():
                self.lines[line_id] = EXACT.divide(EXACT.multiply(net, kept), sale)
        self.paid = max(paid - amount, ZERO)
        return share


def refund_statements(
    order: Json, statement: Mapping[str, Any], refunds: Sequence[Any]
) -> list[dict[str, Any]]:
    """Return what the refunds of an order take back, in our API's JSON. Raises NotUnderstoodError.

    `statement` is the order in that JSON. A refund that lowers nothing is left out. One that names
    lines and pays back more is stated in two parts, the second of them named `…-rest`.
    """
    listed = [values.an_object(refund, "A refund") for refund in refunds]
    for refund in listed:
        if not values.shop_id(refund) or not values.moment(refund, "date_created_gmt"):
            raise NotUnderstoodError("A refund has no id or no date_created_gmt.")
    listed.sort(key=lambda one: (values.moment(one, "date_created_gmt"), _as_int(one)))
    left = _Left(_nets(order), values.number(order, "total"))
    found: list[dict[str, Any]] = []
    for refund in listed:
        found += _stated(refund, order, statement, left)
    return found


def _as_int(refund: Json) -> int:
    return int(values.shop_id(refund))


def _nets(order: Json) -> dict[str, Decimal]:
    """What the lines are worth that the order's statement has, by their id."""
    lines = [*values.items(order, "line_items"), *values.items(order, "fee_lines")]
    nets = {
        values.shop_id(line) or f"place-{place}": values.number(line, "total")
        for place, line in enumerate(lines)
    }
    return {line_id: net for line_id, net in nets.items() if net > 0}


def _stated(
    refund: Json, order: Json, statement: Mapping[str, Any], left: _Left
) -> list[dict[str, Any]]:
    parts, explained, count = _parts(refund, order)
    for part in parts:
        left.take_line(part["line_id"], Decimal(part["amount"]))
    left.paid = max(left.paid - explained, ZERO)
    common = {
        "refund_id": values.shop_id(refund),
        "order_id": statement["order_id"],
        "refunded_at": values.moment(refund, "date_created_gmt"),
        "currency": statement["currency"],
    }
    stated = [common | {"lines": parts}] if parts else []
    rest = abs(values.number(refund, "amount")) - explained
    if parts and "shipping_lines" not in refund:
        return stated  # an older WooCommerce lists products alone: the rest is shipping
    if rest > _rounding(statement["currency"], count):
        share = left.take_share(rest)
        if to_minor(share, statement["currency"]) > 0:
            rest_id = f"{common['refund_id']}-rest" if parts else common["refund_id"]
            stated.append(common | {"refund_id": rest_id, "amount": values.plain(share)})
    return stated


def _rounding(currency: str, count: int) -> Decimal:
    """What `count` rounded amounts may differ from their sum."""
    return Decimal(count).scaleb(-exponent(currency))


def _parts(refund: Json, order: Json) -> tuple[list[dict[str, Any]], Decimal, int]:
    """The lines that it lowers, the money that its own parts explain, and of how many amounts."""
    parts, explained, count = [], ZERO, 0
    for name in ("line_items", "fee_lines"):
        for item in values.items(refund, name):
            net, tax = -values.number(item, "total"), -values.number(item, "total_tax")
            line_id = _refunded_line(item, order)
            if not line_id:
                continue  # its money is a part of the rest
            explained, count = explained + net + tax, count + 2
            if net > 0:
                parts.append(_part(line_id, item, net))
    for item in values.items(refund, "shipping_lines"):
        explained -= values.number(item, "total") + values.number(item, "total_tax")
        count += 2
    return parts, explained, count


def _part(line_id: str, item: Json, net: Decimal) -> dict[str, Any]:
    quantity = -values.number(item, "quantity")
    part = {"line_id": line_id, "amount": values.plain(net)}
    return part | {"quantity": values.plain(quantity)} if 0 < quantity < 10**6 else part


def _refunded_line(item: Json, order: Json) -> str:
    """The id of the order's line that a refund's item gives back; "" if nothing says it."""
    for meta in values.items(item, "meta_data"):
        if meta.get("key") == REFUNDED_ITEM and (line_id := values.shop_id(meta, "value")):
            return line_id
    product = (values.shop_id(item, "product_id"), values.shop_id(item, "variation_id"))
    if not product[0]:
        return ""
    for line in values.items(order, "line_items"):
        if product == (values.shop_id(line, "product_id"), values.shop_id(line, "variation_id")):
            return values.shop_id(line)
    return ""
