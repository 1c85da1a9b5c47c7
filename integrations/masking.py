"""Show the body of a delivery with personal data masked: staff see what was sent, not to whom.

Ids, amounts, codes and times stay. A value is masked by its name, at any depth; all of what a name
of an address or a person holds is masked. So are addresses of pages that show an order to anybody
who has them, mail addresses in any text, and what shoppers write into fields that a shop added.
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
    r"_?name|customer_name|address[_-]?\d?|line[12]|street|city|zip|post(al)?_?code|province|province_code|state"
    r"|latitude|longitude|company|ip|ip_?address|browser_ip|user_agent|customer_user_agent"
    r"|client_details|note|customer_note|last4|fingerprint|tax_ids?|vat|birth\w*|gender"
    r"|contact_email|receipt_email|token|secret|client_secret|password|account_number|iban"
    r"|credit_card_(number|bin)|paypal_account|urls?|uri|invoice_pdf|order_key)$"
)
PERSONS = re.compile(
    r"(?i)^(billing|shipping|billing_address|shipping_address|default_address|address|addresses"
    r"|customer_details|billing_details|shipping_details|collected_information|client_details"
    r"|customer_shipping"
    r"|payment_method_details|destination|owner)$"
)
# Fields that the shop or a plugin added: the name, or the key, says what a shopper wrote there.
ADDED_FIELDS = re.compile(
    r"(?i)^(note_attributes|custom_?attributes|properties|meta_?data|custom_fields)$"
)
# Of those, what is no shopper's, and tells why an order was credited or a refund lowered a line.
SHOWN_FIELDS = ("trb", "_refunded_item_id", "_tributary_test", "_wc_order_attribution_")
NAMES_OF_FIELDS = ("id", "name", "key", "type")
# Begins where a word begins, and never looks back: a text of any length is read once.
MAIL_ADDRESS = re.compile(
    r"(?<![^\s\"'<>,;:()\[\]{}/@=&?%])[^\s\"'<>,;:()\[\]{}/@=&?%]++(?:@|%40)"
    r"[^\s\"'<>,;:()\[\]{}/@&?%]+"
)
MAX_NAME_CHARACTERS = 100  # of a name that a shop gives; what a longer one holds is masked
CUSTOMER = re.compile(r"(?i)^(customer|user|buyer|recipient)$")
HIDDEN_HEADER = re.compile(
    r"(?i)(signature|hmac|secret|token|auth|cookie|key|forwarded|(^|-)ip($|-)|client|user-agent"
    r"|email|phone)"
)
MAX_CHARACTERS = 200_000
BINARY = "The body is not text."
TOO_DEEP = "JSON that is nested too deeply to be shown."


def readable_body(body: bytes) -> str:
    """Return the body as text, JSON indented, with personal data masked.

    What is not JSON is not shown, as nothing tells which part of it is personal.
    """
    try:
        read = json.loads(body, parse_float=str)
    except (ValueError, RecursionError):
        return BINARY if _is_binary(body) else f"{len(body):,} bytes that are not JSON."
    try:
        shown = json.dumps(masked(read), indent=2, ensure_ascii=False)
    except RecursionError:
        return TOO_DEEP
    # Half of a pair, which JSON may have and no page can, is shown as it was written: \ud83d.
    shown = shown[: MAX_CHARACTERS + 1].encode(errors="backslashreplace").decode()
    return shown if len(shown) <= MAX_CHARACTERS else f"{shown[:MAX_CHARACTERS]}\n…"


def masked(value: Any, *, in_person: bool = False) -> Any:
    """Return the value with personal data masked."""
    if isinstance(value, dict):
        return {name: _masked_entry(str(name), one, in_person) for name, one in value.items()}
    if isinstance(value, list):
        return [masked(one, in_person=in_person) for one in value]
    if in_person and value not in (None, "") and not isinstance(value, bool):
        return MASK
    return without_mail_addresses(value) if isinstance(value, str) else value


def without_mail_addresses(text: str) -> str:
    return MAIL_ADDRESS.sub(MASK, text) if "@" in text or "%40" in text else text


def _masked_entry(name: str, value: Any, in_person: bool) -> Any:
    if len(name) > MAX_NAME_CHARACTERS:
        return MASK
    if PERSONS.match(name) or (in_person and name != "id"):
        return masked(value, in_person=True)
    if ADDED_FIELDS.match(name):
        return _masked_fields(value)
    if CUSTOMER.match(name) and isinstance(value, dict):
        return {
            key: one if key == "id" else masked(one, in_person=True) for key, one in value.items()
        }
    if OF_A_PERSON.match(name) and value not in (None, "", [], {}):
        return MASK
    return masked(value)


def _masked_fields(value: Any) -> Any:
    """Fields as a list of names and values, or as an object. Names stay."""
    if isinstance(value, list):
        return [_masked_field(one) for one in value]
    if isinstance(value, dict):
        return {
            name: masked(one) if _is_shown(name) else masked(one, in_person=True)
            for name, one in value.items()
        }
    return masked(value, in_person=True)


def _masked_field(field: Any) -> Any:
    if not isinstance(field, dict):
        return masked(field, in_person=True)
    if _is_shown(field.get("name", field.get("key"))):
        return masked(field)
    return {
        name: masked(one) if name in NAMES_OF_FIELDS else masked(one, in_person=True)
        for name, one in field.items()
    }


def _is_shown(name: Any) -> bool:
    is_named = isinstance(name, str) and len(name) <= MAX_NAME_CHARACTERS
    return is_named and name.startswith(SHOWN_FIELDS) and not OF_A_PERSON.match(name)


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
