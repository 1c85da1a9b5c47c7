"""How whole numbers and amounts are written in a locale, worked out by babel once for each.

A list shows hundreds of amounts that differ in their digits alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import (
    NumberPattern,
    format_currency,
    format_decimal,
    get_decimal_symbol,
    get_group_symbol,
)

from core.languages import locale_of
from core.money import exponent

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class NumberForm:
    """What stands around and between the digits of a number."""

    around: tuple[tuple[str, str], tuple[str, str]]  # before and after; of a number below zero
    grouping: tuple[int, int]  # digits of the last group, and of those before it
    group_symbol: str
    point: str
    digits: int  # after the point

    def written(self, minor: int) -> str:
        """The number with so many of its smallest units."""
        before, after = self.around[minor < 0]
        text = str(abs(minor))
        if not self.digits:
            return f"{before}{self._grouped(text)}{after}"
        text = text.zfill(self.digits + 1)
        whole, part = text[: -self.digits], text[-self.digits :]
        return f"{before}{self._grouped(whole)}{self.point}{part}{after}"

    def written_whole(self, minor: int) -> str:
        """The same without what comes after the point."""
        before, after = self.around[minor < 0]
        return f"{before}{self._grouped(str(abs(minor) // 10**self.digits))}{after}"

    def _grouped(self, whole: str) -> str:
        size, others = self.grouping
        if len(whole) <= size:
            return whole
        rest, groups = whole[:-size], [whole[-size:]]
        while len(rest) > others:
            rest, group = rest[:-others], rest[-others:]
            groups.append(group)
        return self.group_symbol.join([rest, *reversed(groups)])


@lru_cache(maxsize=512)
def money_form(tag: str, currency: str) -> NumberForm:
    """How an amount in minor units of the currency is written for a reader of the language tag."""
    locale = locale_of(tag)
    digits = exponent(currency)
    one, below = (format_currency(Decimal(sign), currency, locale=locale) for sign in (1, -1))
    return _form(locale, locale.currency_formats["standard"], digits, one, below)


@lru_cache(maxsize=64)
def count_form(tag: str) -> NumberForm:
    """How a whole number is written for a reader of the language tag."""
    locale = locale_of(tag)
    one, below = (format_decimal(sign, locale=locale) for sign in (1, -1))
    return _form(locale, locale.decimal_formats[None], 0, one, below)


def _form(locale: Locale, pattern: NumberPattern, digits: int, one: str, below: str) -> NumberForm:
    point = get_decimal_symbol(locale)
    number = f"1{point}{'0' * digits}" if digits else "1"
    before, _, after = one.partition(number)
    # CLDR writes a hyphen before most numbers below zero; all of ours have the same minus sign.
    before_below, _, after_below = below.replace("-", MINUS).partition(number)
    return NumberForm(
        around=((before, after), (before_below, after_below)),
        grouping=pattern.grouping,
        group_symbol=get_group_symbol(locale),
        point=point,
        digits=digits,
    )
