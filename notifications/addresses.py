"""Addresses as mail servers understand them: in ASCII, with their domain as RFC 5891 writes it.

Python's own codec knows only the older rule, by which a mail to straße.example would go to
somebody else's strasse.example.
"""

from __future__ import annotations

import re

import idna

_ADDRESS = re.compile(r"[^@\s<>()\[\],;:\\\"]+@[^@\s<>()\[\],;:\\\"]+\.[^@\s<>()\[\],;:\\\".]+")


def for_the_wire(address: str) -> str:
    """The address with its domain in ASCII. Raises ValueError for one that can't be written so."""
    name, _, domain = address.rpartition("@")
    if not name.isascii():
        raise ValueError(f"{address}: only letters of English can stand before the @")
    return f"{name}@{domain_for_the_wire(domain)}"


def domain_for_the_wire(domain: str) -> str:
    """The domain in ASCII. Raises ValueError for what is none."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError(f"{domain} is no domain: {error}") from error


def is_address(text: str) -> bool:
    """Whether it is one plain address of a public domain, and nothing beside it."""
    return _ADDRESS.fullmatch(text) is not None


def can_be_written_to(address: str) -> bool:
    """Whether it is an address that `for_the_wire` knows how to write."""
    try:
        return is_address(for_the_wire(address))
    except ValueError:
        return False
