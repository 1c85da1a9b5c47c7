"""Turn Stripe's checkout sessions and invoices into orders of our API's JSON. Pure.

**Identity.** A payment's order is found from its refunds by the payment intent, so that is the
order's id: `pi_…`. A subscription's order is its invoice, `in_…`: a session that starts a
subscription names that invoice, and each renewal has its own. A free order of a session has no
payment, and has the session's id, `cs_…`. An invoice that a session in mode "payment" also makes
(`invoice_creation`) is not looked at. So a session, its invoice, its charge and its refunds lead to
one order, whichever comes first.

**Amounts.** What earns commission is the total without tax and shipping, after discounts. Taken
from the end (total less tax and shipping), this is right for prices with and without tax in them;
where tax is added, it is `amount_subtotal` less `amount_discount`.

Sources: https://docs.stripe.com/api/checkout/sessions/object and …/api/invoices/object. Both the
fields since 2025-03-31 ("basil") and those before are read, because an endpoint that a person made
has the version of the account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Context, Decimal
from typing import Any

from integrations.shop import NotUnderstoodError, Statements
from integrations.stripe import payload
from integrations.stripe.payload import Object

CHECKOUT_COMPLETED = "checkout.session.completed"
CHECKOUT_PAID_LATER = "checkout.session.async_payment_succeeded"
CHECKOUT_NOT_PAID = "checkout.session.async_payment_failed"
CHECKOUT_EXPIRED = "checkout.session.expired"
INVOICE_PAID = "invoice.paid"
CHECKOUT_TOPICS = (CHECKOUT_COMPLETED, CHECKOUT_PAID_LATER, CHECKOUT_NOT_PAID)

FIRST_INVOICE = "subscription_create"
CLICK_ID_KEY = "trb"  # in a session's metadata, for shops that use client_reference_id otherwise
MAX_LINES, MAX_QUANTITY, MAX_PRODUCT_LENGTH = 1_000, 1_000_000, 300
EXACT = Context(prec=60)
PRICE_DIGITS = 12  # more than Stripe's unit has, where a price is a third of something


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """An event of Stripe, with the object as it was then."""

    id: str
    topic: str
    created_at: datetime
    object: Object
    account: str
    is_test: bool


@dataclass(frozen=True, slots=True)
class Sale:
    """What was sold, in Stripe's units: `net` earns commission, `total` is what was paid."""

    order_id: str
    currency: str
    net: int
    total: int


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A line of a sale in Stripe's units; `net` is after discounts and without tax."""

    line_id: str
    sku: str
    product: str
    quantity: int
    net: int
    discount: int


def read_event(body: bytes) -> StripeEvent:
    """Read a delivery. Raises NotUnderstoodError."""
    event = payload.read_json(body)
    if event.get("object") == "v2.core.event":
        raise NotUnderstoodError(
            "The event is thin. Choose the payload style “Snapshot” for the endpoint in Stripe."
        )
    if event.get("object") != "event":
        raise NotUnderstoodError("The delivery is not an event of Stripe.")
    topic = payload.text(event, "type")
    if not topic or len(topic) > 120:
        raise NotUnderstoodError("It has no type.")
    found = payload.part(event, "data").get("object")
    if not isinstance(found, Mapping):
        raise NotUnderstoodError("It has no data.object.")
    return StripeEvent(
        payload.own_id(event),
        topic,
        payload.moment(event),
        found,
        payload.reference(event, "account"),
        event.get("livemode") is False,
    )


def session_order(
    event: StripeEvent, *, codes: Mapping[str, str], items: Sequence[Object]
) -> Statements:
    """Return the order of a checkout session.

    `codes` has the texts of promotion codes by their ids; `items` are the session's line items.
    """
    session = event.object
    if payload.text(session, "mode") == "setup":
        return Statements(ignored="This checkout only saved a way to pay: nothing was sold.")
    sale = sale_of_session(session)
    lines = [_item_line(item) for item in items]
    return Statements(
        orders=(
            {
                **_base(event, sale),
                "click_id": _click_id(session),
                "promo_codes": codes_of(payload.listed(session, "discounts"), codes),
                "payment_status": _payment_status(event),
                "lines": _lines(lines, sale),
            },
        )
    )


def invoice_order(
    event: StripeEvent, *, codes: Mapping[str, str], is_of_session: bool
) -> Statements:
    """Return the order of a subscription's invoice.

    `is_of_session`: whether a checkout session made the subscription. That session states the order
    of the first invoice, with the click id that an invoice lacks.
    """
    invoice = event.object
    if not subscription_of(invoice):
        return Statements(ignored="This invoice is of no subscription.")
    if is_of_session and payload.text(invoice, "billing_reason") == FIRST_INVOICE:
        return Statements(ignored="The checkout that began this subscription states this order.")
    sale = sale_of_invoice(invoice)
    lines: list[SaleLine] = []
    if payload.part(invoice, "lines").get("has_more") is not True:
        lines = [_invoice_line(line) for line in payload.listed(invoice, "lines")]
    return Statements(
        orders=(
            {
                **_base(event, sale),
                "promo_codes": codes_of(payload.listed(invoice, "discounts"), codes),
                "payment_status": "paid",
                "lines": _lines(lines, sale),
            },
        )
    )


def sale_of_session(session: Object) -> Sale:
    """Return identity and amounts of a session's order. Raises NotUnderstoodError."""
    own_id = payload.own_id(session)
    is_subscription = payload.text(session, "mode") == "subscription"
    paid_by = payload.reference(session, "invoice" if is_subscription else "payment_intent")
    if payload.units(session, "amount_total") != session.get("amount_total"):
        raise NotUnderstoodError("It has no amount_total.")
    details = payload.part(session, "total_details")
    total = payload.units(session, "amount_total")
    net = total - payload.units(details, "amount_tax") - _shipping(session, details)
    return _sale(paid_by or own_id, payload.currency(session), net, total)


def sale_of_invoice(invoice: Object) -> Sale:
    """Return identity and amounts of an invoice's order. Raises NotUnderstoodError."""
    if payload.units(invoice, "total") != invoice.get("total"):
        raise NotUnderstoodError("It has no total.")
    total = payload.units(invoice, "total")
    if invoice.get("total_excluding_tax") is None:
        without_tax = total - _invoice_tax(invoice)
    else:
        without_tax = payload.units(invoice, "total_excluding_tax")
    net = without_tax - _shipping(invoice, invoice)
    return _sale(payload.own_id(invoice), payload.currency(invoice), net, total)


def _sale(order_id: str, currency: str, net: int, total: int) -> Sale:
    """An invoice may be negative: what it gives back is no sale, and earns nothing."""
    if net > max(total, 0):
        raise NotUnderstoodError("Its amounts contradict each other.")
    return Sale(order_id, currency, max(net, 0), total)


def subscription_of(invoice: Object) -> str:
    """Return the id of the invoice's subscription, "" if it is of none."""
    details = payload.part(payload.part(invoice, "parent"), "subscription_details")
    return payload.reference(details, "subscription") or payload.reference(invoice, "subscription")


def unknown_codes(discounts: Sequence[Object]) -> list[str]:
    """Return the ids of promotion codes whose text the discounts don't have."""
    return [
        payload.reference(discount, "promotion_code")
        for discount in discounts
        if isinstance(discount.get("promotion_code"), str) and discount["promotion_code"]
    ]


def with_discounts(event: StripeEvent, discounts: Sequence[Object]) -> StripeEvent:
    """Return the event of an invoice with whole discounts, which it has only by their ids."""
    return replace(event, object={**event.object, "discounts": discounts})


def codes_of(discounts: Sequence[Object], known: Mapping[str, str]) -> list[str]:
    """Return the codes of discounts. `known` has texts of promotion codes by id.

    A discount without a promotion code was given by the shop's own program; there the coupon's id
    is the code, as shops name coupons like the codes that they accept.
    """
    found = []
    for discount in discounts:
        code = payload.text(payload.part(discount, "promotion_code"), "code")
        promotion_id = payload.reference(discount, "promotion_code")
        if promotion_id:
            found.append(code or known.get(promotion_id, ""))
        else:
            source = payload.part(discount, "source") or discount
            found.append(payload.loose_id(source, "coupon"))
    return [code for code in found if code]


def _base(event: StripeEvent, sale: Sale) -> dict[str, Any]:
    """What every order has. `ordered_at` is the same in each statement of an order."""
    # Of two events of one second the later step counts; Stripe's times have no fractions.
    step = timedelta(milliseconds=event.topic in (CHECKOUT_PAID_LATER, CHECKOUT_NOT_PAID))
    customer = payload.loose_id(event.object, "customer")
    details = payload.part(event.object, "customer_details")  # of a session; an invoice has its own
    email = payload.text(details, "email") or payload.text(event.object, "customer_email")
    return {
        "order_id": sale.order_id,
        "ordered_at": payload.moment(event.object).isoformat(),
        "updated_at": (event.created_at + step).isoformat(),
        "currency": sale.currency,
        "customer_id": (customer or payload.loose_id(event.object, "customer_account"))[:120],
        "is_test": event.is_test,
        **({"customer_email": email} if email else {}),
    }


def _click_id(session: Object) -> str:
    own = payload.text(payload.part(session, "metadata"), CLICK_ID_KEY)
    return own or payload.text(session, "client_reference_id")


def _payment_status(event: StripeEvent) -> str:
    if event.topic == CHECKOUT_NOT_PAID:
        return "voided"
    stated = payload.text(event.object, "payment_status")
    if stated not in ("paid", "no_payment_required", "unpaid"):
        raise NotUnderstoodError("Its payment_status is none that we know.")
    return "pending" if stated == "unpaid" else "paid"


def _shipping(parent: Object, totals: Object) -> int:
    """Return what shipping cost, without tax."""
    cost = parent.get("shipping_cost")
    if isinstance(cost, Mapping):
        return payload.units(cost, "amount_total") - payload.units(cost, "amount_tax")
    return payload.units(totals, "amount_shipping")


def _invoice_tax(invoice: Object) -> int:
    taxes = payload.listed(invoice, "total_taxes") or payload.listed(invoice, "total_tax_amounts")
    return sum(payload.units(one, "amount") for one in taxes) or payload.units(invoice, "tax")


def _item_line(item: Object) -> SaleLine:
    net = payload.units(item, "amount_total") - payload.units(item, "amount_tax")
    return SaleLine(
        payload.own_id(item),
        _product_id(payload.part(item, "price")),
        payload.text(item, "description"),
        _quantity(item),
        net,
        payload.units(item, "amount_discount"),
    )


def _invoice_line(line: Object) -> SaleLine:
    discount = sum(payload.units(one, "amount") for one in payload.listed(line, "discount_amounts"))
    taxes = payload.listed(line, "taxes") or payload.listed(line, "tax_amounts")
    inside = sum(
        payload.units(one, "amount")
        for one in taxes
        if one.get("tax_behavior") == "inclusive" or one.get("inclusive") is True
    )
    details = payload.part(payload.part(line, "pricing"), "price_details")
    return SaleLine(
        payload.own_id(line),
        _product_id(details) or _product_id(payload.part(line, "price")),
        payload.text(line, "description"),
        _quantity(line),
        payload.units(line, "amount") - discount - inside,
        discount,
    )


def _product_id(price: Object) -> str:
    return payload.loose_id(price, "product")[:120]


def _quantity(item: Object) -> int:
    found = item.get("quantity")
    return found if isinstance(found, int) and not isinstance(found, bool) else 1


def _lines(lines: Sequence[SaleLine], sale: Sale) -> list[dict[str, str]]:
    """Return the lines where they add up to the sale; otherwise one line that is the whole sale.

    They don't while a trial runs, with credit, and where the list is cut off.
    """
    fits = (
        lines
        and len(lines) <= MAX_LINES
        and len({line.line_id for line in lines}) == len(lines)
        and all(line.net >= 0 and line.discount >= 0 for line in lines)
        and all(1 <= line.quantity <= MAX_QUANTITY for line in lines)
        and sum(line.net for line in lines) == sale.net
    )
    kept = lines if fits else [SaleLine("whole", "", "", 1, sale.net, 0)]
    return [_line(line, sale.currency) for line in kept]


def _line(line: SaleLine, currency: str) -> dict[str, str]:
    return {
        "line_id": line.line_id,
        "sku": line.sku,
        "product": line.product[:MAX_PRODUCT_LENGTH],
        "quantity": str(line.quantity),
        "unit_price": _unit_price(line.net + line.discount, line.quantity, currency),
        "discount": payload.amount(line.discount, currency),
    }


def _unit_price(gross: int, quantity: int, currency: str) -> str:
    """Return a price that, times the quantity, is `gross` when it is rounded to a unit."""
    if gross % quantity == 0:
        return payload.amount(gross // quantity, currency)
    finest = Decimal(1).scaleb(-payload.decimals(currency) - PRICE_DIGITS)
    price = EXACT.divide(Decimal(payload.amount(gross, currency)), Decimal(quantity))
    return str(price.quantize(finest, rounding=ROUND_CEILING, context=EXACT))
