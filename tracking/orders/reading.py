"""Turn what a shop sends into OrderFacts and RefundFacts, or say which fields are wrong. Pure.

Amounts come in as plain decimal text and become minor units here, rounded half up once per line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from core.money import MoneyError, UnknownCurrencyError, exponent, parse_decimal, to_minor
from tracking.orders.facts import FieldProblem, LineFacts, OrderFacts, RefundFacts

MAX_AMOUNT_MINOR = 10**15  # a larger line is a mistake; a bigint holds much more
MAX_QUANTITY = 2**31 - 1
# PostgreSQL stores no null character, UTF-8 no lone surrogate.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
MAX_ORDER_LINES = 1_000
MAX_LINE_COLLECTIONS = 50
MAX_AMOUNT_LENGTH = 18  # characters; times MAX_QUANTITY it fits into the 28 digits of Decimal
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class InputError(ValueError):
    """What was sent is not a valid order or refund; `problems` says why, field by field."""

    def __init__(self, *problems: FieldProblem) -> None:
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in problems))
        self.problems = problems


class _Reader:
    """Reads fields and collects all problems, so that the shop learns of them at once."""

    def __init__(
        self, raw: Mapping[str, Any], *, prefix: str, problems: list[FieldProblem]
    ) -> None:
        self.raw, self.prefix, self.problems = raw, prefix, problems

    def wrong(self, field: str, code: str, message: str) -> None:
        self.problems.append(FieldProblem(f"{self.prefix}{field}", code, message))

    def text(self, field: str, *, longest: int, required: bool = False) -> str:
        value = self.raw.get(field)
        if value is None or value == "":
            if required:
                self.wrong(field, "missing", "is missing")
            return ""
        if not isinstance(value, str | int) or isinstance(value, bool):
            self.wrong(field, "not_text", f"{value!r} is not a text")
            return ""
        text = str(value).strip()
        if len(text) > longest:
            self.wrong(field, "too_long", f"is longer than {longest} characters")
        if UNSTORABLE.search(text):
            self.wrong(field, "not_text", "contains an invalid character")
        if required and not text:
            self.wrong(field, "missing", "is missing")
        return text

    def texts(self, field: str, *, longest: int, most: int) -> tuple[str, ...]:
        """A sorted list of texts without repeats; a single text is a list of one."""
        value = self.raw.get(field)
        if value is None or value == "":
            return ()
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.wrong(field, "not_a_list", "is not a list of texts")
            return ()
        if len(value) > most:
            self.wrong(field, "too_long", f"has more than {most} texts")
        if any(len(one) > longest or UNSTORABLE.search(one) for one in value):
            self.wrong(field, "not_text", f"has a text with over {longest} or invalid characters")
        return tuple(sorted({one.strip() for one in value} - {""}))

    def yes_or_no(self, field: str) -> bool | None:
        """True or false, or None when the field is empty. CSV files say yes and no."""
        value = self.raw.get(field)
        if value is None or value == "":
            return None
        words: dict[Any, bool] = {"true": True, "yes": True, "false": False, "no": False}
        found = value if isinstance(value, bool) else words.get(str(value).strip().lower())
        if found is None:
            self.wrong(field, "not_yes_or_no", f"{value!r} is neither true nor false")
        return found

    def moment(self, field: str) -> datetime:
        """An instant between 1970 and 2100, in UTC."""
        text = self.text(field, longest=40, required=True)
        if not text:
            return EARLIEST
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.wrong(field, "not_a_time", f"{text!r} is not an ISO 8601 time")
            return EARLIEST
        if moment.tzinfo is None:
            self.wrong(field, "no_time_zone", f"{text!r} has no offset from UTC")
            return EARLIEST
        if not EARLIEST <= moment < LATEST:
            self.wrong(field, "not_a_time", f"{text!r} is not in the years 1970 to 2099")
            return EARLIEST
        return moment.astimezone(UTC)

    def currency(self, field: str) -> str:
        code = self.text(field, longest=3, required=True)
        try:
            if code:
                exponent(code)
        except UnknownCurrencyError as error:
            self.wrong(field, "unknown_currency", str(error))
        return code

    def quantity(self, field: str) -> int:
        value = self.raw.get(field)
        if isinstance(value, str) and WHOLE_NUMBER.fullmatch(value.strip()):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            self.wrong(field, "not_a_whole_number", f"{value!r} is not a whole number")
            return 1
        if not 0 < value <= MAX_QUANTITY:
            self.wrong(field, "not_positive", f"{value} is not a quantity: it must be 1 or more")
            return 1
        return value

    def amount(self, field: str, *, default: Decimal | None = None) -> Decimal:
        """A decimal number as text, or a whole number. A float is refused: it is not exact."""
        value = self.raw.get(field)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int):
            self.wrong(field, "not_an_amount", f'{value!r} is not an amount such as "12.50"')
            return Decimal(0)
        if len(str(value)) > MAX_AMOUNT_LENGTH:
            self.wrong(field, "not_an_amount", f"is longer than {MAX_AMOUNT_LENGTH} characters")
            return Decimal(0)
        try:
            return parse_decimal(str(value))
        except MoneyError as error:
            self.wrong(field, "not_an_amount", str(error))
            return Decimal(0)

    def minor(self, field: str, amount: Decimal, currency: str) -> int:
        try:
            minor = to_minor(amount, currency)
        except MoneyError:
            return 0  # `currency` has reported the problem
        if minor < 0:
            self.wrong(field, "negative", f"{amount} is negative")
        if minor > MAX_AMOUNT_MINOR:
            self.wrong(field, "too_large", f"{amount} is too large")
        return minor


def _refuse_if(problems: Sequence[FieldProblem]) -> None:
    if problems:
        raise InputError(*problems)


def read_order(raw: Any) -> OrderFacts:
    """Return the facts of an order that the API or an import received. Raises InputError."""
    problems: list[FieldProblem] = []
    read = _Reader(_mapping(raw), prefix="", problems=problems)
    currency = read.currency("currency")
    raw_lines = read.raw.get("lines")
    if not isinstance(raw_lines, list) or not raw_lines:
        read.wrong("lines", "missing", "an order needs at least one line")
        raw_lines = []
    if len(raw_lines) > MAX_ORDER_LINES:
        read.wrong("lines", "too_many", f"an order has at most {MAX_ORDER_LINES:,} lines")
        raw_lines = []
    facts = OrderFacts(
        external_id=read.text("order_id", longest=120, required=True),
        ordered_at=read.moment("ordered_at"),
        currency=currency,
        customer_ref=read.text("customer_id", longest=120),
        promo_code=read.text("promo_code", longest=60),
        click_id=read.text("click_id", longest=120),
        customer_is_new=read.yes_or_no("new_customer"),
        lines=tuple(
            _read_line(raw_line, f"lines.{index}.", currency, problems)
            for index, raw_line in enumerate(raw_lines)
        ),
    )
    if facts.total_minor > MAX_AMOUNT_MINOR:
        read.wrong("lines", "too_large", "the order is too large")
    _refuse_if(problems)
    return facts


def _read_line(raw: Any, prefix: str, currency: str, problems: list[FieldProblem]) -> LineFacts:
    read = _Reader(raw if isinstance(raw, Mapping) else {}, prefix=prefix, problems=problems)
    quantity = read.quantity("quantity")
    price = read.amount("unit_price")
    if price < 0:
        read.wrong("unit_price", "negative", f"{price} is negative")
    discount = read.amount("discount", default=Decimal(0))
    if discount < 0:
        read.wrong("discount", "negative", f"{discount} is negative")
    net = quantity * price - discount
    if price >= 0 and net < 0:
        read.wrong("discount", "too_large", "the discount is larger than the line")
        net = Decimal(0)
    return LineFacts(
        sku=read.text("sku", longest=120, required=True),
        product=read.text("product", longest=300),
        quantity=quantity,
        net_minor=read.minor("unit_price", max(net, Decimal(0)), currency),
        collections=read.texts("collections", longest=120, most=MAX_LINE_COLLECTIONS),
    )


def read_refund(raw: Any) -> RefundFacts:
    """Return the facts of a refund. Raises InputError."""
    problems: list[FieldProblem] = []
    read = _Reader(_mapping(raw), prefix="", problems=problems)
    currency = read.currency("currency")
    amount = read.amount("amount")
    facts = RefundFacts(
        external_id=read.text("refund_id", longest=120, required=True),
        order_external_id=read.text("order_id", longest=120, required=True),
        refunded_at=read.moment("refunded_at"),
        currency=currency,
        sku=read.text("sku", longest=120, required=True),
        quantity=read.quantity("quantity"),
        amount_minor=read.minor("amount", amount, currency),
    )
    if not problems and facts.amount_minor == 0:
        read.wrong("amount", "not_positive", "a refund must be more than zero")
    _refuse_if(problems)
    return facts


def _mapping(raw: Any) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise InputError(FieldProblem("body", "not_an_object", "is not a JSON object"))
    return raw
