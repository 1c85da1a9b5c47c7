"""Addresses in the form that mail servers accept: in ASCII, with the domain encoded by RFC 5891.

Python's own codec implements only the older RFC 3490, by which a mail to straße.example would go
to strasse.example, which belongs to somebody else.
"""

from __future__ import annotations

import re

import idna

_ADDRESS = re.compile(r"[^@\s<>()\[\],;:\\\"]+@[^@\s<>()\[\],;:\\\"]+\.[^@\s<>()\[\],;:\\\".]+")


def ascii_address(address: str) -> str:
    """The address with its domain in ASCII. Raises ValueError for one that can't be written so."""
    name, _, domain = address.rpartition("@")
    if not name.isascii():
        raise ValueError(f"{address}: only letters of English can stand before the @")
    return f"{name}@{ascii_domain(domain)}"


def ascii_domain(domain: str) -> str:
    """The domain in ASCII. Raises ValueError for an invalid domain."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError(f"{domain} is no domain: {error}") from error


def is_address(text: str) -> bool:
    """Whether the text is exactly one plain address of a public domain."""
    return _ADDRESS.fullmatch(text) is not None


def can_be_mailed(address: str) -> bool:
    """Whether it is an address that `ascii_address` can encode."""
    try:
        return is_address(ascii_address(address))
    except ValueError:
        return False
