"""Keyed digests of customers' addresses: enough to tell whether a customer is a member.

No address of a shopper is stored. The digest is an HMAC with the keys of click ids and the brand,
so that brands cannot be compared, and nobody without the key can try out addresses.
"""

from __future__ import annotations

import hmac

from django.conf import settings

from core.tenancy import current_brand_id

ONE_DOMAIN = {"googlemail.com": "gmail.com"}


def customer_digest(address: str) -> str:
    """Return the digest of an address with the newest key; "" for what is no address."""
    return _digest(settings.CLICK_KEYS[0], address)


def known_digests(address: str) -> frozenset[str]:
    """Return the digests that an address may have been stored with, one per key in use."""
    return frozenset(_digest(key, address) for key in settings.CLICK_KEYS) - {""}


def plain_address(address: str) -> str:
    """Return an address without what a mailbox ignores: capitals, dots, and "+anything"."""
    name, _, domain = address.strip().lower().rpartition("@")
    name = name.partition("+")[0].replace(".", "")
    return f"{name}@{ONE_DOMAIN.get(domain, domain)}" if name and domain else ""


def _digest(key: str, address: str) -> str:
    plain = plain_address(address)
    if not plain:
        return ""
    text = f"tributary.customer:{current_brand_id()}:{plain}"
    return hmac.digest(key.encode(), text.encode(), "sha256").hex()
