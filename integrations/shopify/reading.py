"""Read values out of a payload, or say in a sentence what is wrong. Pure.

No value of a payload stands in a message: it can be a shopper's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any

from core.money import UnknownCurrencyError, exponent
from core.text import UNSTORABLE
from integrations.shop import NotUnderstoodError

# Enough for the longest price times the largest quantity, less discounts, without rounding.
EXACT = Context(prec=100)
NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{0,18})?")
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
MAX_ID_LENGTH, MAX_QUANTITY = 120, 2**31 - 1
WORDS = {"true": True, "false": False, "": False}

Payload = Mapping[str, Any]


def parse(body: bytes) -> Payload:
    """Return the JSON object of a delivery, numbers by their digits. Raises NotUnderstoodError."""
    try:
        found = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):  # also bytes that are no UTF-8, and endless numbers
        raise NotUnderstoodError("The delivery is not JSON, or was cut off.") from None
    if not isinstance(found, Mapping):
        raise NotUnderstoodError("The delivery is not a JSON object.")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity, which JSON does not have


def one(payload: Payload, name: str, owner: str) -> Payload:
    """Return an object inside the payload, an empty one if it is left out."""
    found = payload.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise NotUnderstoodError(f"{owner} has a `{name}` that is not an object.")
    return found


def several(payload: Payload, name: str, owner: str) -> list[Payload]:
    """Return a list of objects, an empty one if it is left out."""
    found = payload.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise NotUnderstoodError(f"{owner} has a `{name}` that is not a list of objects.")
    return found


def text(payload: Payload, name: str, owner: str, *, max_length: int) -> str:
    """Return a text that is only shown: too long a one is cut. A whole number is its digits."""
    found = payload.get(name)
    if found is None:
        return ""
    if not _is_text_or_id(found):
        raise NotUnderstoodError(f"{owner} has a `{name}` that is not a text.")
    return clipped(str(found), max_length)


def _is_text_or_id(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < 2**63
    return isinstance(value, str)


def clipped(value: str, max_length: int) -> str:
    """Return a text that can be stored. What is cut ends in "…"."""
    whole = UNSTORABLE.sub("\ufffd", value).strip()
    return whole if len(whole) <= max_length else f"{whole[: max_length - 1]}…"


def identity(payload: Payload, name: str, owner: str, *, required: bool = True) -> str:
    """Return an id. GraphQL's `gid://shopify/Order/1` is 1, as webhooks have it."""
    found = payload.get(name)
    if found is None or found == "":
        if required:
            raise NotUnderstoodError(f"{owner} has no `{name}`.")
        return ""
    if not _is_text_or_id(found):
        raise NotUnderstoodError(f"{owner} has a `{name}` that is not an id.")
    whole = str(found).strip()
    if whole.startswith("gid://"):
        whole = whole.partition("?")[0].rpartition("/")[2]
    if not whole or len(whole) > MAX_ID_LENGTH or UNSTORABLE.search(whole):
        raise NotUnderstoodError(f"{owner} has a `{name}` that is not an id.")
    return whole


def number(value: Any, owner: str, name: str) -> Decimal:
    """Return a decimal number. Old versions send numbers as text."""
    is_number = isinstance(value, str | int | Decimal) and not isinstance(value, bool)
    if not is_number or (isinstance(value, int) and abs(value) >= 10**18):
        raise NotUnderstoodError(f"{owner} has a `{name}` that is not a number.")
    digits = format(value, "f") if _is_plain(value) else str(value).strip()
    if not NUMBER.fullmatch(digits):
        raise NotUnderstoodError(f"{owner} has a `{name}` that is not a number.")
    return Decimal(digits)


def _is_plain(value: Any) -> bool:
    """Whether a number from JSON has a size whose digits can be written out (1E+2, not 1E+999)."""
    return isinstance(value, Decimal) and abs(value.adjusted()) < 19


def not_negative(value: Any, owner: str, name: str) -> Decimal:
    found = number(value, owner, name)
    if found < 0:
        raise NotUnderstoodError(f"{owner} has a negative `{name}`.")
    return found


def quantity(payload: Payload, name: str, owner: str) -> Decimal:
    found = not_negative(payload.get(name), owner, name)
    if found > MAX_QUANTITY:
        raise NotUnderstoodError(f"{owner} has a `{name}` that is too large.")
    return found


def is_yes(payload: Payload, name: str, owner: str) -> bool:
    """Return a yes or no; what is left out is no."""
    found = payload.get(name)
    if found is None or isinstance(found, bool):
        return bool(found)
    word = WORDS.get(found.strip().lower()) if isinstance(found, str) else None
    if word is None:
        raise NotUnderstoodError(f"{owner} has a `{name}` that is neither true nor false.")
    return word


def moment(payload: Payload, name: str, owner: str) -> str:
    """Return a time in UTC, in ISO 8601; "" if it is left out."""
    found = payload.get(name)
    if found is None or found == "":
        return ""
    read = time_of(found)
    if read is None:
        raise NotUnderstoodError(f"{owner} has a `{name}` that is not a time with an offset.")
    return read.isoformat()


def time_of(value: Any) -> datetime | None:
    """Return a time in UTC, None for what is not one, or has no offset."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value.strip())
        if read.tzinfo is None or not EARLIEST <= read < LATEST:
            return None
        return read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def currency_of(value: Any, owner: str) -> str:
    """Return the ISO 4217 code of a currency that is known."""
    code = value.strip().upper() if isinstance(value, str) else ""
    try:
        exponent(code)
    except UnknownCurrencyError:
        raise NotUnderstoodError(f"{owner} has no currency that is known.") from None
    return code
