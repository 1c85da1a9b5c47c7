"""Read orders and refunds in the shape that webhooks have: that of the former REST API. Pure.

Amounts are in the shop's currency. Older versions lack the `*_set` beside an amount, and send
numbers as text. What a shopper paid in, the presentment currency, is never read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from integrations.shop import NotUnderstoodError
from integrations.shopify import reading
from integrations.shopify.click_ids import click_id_of
from integrations.shopify.facts import RefundedLine, ShopLine, ShopOrder, ShopRefund
from integrations.shopify.reading import Payload

MAX_SKU_LENGTH, MAX_PRODUCT_LENGTH, MAX_CODE_LENGTH = 120, 300, 60
NOTHING = Decimal(0)
PAID_BACK = ("success", "pending")  # a transaction's status
# Reasons of a discrepancy that evens out what other refunds said of lines.
SETTLING = ("pending_refund_discrepancy", "full_return_balancing_adjustment")


def order_in(payload: Payload) -> ShopOrder:
    """Return what a webhook says of an order. Raises NotUnderstoodError."""
    owner = "The order"
    currency = reading.currency_of(payload.get("currency"), owner)
    refunds = None
    if payload.get("refunds") is not None:
        refunds = tuple(
            refund_in(one, currency) for one in reading.several(payload, "refunds", owner)
        )
    return ShopOrder(
        order_id=reading.identity(payload, "id", owner),
        number=reading.text(payload, "name", owner, max_length=120),
        ordered_at=_first_time(payload, ("processed_at", "created_at"), owner),
        updated_at=reading.moment(payload, "updated_at", owner),
        cancelled_at=reading.moment(payload, "cancelled_at", owner),
        is_test=reading.is_yes(payload, "test", owner),
        currency=currency,
        payment=reading.text(payload, "financial_status", owner, max_length=60).lower(),
        has_taxes_included=reading.is_yes(payload, "taxes_included", owner),
        customer_id=reading.identity(
            reading.one(payload, "customer", owner), "id", "The customer", required=False
        ),
        codes=tuple(_codes(reading.several(payload, "discount_codes", owner))),
        click_id=click_id_of(_attributes(payload), [payload.get("landing_site")]),
        customer_email=_text_or_nothing(payload, "email"),
        referrer=_text_or_nothing(payload, "referring_site"),
        lines=tuple(_lines(reading.several(payload, "line_items", owner), currency)),
        refunds=refunds,
    )  # fmt: skip


def _text_or_nothing(payload: Payload, name: str) -> str:
    """A text that no order depends on."""
    found = payload.get(name)
    return found if isinstance(found, str) else ""


def _first_time(payload: Payload, names: Iterable[str], owner: str) -> str:
    """`processed_at` comes first: an order brought from another shop system keeps its day there."""
    for name in names:
        found = reading.moment(payload, name, owner)
        if found:
            return found
    raise NotUnderstoodError(f"{owner} does not say when it was made.")


def _codes(entries: Iterable[Payload]) -> Iterator[str]:
    """Return all codes; automatic discounts have none."""
    for entry in entries:
        code = reading.text(entry, "code", "A discount code", max_length=MAX_CODE_LENGTH)
        if code:
            yield code


def _attributes(payload: Payload) -> Iterator[tuple[Any, Any]]:
    found = payload.get("note_attributes")
    for entry in found if isinstance(found, list) else []:
        if isinstance(entry, dict):
            yield entry.get("name"), entry.get("value")


def _lines(entries: Iterable[Payload], currency: str) -> Iterator[ShopLine]:
    for place, entry in enumerate(entries, 1):
        owner = f"Line {place}"
        ordered = reading.quantity(entry, "quantity", owner)
        left = ordered
        if entry.get("current_quantity") is not None:
            left = min(ordered, reading.quantity(entry, "current_quantity", owner))
        yield ShopLine(
            line_id=reading.identity(entry, "id", owner, required=False),
            sku=reading.text(entry, "sku", owner, max_length=MAX_SKU_LENGTH),
            product=reading.text(entry, "title", owner, max_length=MAX_PRODUCT_LENGTH),
            quantity=ordered,
            current_quantity=left,
            price=money(entry, "price", owner, currency),
            discount=_sum(entry, "discount_allocations", "amount", owner, currency),
            tax=_sum(entry, "tax_lines", "price", owner, currency),
            is_gift_card=reading.is_yes(entry, "gift_card", owner),
        )


def money(payload: Payload, name: str, owner: str, currency: str) -> Decimal:
    """Return an amount that is not negative."""
    return reading.not_negative(_in_shop_money(payload, name, owner, currency), owner, name)


def _in_shop_money(payload: Payload, name: str, owner: str, currency: str) -> Any:
    """Return an amount in the shop's currency, from its `*_set` or, in old versions, beside it."""
    both = reading.one(payload, f"{name}_set", owner)
    shop_money = reading.one(both, "shop_money", owner)
    if shop_money.get("amount") is None:
        return payload.get(name)
    found = shop_money.get("currency_code")
    if found is not None and reading.currency_of(found, owner) != currency:
        raise NotUnderstoodError(f"{owner} is in another currency than {currency}.")
    return shop_money["amount"]


def _sum(payload: Payload, name: str, amount: str, owner: str, currency: str) -> Decimal:
    entries = reading.several(payload, name, owner)
    return sum((money(entry, amount, owner, currency) for entry in entries), NOTHING)


def refund_in(payload: Payload, order_currency: str = "") -> ShopRefund:
    """Return what a webhook says of a refund. Raises NotUnderstoodError.

    `order_currency` is that of the order around it. A refund that comes alone names its currency
    only beside its amounts.
    """
    owner = "The refund"
    currency = order_currency or _currency_in(payload, owner)
    transactions = reading.several(payload, "transactions", owner)
    if not currency:
        return _without_amounts(payload, owner)
    adjustments = reading.several(payload, "order_adjustments", owner)
    shipping = [entry for entry in adjustments if _is_of_shipping(entry)]
    others = [entry for entry in adjustments if not _is_of_shipping(entry)]
    return ShopRefund(
        refund_id=reading.identity(payload, "id", owner),
        order_id=reading.identity(payload, "order_id", owner, required=not order_currency),
        refunded_at=_first_time(payload, ("created_at", "processed_at"), owner),
        currency=currency,
        lines=tuple(
            _refunded_lines(reading.several(payload, "refund_line_items", owner), currency)
        ),
        shipping=_shipping(payload, shipping, owner, currency),
        discrepancy=sum((_adjusted(entry, currency) for entry in others), NOTHING),
        settled=_settled(others, currency),
        money=_paid_back(payload, transactions, currency),
    )


def _without_amounts(payload: Payload, owner: str) -> ShopRefund:
    return ShopRefund(
        refund_id=reading.identity(payload, "id", owner),
        order_id=reading.identity(payload, "order_id", owner),
        refunded_at=_first_time(payload, ("created_at", "processed_at"), owner),
        currency="", lines=(), shipping=NOTHING, discrepancy=NOTHING, settled=NOTHING, money=None,
    )  # fmt: skip


def _currency_in(payload: Payload, owner: str) -> str:
    """Return the shop's currency as a refund's own amounts name it, "" if they don't."""
    for name, amounts in (
        ("refund_line_items", ("subtotal_set", "total_tax_set")),
        ("order_adjustments", ("amount_set",)),
        ("refund_shipping_lines", ("subtotal_amount_set",)),
        ("transactions", ("amount_set",)),
    ):
        for entry in reading.several(payload, name, owner):
            for amount in amounts:
                both = reading.one(entry, amount, owner)
                code = reading.one(both, "shop_money", owner).get("currency_code")
                if code is not None:
                    return reading.currency_of(code, owner)
    paid_in = {entry.get("currency") for entry in _texts(payload, "transactions", "currency")}
    return reading.currency_of(paid_in.pop(), owner) if len(paid_in) == 1 else ""


def _texts(payload: Payload, name: str, text: str) -> list[Payload]:
    return [
        one
        for one in reading.several(payload, name, "The refund")
        if isinstance(one.get(text), str)
    ]


def _refunded_lines(entries: Iterable[Payload], currency: str) -> Iterator[RefundedLine]:
    for place, entry in enumerate(entries, 1):
        owner = f"Line {place} of the refund"
        taxes = entry.get("total_tax") is not None or entry.get("total_tax_set") is not None
        yield RefundedLine(
            line_id=reading.identity(entry, "line_item_id", owner),
            quantity=reading.quantity(entry, "quantity", owner),
            subtotal=money(entry, "subtotal", owner, currency),
            tax=money(entry, "total_tax", owner, currency) if taxes else NOTHING,
        )


def _is_of_shipping(adjustment: Payload) -> bool:
    return _word(adjustment.get("kind")) == "shipping_refund"


def _settled(adjustments: Iterable[Payload], currency: str) -> Decimal:
    """Return what was paid back for lines that were taken back before.

    A removed line makes a refund without money, with a discrepancy that waits. A second refund
    without lines pays it, with the same discrepancy the other way round.
    """
    settling = [one for one in adjustments if _word(one.get("reason")) in SETTLING]
    return max(-sum((_adjusted(one, currency) for one in settling), NOTHING), NOTHING)


def _word(value: Any) -> str:
    return value.strip().lower().replace(" ", "_") if isinstance(value, str) else ""


def _adjusted(entry: Payload, currency: str) -> Decimal:
    """Return an adjustment with its tax. Its sign says which way it goes."""
    owner = "An adjustment of the refund"
    total = NOTHING
    for name in ("amount", "tax_amount"):
        value = _in_shop_money(entry, name, owner, currency)
        if value is not None or name == "amount":
            total += reading.number(value, owner, name)
    return total


def _shipping(
    payload: Payload, adjustments: Iterable[Payload], owner: str, currency: str
) -> Decimal:
    """Return what of a refund was for shipping, with its tax.

    Until version 2024-07 it is an adjustment with a negative amount, since then a separate list.
    """
    adjusted = sum((_adjusted(entry, currency) for entry in adjustments), NOTHING)
    if adjusted:
        return abs(adjusted)
    entries = reading.several(payload, "refund_shipping_lines", owner)
    line = "A shipping line of the refund"
    total = NOTHING
    for entry in entries:
        for name in ("subtotal_amount", "tax_amount"):
            value = _in_shop_money(entry, name, line, currency)
            total += NOTHING if value is None else reading.not_negative(value, line, name)
    return total


def _paid_back(payload: Payload, transactions: Iterable[Payload], currency: str) -> Decimal | None:
    """Return what was paid back. None if that is not listed, or is in another currency."""
    if payload.get("transactions") is None:
        return None
    total = NOTHING
    owner = "A transaction of the refund"
    for entry in transactions:
        kind = reading.text(entry, "kind", owner, max_length=60).lower()
        status = reading.text(entry, "status", owner, max_length=60).lower()
        if kind != "refund" or status not in PAID_BACK:
            continue
        has_set = reading.one(entry, "amount_set", owner)
        code = entry.get("currency")
        if not has_set and code is not None and reading.currency_of(code, owner) != currency:
            return None
        total += money(entry, "amount", owner, currency)
    return total
