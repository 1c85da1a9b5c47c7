"""Read: parse what a shop sends into OrderFacts or RefundFacts, or say what is wrong. Pure.

The fields that are declared here are all that is read, and all that the API's document names.
Amounts enter as plain decimal text and become minor units here, rounded half up once per line.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any

from core.money import MAX_AMOUNT_MINOR, MoneyError, to_minor
from tracking.orders.facts import FieldProblem, LineFacts, OrderFacts, RefundFacts
from tracking.orders.fields import (
    AmountField,
    CodesField,
    CurrencyField,
    CustomerField,
    EvidenceField,
    ObjectListField,
    Problems,
    QuantityField,
    TextField,
    TextListField,
    TimeField,
    YesNoField,
    each_once,
)

MAX_ORDER_LINES = 1_000
# Enough for the longest price times the largest quantity, less a discount, without rounding.
EXACT = Context(prec=100)

ORDER_ID = TextField("order_id")
CURRENCY = CurrencyField("currency", description="ISO 4217")
SKU = TextField("sku")
QUANTITY = QuantityField("quantity")

PRODUCT = TextField("product", required=False, max_length=300)
UNIT_PRICE = AmountField(
    "unit_price", description="Without tax and shipping. Text or number: both are read by digit."
)
DISCOUNT = AmountField("discount", required=False, description="Of the whole line.")
COLLECTIONS = TextListField(
    "collections", required=False, description="The shop's groups of products that it belongs to."
)
LINE_FIELDS = (SKU, PRODUCT, QUANTITY, UNIT_PRICE, DISCOUNT, COLLECTIONS)

WHEN = "ISO 8601 with offset from UTC, or seconds since 1970"
ORDERED_AT = TimeField("ordered_at", description=WHEN)
CUSTOMER_ID = CustomerField(
    "customer_id",
    required=False,
    description="The shop's own reference; no name or address. Empty or 0 for a guest.",
)
PROMO_CODES = CodesField(
    "promo_codes",
    required=False,
    description="All that the order had: the first that belongs to a member counts.",
)
PROMO_CODE = CodesField(
    "promo_code", required=False, description="The same as promo_codes, for a shop with one code."
)
CLICK_ID = EvidenceField(
    "click_id", required=False, description="What the address had as ?trb= when the shopper came."
)
NEW_CUSTOMER = YesNoField(
    "new_customer",
    required=False,
    description="Whether it is their first order; left out, the first with their customer_id is.",
)
LINES = ObjectListField(
    "lines", fields=LINE_FIELDS, max_items=MAX_ORDER_LINES, owner="an order", item="line"
)
ORDER_FIELDS = (
    ORDER_ID, ORDERED_AT, CURRENCY, CUSTOMER_ID, PROMO_CODES, PROMO_CODE, CLICK_ID, NEW_CUSTOMER,
    LINES,
)  # fmt: skip

REFUND_ID = TextField("refund_id")
REFUNDED_AT = TimeField("refunded_at", description=WHEN)
AMOUNT = AmountField("amount", more_than_zero=True, description="More than zero. Text or number.")
REFUND_FIELDS = (REFUND_ID, ORDER_ID, REFUNDED_AT, CURRENCY, SKU, QUANTITY, AMOUNT)


class InputError(ValueError):
    """What was sent is not a valid order or refund; `problems` says why, field by field."""

    def __init__(self, *problems: FieldProblem) -> None:
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in problems))
        self.problems = problems


def read_order(raw: Any) -> OrderFacts:
    """The facts of an order as the API and the importer receive it. Raises InputError."""
    sent, problems = _object(raw), Problems()
    currency = CURRENCY.read(sent, problems)
    lines = LINES.read(sent, problems)
    facts = OrderFacts(
        external_id=ORDER_ID.read(sent, problems),
        ordered_at=ORDERED_AT.read(sent, problems),
        currency=currency,
        customer_ref=CUSTOMER_ID.read(sent, problems),
        promo_codes=each_once(
            [*PROMO_CODES.read(sent, problems), *PROMO_CODE.read(sent, problems)]
        ),
        click_id=CLICK_ID.read(sent, problems),
        customer_is_new=NEW_CUSTOMER.read(sent, problems),
        lines=tuple(
            _read_line(line, currency, problems.inside(f"lines.{index}."))
            for index, line in enumerate(lines)
        ),
    )
    if facts.total_minor > MAX_AMOUNT_MINOR:
        problems.add("lines", "too_large", "the order is too large")
    _refuse_if(problems)
    return facts


def _read_line(raw: Any, currency: str, problems: Problems) -> LineFacts:
    sent = raw if isinstance(raw, Mapping) else {}
    quantity = QUANTITY.read(sent, problems)
    price = UNIT_PRICE.read(sent, problems)
    discount = DISCOUNT.read(sent, problems)
    net = EXACT.subtract(EXACT.multiply(price, quantity), discount)
    if price >= 0 and net < 0:
        problems.add("discount", "too_large", "the discount is larger than the line")
    return LineFacts(
        sku=SKU.read(sent, problems),
        product=PRODUCT.read(sent, problems),
        quantity=quantity,
        net_minor=_minor(UNIT_PRICE, max(net, Decimal(0)), currency, problems),
        collections=COLLECTIONS.read(sent, problems),
    )


def read_refund(raw: Any) -> RefundFacts:
    """Return the facts of a refund. Raises InputError."""
    sent, problems = _object(raw), Problems()
    currency = CURRENCY.read(sent, problems)
    amount = AMOUNT.read(sent, problems)
    facts = RefundFacts(
        external_id=REFUND_ID.read(sent, problems),
        order_external_id=ORDER_ID.read(sent, problems),
        refunded_at=REFUNDED_AT.read(sent, problems),
        currency=currency,
        sku=SKU.read(sent, problems),
        quantity=QUANTITY.read(sent, problems),
        amount_minor=_minor(AMOUNT, amount, currency, problems),
    )
    _refuse_if(problems)
    return facts


def _object(raw: Any) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise InputError(FieldProblem("body", "not_an_object", "is not a JSON object"))
    return raw


def _minor(field: AmountField, amount: Decimal, currency: str, problems: Problems) -> int:
    try:
        minor = to_minor(amount, currency)
    except MoneyError:
        return 0  # the currency's own problem is said already
    if minor > MAX_AMOUNT_MINOR:
        problems.add(field.name, "too_large", f"{amount} is too large")
    if minor == 0 and field.more_than_zero and not problems.found:
        problems.add(field.name, "not_positive", "a refund must be more than zero")
    return minor


def _refuse_if(problems: Problems) -> None:
    if problems.found:
        raise InputError(*problems.found)
