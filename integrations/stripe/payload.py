"""Read values out of Stripe's JSON, of which nothing is certain. Pure.

Each function returns a value of the type that it names, or raises NotUnderstoodError.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from core.money import MAX_AMOUNT_MINOR, MoneyError, exponent
from core.text import UNSTORABLE
from integrations.shop import NotUnderstoodError

Object = Mapping[str, Any]

ID = re.compile(r"[A-Za-z0-9_-]{1,120}")  # safe in a path too
LATEST_SECONDS = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())

# https://docs.stripe.com/currencies: amounts are in these units. ISK and UGX have no smaller unit
# any more, but Stripe still writes two digits for them ("to charge 5 UGX, provide 500").
ZERO_DECIMAL = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
     "XOF", "XPF"]
)  # fmt: skip
THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])


def read_json(body: bytes) -> Object:
    """Return the object that a body holds. Raises NotUnderstoodError."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):  # ValueError also of bytes that are no text
        raise NotUnderstoodError("The delivery is not JSON.") from None
    if not isinstance(found, Mapping):
        raise NotUnderstoodError("The delivery is not a JSON object.")
    return found


def part(parent: Object, name: str) -> Object:
    """Return the object of this name, an empty one where there is none."""
    found = parent.get(name)
    return found if isinstance(found, Mapping) else {}


def listed(parent: Object, name: str) -> list[Object]:
    """Return the objects of a list, or of a page of Stripe's (`{"data": […]}`)."""
    found = parent.get(name)
    if isinstance(found, Mapping):
        found = found.get("data")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def text(parent: Object, name: str) -> str:
    """Return a text, "" where there is none; what PostgreSQL can't store is replaced."""
    found = parent.get(name)
    return UNSTORABLE.sub("\ufffd", found).strip() if isinstance(found, str) else ""


def reference(parent: Object, name: str) -> str:
    """Return the id of another object, which Stripe sends as an id or as the whole object.

    "" where there is none. Raises NotUnderstoodError for what is no id.
    """
    found = parent.get(name)
    if isinstance(found, Mapping):
        found = found.get("id")
    if found is None or found == "":
        return ""
    if not isinstance(found, str) or not ID.fullmatch(found):
        raise NotUnderstoodError(f"Its {name} is not an id.")
    return found


def loose_id(parent: Object, name: str) -> str:
    """Return the id of another object, as `reference` does, where any text may be an id."""
    found = parent.get(name)
    return text(found, "id") if isinstance(found, Mapping) else text(parent, name)


def own_id(found: Object) -> str:
    """Return the object's own id. Raises NotUnderstoodError."""
    return reference(found, "id") or _missing("id")


def units(parent: Object, name: str) -> int:
    """Return an amount in Stripe's units of its currency; 0 where there is none."""
    found = parent.get(name)
    if found is None:
        return 0
    if isinstance(found, bool) or not isinstance(found, int) or abs(found) > MAX_AMOUNT_MINOR:
        raise NotUnderstoodError(f"Its {name} is not an amount.")
    return found


def currency(found: Object) -> str:
    """Return the ISO 4217 code in capitals. Raises NotUnderstoodError."""
    code = text(found, "currency").upper()
    try:
        exponent(code)
    except MoneyError:
        raise NotUnderstoodError("Its currency is not one that we know.") from None
    return code


def decimals(code: str) -> int:
    """Return how many digits Stripe's units have after the decimal point."""
    return 0 if code in ZERO_DECIMAL else 3 if code in THREE_DECIMAL else 2


def amount(number: int, code: str) -> str:
    """Return Stripe's units as decimal text: 1999 USD is "19.99", 500 JPY is "500"."""
    digits = decimals(code)
    if not digits:
        return str(number)
    whole, rest = divmod(abs(number), 10**digits)
    return f"{'-' if number < 0 else ''}{whole}.{rest:0{digits}}"


def moment(found: Object, name: str = "created") -> datetime:
    """Return a time that is in seconds since 1970. Raises NotUnderstoodError."""
    seconds = found.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        _missing(name)
    if not 0 <= seconds < LATEST_SECONDS:
        raise NotUnderstoodError(f"Its {name} is not a time.")
    return datetime.fromtimestamp(seconds, tz=UTC)


def _missing(name: str) -> NoReturn:
    raise NotUnderstoodError(f"It has no {name}.")
