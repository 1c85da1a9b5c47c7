"""Read single values of WooCommerce's JSON. Pure; raises NotUnderstoodError and nothing else.

PHP writes an amount as text or as a number, an empty object as a list, and a list with a gap as an
object whose names are numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from core.text import UNSTORABLE
from integrations.shop import NotUnderstoodError

Json = Mapping[str, Any]
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
NUMBERED = re.compile(r"[0-9]{1,6}")
SHOP_ID = re.compile(r"[1-9][0-9]{0,18}")
MAX_NUMBER_LENGTH = 60
MAX_PLACES = 15
MAX_NUMBER, SMALLEST = Decimal(10**15), Decimal(1).scaleb(-MAX_PLACES)
EXACT = Context(prec=60)


def parse(body: bytes) -> Any:
    """Return the JSON of a body, with exact decimals."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):  # also of bytes that are no text
        raise NotUnderstoodError("The delivery has no valid JSON.") from None


def an_object(value: Any, what: str) -> Json:
    if isinstance(value, Mapping):
        return value
    raise NotUnderstoodError(f"{what} is not a JSON object.")


def items(owner: Json, name: str) -> list[Json]:
    """Return the objects in a list. A list that is left out is empty."""
    value = owner.get(name)
    if isinstance(value, Mapping) and all(NUMBERED.fullmatch(str(key)) for key in value):
        value = list(value.values())
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise NotUnderstoodError(f"The order's {name} is not a list.")
    return [an_object(one, f"A part of the order's {name}") for one in value]


def text(owner: Json, name: str, *, max_length: int = 300) -> str:
    """Return a text, cut to `max_length`, without what cannot be stored; "" where none is."""
    value = owner.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    if isinstance(value, int):
        value = str(value) if abs(value) < MAX_NUMBER else ""
    return UNSTORABLE.sub("\ufffd", value).strip()[:max_length]


def shop_id(owner: Json, name: str = "id") -> str:
    """Return the shop's own id in digits; "" where none is, or 0, which is nobody."""
    value = owner.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    if isinstance(value, int) and abs(value) >= 10**19:
        return ""
    digits = str(value).strip()
    return digits if SHOP_ID.fullmatch(digits) else ""


def number(owner: Json, name: str) -> Decimal:
    """Return an amount or a quantity, rounded to 15 places; 0 where none is."""
    value = owner.get(name)
    if value is None or value == "":
        return Decimal(0)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise NotUnderstoodError(f"{name} is not a number.")
    if isinstance(value, int) and abs(value) >= MAX_NUMBER:
        raise NotUnderstoodError(f"{name} is too large.")
    digits = str(value).strip()
    if len(digits) > MAX_NUMBER_LENGTH or not NUMBER.fullmatch(digits):
        raise NotUnderstoodError(f"{name} is not a number.")
    found = Decimal(digits)
    if found.copy_abs() >= MAX_NUMBER:
        raise NotUnderstoodError(f"{name} is too large.")
    return found.quantize(SMALLEST, ROUND_HALF_UP, EXACT) if _is_long(found) else found


def _is_long(found: Decimal) -> bool:
    exponent = found.as_tuple().exponent
    return isinstance(exponent, int) and exponent < -MAX_PLACES


def moment(owner: Json, name: str) -> str:
    """Return a time in UTC as ISO 8601 with its offset; "" where none is.

    The fields that end in _gmt have no offset; they are in UTC.
    """
    value = owner.get(name)
    if value is None or value == "":
        return ""
    try:
        found = datetime.fromisoformat(value.strip() if isinstance(value, str) else "")
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotUnderstoodError(f"{name} is not a time.") from None
    return found.isoformat()


def plain(amount: Decimal) -> str:
    """Return a number in digits, without zeros at its end."""
    digits = f"{amount:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
