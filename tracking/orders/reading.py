"""Read: parse what a shop sends into OrderFacts or RefundFacts, or say what is wrong. Pure.

The fields that are declared here are all that is read, and all that the API's document names.
Amounts enter as plain decimal text and become minor units here, rounded half up once per line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from typing import Any

from core.money import MAX_AMOUNT_MINOR, MoneyError, to_minor
from tracking.models import PaymentStatus
from tracking.orders.facts import (
    FieldProblem,
    LineFacts,
    OrderFacts,
    Problems,
    RefundFacts,
    RefundPart,
)
from tracking.orders.fields import (
    AnyTextField,
    ChoiceField,
    CodesField,
    CurrencyField,
    EvidenceField,
    ObjectListField,
    ReferrerField,
    TimeField,
    YesNoField,
    each_once,
)
from tracking.orders.id_fields import (
    AddressedField,
    CollectionsField,
    CustomerField,
    NameField,
)
from tracking.orders.number_fields import AmountField, QuantityField
from tracking.orders.unknown_fields import SOURCE, names_of, refuse_unknown_in_order

MAX_ORDER_LINES = 1_000
# Enough for the longest price times the largest quantity, less a discount, without rounding.
EXACT = Context(prec=100)

NO_CONTROLS = "Without line breaks and other control characters."
ORDER_ID = AddressedField("order_id", description=NO_CONTROLS)
NUMBER = NameField(
    "number",
    required=False,
    description="What the shop shows in place of order_id, such as #7001. Left out: order_id.",
)
CURRENCY = CurrencyField("currency", description="ISO 4217")
LINE_ID = NameField(
    "line_id",
    required=False,
    description="The shop's own name of the line. Left out: its place, from 1.",
)
SKU = NameField("sku", required=False)
QUANTITY = QuantityField(
    "quantity", description="Up to three decimal places. 0 for a line that was removed."
)

PRODUCT = AnyTextField("product", required=False, max_length=300)
UNIT_PRICE = AmountField(
    "unit_price", description="Without tax and shipping. Text or number: both are read by digit."
)
DISCOUNT = AmountField("discount", required=False, description="Of the whole line.")
COLLECTIONS = CollectionsField(
    "collections", required=False, description="The shop's groups of products that it belongs to."
)
COMMISSIONABLE = YesNoField(
    "commissionable", required=False, description="No for gift cards and fees. Left out: yes."
)
LINE_FIELDS = (LINE_ID, SKU, PRODUCT, QUANTITY, UNIT_PRICE, DISCOUNT, COLLECTIONS, COMMISSIONABLE)

WHEN = "ISO 8601 with offset from UTC, or seconds or milliseconds since 1970"
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
PAYMENT_STATUS = ChoiceField(
    "payment_status",
    required=False,
    choices=(PaymentStatus.PAID, PaymentStatus.PENDING, PaymentStatus.VOIDED),
    description="An order earns once it is paid. Left out: paid.",
)
CANCELLED_AT = TimeField(
    "cancelled_at", required=False, description="A cancelled order earns nothing."
)
IS_TEST = YesNoField("is_test", required=False, description="A test order never counts.")
UPDATED_AT = TimeField(
    "updated_at",
    required=False,
    description="When the shop last changed the order: of two statements the newer one counts.",
)
CUSTOMER_EMAIL = EvidenceField(
    "customer_email",
    required=False,
    max_length=254,
    description="Finds members who buy for themselves. Kept only as a keyed digest.",
)
REFERRER = ReferrerField(
    "referrer",
    required=False,
    max_length=2_000,
    description="The address or host of the site that the shopper came from. The host is kept.",
)
LINES = ObjectListField(
    "lines", fields=LINE_FIELDS, max_items=MAX_ORDER_LINES, owner="an order", item="line"
)
ORDER_FIELDS = (
    ORDER_ID, NUMBER, ORDERED_AT, CURRENCY, CUSTOMER_ID, PROMO_CODES, PROMO_CODE, CLICK_ID,
    CUSTOMER_EMAIL, REFERRER, NEW_CUSTOMER, PAYMENT_STATUS, CANCELLED_AT, IS_TEST, UPDATED_AT,
    LINES,
)  # fmt: skip

REFUND_ID = AddressedField("refund_id", description=NO_CONTROLS)
REFUNDED_AT = TimeField("refunded_at", description=WHEN)
AMOUNT = AmountField(
    "amount",
    required=False,
    more_than_zero=True,
    description=(
        "Of the line that is named, or of the whole order where none is: it is spread over what is"
        " left of the order. Left out: all that is left."
    ),
)
PART_QUANTITY = QuantityField("quantity", required=False)
PART_AMOUNT = AmountField(
    "amount",
    required=False,
    description="Left out: the quantity's share, or all that is left.",
)
PART_FIELDS = (LINE_ID, SKU, PART_QUANTITY, PART_AMOUNT)
PARTS = ObjectListField(
    "lines", required=False, fields=PART_FIELDS, named_by=(LINE_ID, SKU),
    max_items=MAX_ORDER_LINES, owner="a refund", item="line",
    description="What is given back for each of several lines, named by line_id or sku.",
)  # fmt: skip
REFUND_FIELDS = (
    REFUND_ID, ORDER_ID, REFUNDED_AT, CURRENCY, LINE_ID, SKU, PART_QUANTITY, AMOUNT, PARTS,
)  # fmt: skip
ORDER_NAMES, REFUND_NAMES = names_of(ORDER_FIELDS, SOURCE), names_of(REFUND_FIELDS, SOURCE)
LINE_NAMES, PART_NAMES = names_of(LINE_FIELDS), names_of(PART_FIELDS)


class InputError(ValueError):
    """What was sent is not a valid order or refund; `problems` says why, field by field."""

    def __init__(self, *problems: FieldProblem) -> None:
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in problems))
        self.problems = problems


def read_order(raw: Any, *, strictly: bool = False) -> OrderFacts:
    """The facts of an order as the API and the importer receive it. Raises InputError.

    `strictly` refuses keys that are no field; rows of files bring more.
    """
    sent, problems = _object(raw), Problems()
    if strictly:
        refuse_unknown_in_order(sent, ORDER_NAMES, LINE_NAMES, problems)
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
        payment_status=PAYMENT_STATUS.read(sent, problems),
        cancelled_at=CANCELLED_AT.read_if_given(sent, problems),
        is_test=bool(IS_TEST.read(sent, problems)),
        updated_at=UPDATED_AT.read_if_given(sent, problems),
        number=NUMBER.read(sent, problems),
        customer_email=CUSTOMER_EMAIL.read(sent, problems),
        referrer_host=REFERRER.read(sent, problems),
        lines=tuple(
            _read_line(line, line_id, currency, problems.inside(f"lines.{index}."))
            for index, (line, line_id) in enumerate(
                zip(lines, _line_ids(lines, problems), strict=True)
            )
        ),
    )
    _check_line_ids(facts.lines, problems)
    if facts.total_minor > MAX_AMOUNT_MINOR:
        problems.add("lines", "too_large", "the order is too large")
    _refuse_if(problems)
    return facts


def _line_ids(lines: Sequence[Any], problems: Problems) -> list[str]:
    """Return the id of each line: the shop's own, or its place, from 1.

    Where a place is another line's own id, "*" stands behind it.
    """
    own = [
        LINE_ID.read(_fields(line), problems.inside(f"lines.{index}."))
        for index, line in enumerate(lines)
    ]
    found, taken = [], set(own)
    for place, line_id in enumerate(own, start=1):
        name = line_id or str(place)
        while not line_id and name in taken:
            name += "*"
        found.append(name)
    return found


def _fields(raw: Any) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) else {}


def _check_line_ids(lines: Sequence[LineFacts], problems: Problems) -> None:
    known = {line.line_id for line in lines}
    if len(known) == len(lines):
        return
    seen: set[str] = set()
    for index, line in enumerate(lines):
        if line.line_id in seen:
            message = f"{line.line_id} is another line's too"
            problems.add(f"lines.{index}.line_id", "duplicate", message)
        seen.add(line.line_id)


def _read_line(raw: Any, line_id: str, currency: str, problems: Problems) -> LineFacts:
    sent = _fields(raw)
    quantity = QUANTITY.read(sent, problems)
    price = UNIT_PRICE.read(sent, problems)
    discount = DISCOUNT.read(sent, problems)
    net = EXACT.subtract(EXACT.multiply(price, quantity), discount)
    if price >= 0 and net < 0:
        problems.add("discount", "too_large", "the discount is larger than the line")
    return LineFacts(
        line_id=line_id,
        sku=SKU.read(sent, problems),
        product=PRODUCT.read(sent, problems),
        quantity=quantity,
        net_minor=_minor(UNIT_PRICE, max(net, Decimal(0)), currency, problems),
        collections=COLLECTIONS.read(sent, problems),
        is_commissionable=COMMISSIONABLE.read(sent, problems) is not False,
    )


def read_refund(raw: Any, *, strictly: bool = False) -> RefundFacts:
    """Return the facts of a refund; `strictly` as for an order. Raises InputError."""
    sent, problems = _object(raw), Problems()
    if strictly:
        refuse_unknown_in_order(sent, REFUND_NAMES, PART_NAMES, problems)
    currency = CURRENCY.read(sent, problems)
    lines = PARTS.read(sent, problems)
    is_of_one_line = LINE_ID.is_given(sent) or SKU.is_given(sent)
    amount_minor = None if is_of_one_line else _minor_if_given(AMOUNT, sent, currency, problems)
    if lines and (is_of_one_line or amount_minor is not None):
        problems.add("lines", "misplaced", "say line, quantity and amount in `lines` or beside it")
    elif PART_QUANTITY.is_given(sent) and not is_of_one_line and amount_minor is None:
        problems.add("sku", "missing", "a quantity needs its line, by line_id or sku")
    if is_of_one_line:
        lines = [sent]
    facts = RefundFacts(
        external_id=REFUND_ID.read(sent, problems),
        order_external_id=ORDER_ID.read(sent, problems),
        refunded_at=REFUNDED_AT.read(sent, problems),
        currency=currency,
        parts=tuple(
            _read_part(line, AMOUNT, currency, problems)
            if is_of_one_line
            else _read_part(line, PART_AMOUNT, currency, problems.inside(f"lines.{index}."))
            for index, line in enumerate(lines)
        ),
        amount_minor=None if lines else amount_minor,
    )
    _refuse_if(problems)
    return facts


def _read_part(raw: Any, amount: AmountField, currency: str, problems: Problems) -> RefundPart:
    sent = raw if isinstance(raw, Mapping) else {}
    line_id, sku = LINE_ID.read(sent, problems), SKU.read(sent, problems)
    if not line_id and not sku:
        problems.add("sku", "missing", "name the line by line_id or sku")
    return RefundPart(
        line_id=line_id,
        sku="" if line_id else sku,
        quantity=PART_QUANTITY.read_if_given(sent, problems),
        amount_minor=_minor_if_given(amount, sent, currency, problems),
    )


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


def _minor_if_given(
    field: AmountField, sent: Mapping[str, Any], currency: str, problems: Problems
) -> int | None:
    amount = field.read_if_given(sent, problems)
    return None if amount is None else _minor(field, amount, currency, problems)


def _refuse_if(problems: Problems) -> None:
    if problems.found:
        raise InputError(*problems.found)
