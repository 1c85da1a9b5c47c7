"""Names of servers as they are typed: in lower-case ASCII, and whether the internet knows them.

Browsers read a host by the WHATWG URL standard: "2130706433", "0x7f.1" and "127.1" are all
127.0.0.1 there. So a host that ends with a number is an IPv4 address in its usual form, or refused.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import idna

from core.outgoing import is_public

MAX_HOST = 253  # characters (RFC 1035 2.3.4)
_NAME = re.compile(r"([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# Names inside a private network: RFC 6761, 6762, 8375, and what routers and companies use.
_OWN_NETWORK = frozenset(
    {
        "localhost", "local", "localdomain", "internal", "intranet", "lan", "private", "corp",
        "home", "home.arpa", "arpa", "onion",
    }
)  # fmt: skip


class HostError(ValueError):
    """The text is no host of a server on the internet."""


class LocalHostError(HostError):
    """The host is of this machine or of a private network."""


def ascii_host(text: str) -> str:
    """Return a host in lower case, other letters than English ones as punycode (RFC 5891).

    Raises HostError for what can't be a host. IPv6 addresses stand without brackets.
    """
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            raise HostError(text) from None
    host = text.lower().removesuffix(".")
    if not host or len(host) > MAX_HOST:
        raise HostError(text)
    return host


def public_host(text: str) -> str:
    """Return the same for a host that everybody can reach. Raises HostError, LocalHostError."""
    host = ascii_host(text)
    if ":" in host:
        return _public_ipv6(host)
    last = host.rpartition(".")[2]
    if _NUMBER.fullmatch(last):
        return _public_ipv4(host)
    if any(is_within(host, name) for name in _OWN_NETWORK):
        raise LocalHostError(host)
    if not _NAME.fullmatch(host):
        raise HostError(host)
    return host


def is_within(host: str, domain: str) -> bool:
    """Whether a host is the domain or below it; both in the same form."""
    return host == domain or host.endswith(f".{domain}")


def is_loopback(host: str) -> bool:
    """Whether a host in its ASCII form is this machine, in a usual form."""
    return host in {"localhost", "127.0.0.1", "::1"}


def _public_ipv6(host: str) -> str:
    try:
        address = IPv6Address(host)
    except AddressValueError:
        raise HostError(host) from None
    if address.scope_id is not None or not is_public(address):
        raise LocalHostError(host)
    return host


def _public_ipv4(host: str) -> str:
    try:
        address = IPv4Address(host)
    except AddressValueError:  # another way to write one, behind which any address can be
        raise LocalHostError(host) from None
    if not is_public(address):
        raise LocalHostError(host)
    return host
