"""The fields that hold an amount or a quantity: a number, or its digits as text. Pure.

A number with a point comes as a Decimal (`api.bodies`), exactly as it was sent: also the long tail
of a shop's floats (0.30000000000000004, 5.551115123125783e-17).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any

from core.money import MoneyError, parse_decimal
from tracking.orders.facts import Problems
from tracking.orders.fields import Field, padded, said

# Spreadsheets and PHP write 2.0.
QUANTITY = re.compile(r"-?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})")
MINUS_NOUGHT = r"-(0+\.?0*|\.0+)"  # computed by subtracting
DIGITS = r"[0-9]+\.?[0-9]*|\.[0-9]+"
MORE_THAN_NOUGHT = r"[0-9]*[1-9][0-9]*(\.[0-9]*)?|[0-9]*\.[0-9]*[1-9][0-9]*"
MAX_DIGITS = 18  # of a quantity, before its point
THREE_PLACES, FINEST, ROOMY = Decimal("0.001"), Decimal("1e-30"), Context(prec=100)


@dataclass(frozen=True)
class QuantityField(Field[Decimal]):
    """How many, or how much of what is weighed: a number with up to three decimal places.

    Further places are rounded, half up. Zero is a line that was removed.
    """

    maximum: int = 2**31 - 1

    def read(self, raw: Mapping[str, Any], problems: Problems) -> Decimal:
        value = raw.get(self.name)
        number = self._number(value)
        if number is None:
            problems.add(self.name, "not_a_number", f"{said(value)} is not a number")
            return Decimal(1)
        if number < 0:
            message = f"{value} is not a quantity: it must be 0 or more"
            problems.add(self.name, "not_positive", message)
            return Decimal(1)
        if number > self.maximum:
            problems.add(self.name, "too_large", f"{value} is more than {self.maximum:,}")
            return Decimal(1)
        return abs(number).quantize(THREE_PLACES, ROUND_HALF_UP, ROOMY)

    def _number(self, value: Any) -> Decimal | None:
        """The number; None if it is none, or far too large."""
        if isinstance(value, Decimal):
            return value if value.is_finite() and value.adjusted() <= MAX_DIGITS else None
        if isinstance(value, bool) or not QUANTITY.fullmatch(str(value).strip()):
            return None
        return Decimal(str(value).strip())

    def forms(self) -> list[dict[str, Any]]:
        number = {"type": "number", "minimum": 0, "maximum": self.maximum}
        digits = rf"[0-9]{{1,18}}(\.[0-9]{{0,18}})?|\.[0-9]{{1,18}}|{MINUS_NOUGHT}"
        return [number, padded(digits)]


@dataclass(frozen=True)
class AmountField(Field[Decimal]):
    """A decimal in digits, or a number. A Python float is refused: it is not exact.

    An amount that is left out is zero.
    """

    max_length: int = 40
    more_than_zero: bool = False  # in minor units, which the caller rounds to

    def read(self, raw: Mapping[str, Any], problems: Problems) -> Decimal:
        value = raw.get(self.name)
        if not self.required and not self.is_given(raw):
            return Decimal(0)
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            message = f'{said(value)} is not an amount such as "12.50"'
            problems.add(self.name, "not_an_amount", message)
            return Decimal(0)
        try:
            amount = self._amount(value)
        except MoneyError as error:
            problems.add(self.name, "not_an_amount", str(error))
            return Decimal(0)
        if amount < 0:
            problems.add(self.name, "negative", f"{amount} is negative")
        return amount

    def _amount(self, value: str | int | Decimal) -> Decimal:
        """The amount, exact to thirty places. Raises MoneyError."""
        if not isinstance(value, Decimal):
            if len(str(value)) > self.max_length:
                raise MoneyError(f"is longer than {self.max_length} characters")
            return parse_decimal(str(value))
        if not value.is_finite() or value.adjusted() >= self.max_length:
            raise MoneyError(f"has more than {self.max_length} digits")
        return value.quantize(FINEST, ROUND_FLOOR, ROOMY)

    def forms(self) -> list[dict[str, Any]]:
        digits = MORE_THAN_NOUGHT if self.more_than_zero else rf"{DIGITS}|{MINUS_NOUGHT}"
        text = padded(digits) | {"maxLength": self.max_length, "examples": ["12.50"]}
        least = "exclusiveMinimum" if self.more_than_zero else "minimum"
        return [text, {"type": "number", least: 0}]
