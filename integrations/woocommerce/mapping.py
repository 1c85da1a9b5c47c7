"""Map an order of WooCommerce, and all its refunds, to statements of our own API. Pure.

Source: the REST API v3, https://woocommerce.github.io/woocommerce-rest-api-docs/#orders. A delivery
is the order as it was when it was sent, not an event, so each states the order whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from core.money import UnknownCurrencyError, exponent
from integrations.shop import NotUnderstoodError, Statements
from integrations.woocommerce import values
from integrations.woocommerce.refunds import refund_statements
from integrations.woocommerce.values import EXACT, Json
from tracking.links.click_ids import CLICK_PARAMETER
from tracking.models import PaymentStatus

CLICK_KEYS = (f"_{CLICK_PARAMETER}", CLICK_PARAMETER)  # what the page script's snippet writes
SESSION_ENTRY = "_wc_order_attribution_session_entry"  # the address that the shopper came to
TEST_MARK = "_tributary_test"  # of our own test orders: WooCommerce itself has no test orders
PAID = {"processing", "completed", "refunded"}  # a refunded order was paid; its refunds take back
WAITING = {"pending", "on-hold"}
CANCELLED = {"cancelled", "trash"}
FAILED = {"failed"}
NOT_PLACED = {"checkout-draft", "auto-draft", "draft", "new"}
PRICE_PLACES, QUANTITY_PLACES = Decimal("0.000001"), Decimal("0.001")
EMPTY_LINE = {
    "line_id": "none", "product": "No products", "quantity": "0", "unit_price": "0",
    "commissionable": False,
}  # fmt: skip


def statements(order: Any, refunds: Sequence[Any] | None) -> Statements:
    """Return what an order states now. Raises NotUnderstoodError.

    `refunds` are all its refunds as the shop lists them; None where they are not known, so that
    nothing is said of them.
    """
    order = checked_order(order)
    status = status_of(order)
    if status in NOT_PLACED:
        return Statements(ignored="The order is not placed yet: the shopper is at the checkout.")
    statement = order_statement(order)
    if refunds is None:
        return Statements(orders=(statement,))
    return Statements(
        orders=(statement,),
        refunds=tuple(refund_statements(order, statement, refunds)),
        whole_refunds_of=(statement["order_id"],),
    )


def checked_order(order: Any) -> Json:
    """The order as an object with an id. Raises NotUnderstoodError."""
    found = values.an_object(order, "The delivery")
    if values.shop_id(found):
        return found
    if found.get("code") and found.get("message"):
        # WooCommerce puts the error there when the user who made the webhook may not read orders.
        raise NotUnderstoodError(
            f"WooCommerce sent an error in place of the order: {values.text(found, 'message')} "
            "Make the key again, for a user who is an administrator or a shop manager."
        )
    raise NotUnderstoodError("The delivery has no id of an order.")


def status_of(order: Json) -> str:
    return values.text(order, "status").lower().removeprefix("wc-")


def order_statement(order: Json) -> dict[str, Any]:
    """Return the order in our API's JSON. Raises NotUnderstoodError."""
    created_at = values.moment(order, "date_created_gmt")
    if not created_at:
        raise NotUnderstoodError("The order has no date_created_gmt.")
    statement: dict[str, Any] = {
        "order_id": values.shop_id(order),
        "ordered_at": created_at,
        "currency": currency_of(order),
        "promo_codes": [
            code for line in values.items(order, "coupon_lines")
            if (code := values.text(line, "code"))
        ],
        "lines": _lines(order) or [EMPTY_LINE],
        **_payment(order, created_at),
    }  # fmt: skip
    optional = {
        "customer_id": values.shop_id(order, "customer_id"),
        "click_id": _click_id(order),
        "customer_email": _billed_to(order),
        "updated_at": values.moment(order, "date_modified_gmt"),
        "is_test": any(meta.get("key") == TEST_MARK for meta in values.items(order, "meta_data")),
    }
    return statement | {name: value for name, value in optional.items() if value}


def _billed_to(order: Json) -> str:
    billing = order.get("billing")
    return values.text(billing, "email") if isinstance(billing, Mapping) else ""


def currency_of(order: Json) -> str:
    currency = values.text(order, "currency").upper()
    try:
        exponent(currency)
    except UnknownCurrencyError:
        raise NotUnderstoodError("The order has no known currency.") from None
    return currency


def _payment(order: Json, created_at: str) -> dict[str, Any]:
    """Whether it is paid, waits or has ended.

    A status that a plugin added, such as "shipped", says nothing to us: the order is paid if it has
    a date of payment, and waits otherwise. Without any status it is paid, as in our own API.
    """
    status, is_paid = status_of(order), bool(values.moment(order, "date_paid_gmt"))
    if status in CANCELLED:
        # There is no date of cancelling: the last change is the nearest.
        return {
            "payment_status": PaymentStatus.PAID if is_paid else PaymentStatus.VOIDED,
            "cancelled_at": values.moment(order, "date_modified_gmt") or created_at,
        }
    if status in FAILED:
        return {"payment_status": PaymentStatus.VOIDED}
    counts = status in PAID or not status or (status not in WAITING and is_paid)
    return {"payment_status": PaymentStatus.PAID if counts else PaymentStatus.PENDING}


def _lines(order: Json) -> list[dict[str, Any]]:
    """The products, and the fees that are not negative, which earn no commission.

    A negative fee lowers no line. It is a plugin's discount on the whole order or what was paid by
    a voucher; WooCommerce does not say which, nor of which line. What a line earns follows from its
    own total, where WooCommerce's own discounts are taken off already.
    """
    products = [_product_line(line) for line in values.items(order, "line_items")]
    fees = [
        _named(fee, {
            "product": values.text(fee, "name") or "Fee", "quantity": "1",
            "unit_price": values.plain(values.number(fee, "total")), "commissionable": False,
        })
        for fee in values.items(order, "fee_lines") if values.number(fee, "total") > 0
    ]  # fmt: skip
    return products + fees


def _product_line(line: Json) -> dict[str, Any]:
    """A line that is worth its `total`, to the last digit.

    `total` is after discounts and without tax, also where prices are shown with tax. Divided by the
    quantity it may never end, so the price is rounded up and the discount takes off the rest.
    """
    total = max(values.number(line, "total"), Decimal(0))
    quantity = values.number(line, "quantity").quantize(QUANTITY_PLACES, ROUND_HALF_UP, EXACT)
    if quantity <= 0 < total:
        quantity = Decimal(1)
    before = max(values.number(line, "subtotal"), total)
    stated = {
        "sku": values.text(line, "sku", max_length=120),
        "product": values.text(line, "name"),
        "quantity": values.plain(max(quantity, Decimal(0))),
        "unit_price": "0",
    }
    if quantity > 0:
        price = EXACT.divide(before, quantity).quantize(PRICE_PLACES, ROUND_UP, EXACT)
        discount = EXACT.subtract(EXACT.multiply(price, quantity), total)
        stated |= {"unit_price": values.plain(price), "discount": values.plain(discount)}
    return _named(line, stated)


def _named(item: Json, stated: dict[str, Any]) -> dict[str, Any]:
    line_id = values.shop_id(item)
    return {"line_id": line_id, **stated} if line_id else stated


def _click_id(order: Json) -> str:
    """The click id that the page script gave to the order, or that the shopper came with; or "".

    Anybody can write both, so neither refuses an order.
    """
    for meta in values.items(order, "meta_data"):
        kept = meta.get("value")
        if meta.get("key") in CLICK_KEYS and isinstance(kept, str) and kept.strip():
            return kept.strip()
    for meta in values.items(order, "meta_data"):
        address = meta.get("value")
        if meta.get("key") != SESSION_ENTRY or not isinstance(address, str):
            continue
        address = address.replace("&#038;", "&").replace("&amp;", "&")
        try:
            found = parse_qs(urlsplit(address).query).get(CLICK_PARAMETER)
        except ValueError:  # no address, or one with thousands of fields
            continue
        if found:
            return found[0]
    return ""
