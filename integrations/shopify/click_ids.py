"""Find the click id of an order: in a cart attribute, or in the address that the shopper came to.

It is evidence that any shopper can write, so nothing here refuses an order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integrations.shopify.reading import clipped
from offers.utm import RESERVED

# A cart attribute whose name begins with "_" is not shown to shoppers.
ATTRIBUTES = (RESERVED, f"_{RESERVED}")
MAX_LENGTH, MAX_ADDRESS_LENGTH, MAX_PARAMETERS = 120, 4_000, 100


def click_id_of(attributes: Iterable[tuple[Any, Any]], landings: Iterable[Any]) -> str:
    """Return the click id, "" if there is none. Cart attributes come first: they are set last."""
    for name, value in attributes:
        is_ours = isinstance(name, str) and name.strip().lower() in ATTRIBUTES
        if is_ours and isinstance(value, str) and value.strip():
            return clipped(value, MAX_LENGTH)
    for address in landings:
        found = _parameter(address, RESERVED)
        if not found:
            # A link that applies a code lands at /discount/CODE, and names the page it leads to.
            found = _parameter(_parameter(address, "redirect"), RESERVED)
        if found:
            return clipped(found, MAX_LENGTH)
    return ""


def _parameter(address: Any, name: str) -> str:
    if not isinstance(address, str) or len(address) > MAX_ADDRESS_LENGTH:
        return ""
    try:
        values = parse_qs(urlsplit(address).query, max_num_fields=MAX_PARAMETERS)
    except ValueError:
        return ""
    return next((value.strip() for value in values.get(name, []) if value.strip()), "")
