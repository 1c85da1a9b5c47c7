"""Show the body of a delivery with personal data masked: staff see what was sent, not to whom.

Ids, amounts, codes and times stay. A value is masked by its name, at any depth; all of what a name
of an address or a person holds is masked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

MASK = "•••"
# As Shopify, WooCommerce and Stripe name them.
OF_A_PERSON = re.compile(
    r"(?i)^(.*_)?(e?mail|phone|(first|last|full|given|family|display|company|card|billing|shipping)"
    r"_?name|address[_-]?\d?|line[12]|street|city|zip|post(al)?_?code|province|province_code|state"
    r"|latitude|longitude|company|ip|ip_?address|browser_ip|user_agent|customer_user_agent"
    r"|client_details|note|customer_note|last4|fingerprint|tax_ids?|vat|birth\w*|gender"
    r"|contact_email|receipt_email|token|secret|client_secret|password|account_number|iban)$"
)
PERSONS = re.compile(
    r"(?i)^(billing|shipping|billing_address|shipping_address|default_address|address|addresses"
    r"|customer_details|billing_details|shipping_details|collected_information|client_details"
    r"|payment_method_details|destination|owner)$"
)
CUSTOMER = re.compile(r"(?i)^(customer|user|buyer|recipient)$")
HIDDEN_HEADER = re.compile(
    r"(?i)(signature|hmac|secret|token|auth|cookie|key|forwarded|(^|-)ip($|-)|client|user-agent"
    r"|email|phone)"
)
MAX_CHARACTERS = 200_000
BINARY = "The body is not text."


def readable_body(body: bytes) -> str:
    """Return the body as text, JSON indented, with personal data masked.

    What is not JSON is not shown, as nothing tells which part of it is personal.
    """
    try:
        read = json.loads(body, parse_float=str)
    except (ValueError, RecursionError):
        return BINARY if _is_binary(body) else f"{len(body):,} bytes that are not JSON."
    shown = json.dumps(masked(read), indent=2, ensure_ascii=False)
    return shown if len(shown) <= MAX_CHARACTERS else f"{shown[:MAX_CHARACTERS]}\n…"


def masked(value: Any, *, in_person: bool = False) -> Any:
    """Return the value with personal data masked."""
    if isinstance(value, dict):
        return {name: _masked_entry(str(name), one, in_person) for name, one in value.items()}
    if isinstance(value, list):
        return [masked(one, in_person=in_person) for one in value]
    return MASK if in_person and isinstance(value, str) and value else value


def _masked_entry(name: str, value: Any, in_person: bool) -> Any:
    if PERSONS.match(name) or (in_person and name != "id"):
        return masked(value, in_person=True)
    if CUSTOMER.match(name) and isinstance(value, dict):
        return {
            key: one if key == "id" else masked(one, in_person=True) for key, one in value.items()
        }
    if OF_A_PERSON.match(name) and value not in (None, "", [], {}):
        return MASK
    return masked(value)


def _is_binary(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


def readable_headers(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the headers by name, without values that sign or tell of a person or network."""
    return [
        (name, MASK if HIDDEN_HEADER.search(name) else str(value))
        for name, value in sorted(headers.items())
    ]
