"""Who is at the other end of a request: one network address, told the same way everywhere.

`config.forwarding` has settled it before Django sees the request: REMOTE_ADDR is the client,
whatever proxies of ours stand between. Nothing here or above reads a header for it.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the settings import this module, by way of config.forwarding
    from django.http import HttpRequest

IPV6_PREFIX_BITS = 64  # what one household or one server is given: RFC 6177, RFC 4291 section 2.5.4


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address that `text` is, or None.

    An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) is the
    IPv4 address. A zone (`%eth0`) means something on one machine only, and is left out.
    """
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def network_of(request: HttpRequest) -> str:
    """The client's network address; empty when it is not known."""
    address = parse_address(str(request.META.get("REMOTE_ADDR", "")))
    return str(address) if address else ""


def agent_of(request: HttpRequest) -> str:
    """What the browser says of itself."""
    return request.headers.get("User-Agent", "")


def network_for_limits(address: str) -> str:
    """What to count requests by: an IPv4 address as it is, an IPv6 address by its /64.

    One client has 2^64 IPv6 addresses to choose from, so counting single ones limits nobody. Empty
    when `address` is none: whoever counts decides what an unknown client may do.
    """
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, IPV6_PREFIX_BITS), strict=False))
    return str(parsed) if parsed else ""
