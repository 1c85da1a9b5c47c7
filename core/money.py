"""Money is a whole number of minor units with a currency. Never a float or a Decimal alone.

Exponents come from CLDR through babel (JPY 0, USD 2, KWD 3). Rates are basis points: 10% is
1_000. Rounding happens in `round_half_up` and nowhere else: once when an amount finer than the
minor unit enters, once when a commission is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

from babel.core import get_global
from babel.numbers import get_currency_name, get_currency_precision, get_territory_currencies

BASIS_POINTS = 10_000
MAX_AMOUNT_MINOR = 10**15  # a larger amount is a mistake; the limit stays far below a bigint


class MoneyError(ValueError):
    """An invalid amount or currency."""


class UnknownCurrencyError(MoneyError):
    """Not an ISO 4217 code that CLDR knows."""

    field = "currency"


class MixedCurrenciesError(MoneyError):
    """A calculation had amounts in two currencies."""


def _known_currencies() -> frozenset[str]:
    return frozenset(get_global("all_currencies"))


_KNOWN = _known_currencies()
_EXPONENTS: dict[str, int] = {}


def exponent(currency: str) -> int:
    """Return the number of decimal digits of `currency`. Raises UnknownCurrencyError."""
    found = _EXPONENTS.get(currency)
    if found is None:
        if currency not in _KNOWN:
            raise UnknownCurrencyError(f"{currency!r} is not a currency")
        found = _EXPONENTS[currency] = get_currency_precision(currency)
    return found


def is_in_use(currency: str) -> bool:
    """Whether a currency is legal tender somewhere now (CLDR)."""
    return currency in _in_use()


def currencies_in_use() -> list[tuple[str, str]]:
    """Return code and English name of every currency that is in use."""
    return [(code, get_currency_name(code, locale="en")) for code in sorted(_in_use())]


def currency_place(currency: str, *, first: str) -> tuple[bool, str]:
    """Return the sort key of a currency: `first` comes first, the others follow by their codes.

    A list that is sorted by amounts is sorted by this key before: minor units of two currencies
    can't be compared.
    """
    return currency != first, currency


@cache
def _in_use() -> frozenset[str]:
    return frozenset(
        code
        for territory in get_global("territory_currencies")
        for code in get_territory_currencies(territory)
    )


def round_half_up(numerator: int, denominator: int) -> int:
    """Return numerator / denominator as a whole number; a half is rounded away from zero."""
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    quotient, rest = divmod(abs(numerator), denominator)
    rounded = quotient + (2 * rest >= denominator)
    return rounded if numerator >= 0 else -rounded


def plain_percent(basis_points: int) -> str:
    """Return basis points as a number of percent that every program reads: 1_250 is "12.5"."""
    return f"{Decimal(basis_points) / 100:f}"


def convert(minor: int, rate: Decimal, currency: str, to: str) -> int:
    """Return an amount in the minor units of `to`; one of `currency` is worth `rate` of it."""
    moved = Decimal(minor) * rate * Decimal(10) ** (exponent(to) - exponent(currency))
    return round_half_up(*moved.as_integer_ratio())


def spread(minor: int, weights: Sequence[int]) -> list[int]:
    """Part `minor` in proportion to `weights`: whole numbers that add up to it.

    What rounding down leaves goes to the parts with the largest remainders, the first before later
    ones. A part is never larger than its weight while `minor` is not larger than their sum. All
    parts are 0 where all weights are.
    """
    total = sum(weights)
    if not total or not minor:
        return [0] * len(weights)
    if minor == total:
        return list(weights)
    parts = [minor * weight // total for weight in weights]
    remainders = [minor * weight % total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in by_remainder[: minor - sum(parts)]:
        parts[index] += 1
    return parts


def to_minor(amount: Decimal, currency: str) -> int:
    """Return the minor units of a decimal amount, rounded half up. Raises MoneyError."""
    if not amount.is_finite():
        raise MoneyError(f"{amount} is not an amount")
    numerator, denominator = amount.as_integer_ratio()
    return round_half_up(numerator * 10 ** exponent(currency), denominator)


def share(amount_minor: int, rate_bp: int) -> int:
    """Return `rate_bp` basis points of an amount in minor units, rounded half up."""
    return round_half_up(amount_minor * rate_bp, BASIS_POINTS)


def parse_decimal(text: str) -> Decimal:
    """Parse plain digits ("12.50", "-3") exactly. Raises MoneyError for anything else."""
    plain = text.strip()
    if not plain.lstrip("-").replace(".", "", 1).isdecimal() or not plain.isascii():
        raise MoneyError(f"{text!r} is not a decimal amount")
    try:
        return Decimal(plain)
    except InvalidOperation as error:
        raise MoneyError(f"{text!r} is not a decimal amount") from error


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency."""

    minor: int
    currency: str

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Parse a plain decimal text, rounded half up. Raises MoneyError."""
        return cls(to_minor(parse_decimal(text), currency), currency)

    @classmethod
    def exact(cls, text: str, currency: str) -> Money:
        """Parse what a person typed or an API client sent about money to be paid.

        Raises MoneyError where it is finer than the currency or too large: nothing is rounded.
        """
        amount, digits = parse_decimal(text), exponent(currency)
        money = cls(to_minor(amount, currency), currency)
        if Decimal(money.plain()) != amount:
            how_many = "no decimals" if digits == 0 else f"at most {digits} decimals"
            raise MoneyError(f"{currency} has {how_many}")
        if abs(money.minor) > MAX_AMOUNT_MINOR:
            raise MoneyError("the amount is too large")
        return money

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.plain()} {self.currency}"

    def plain(self) -> str:
        """Return the amount in digits alone, as in CSV and JSON: "12.50"."""
        digits = exponent(self.currency)
        if digits == 0:
            return str(self.minor)
        sign = "-" if self.minor < 0 else ""
        whole, part = divmod(abs(self.minor), 10**digits)
        return f"{sign}{whole}.{part:0{digits}d}"

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise MixedCurrenciesError(f"{self.currency} and {other.currency} can't be combined")
