"""The network address of a request's client, read in the same way everywhere.

`config.forwarding` has put the client's address into REMOTE_ADDR before Django sees the request,
also behind proxies. No other code reads a header for it.
"""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the settings import this module, by way of config.forwarding
    from django.http import HttpRequest

MAPPED = IPv6Network("::ffff:0:0/96")  # IPv4 addresses in IPv6 form
IPV6_PREFIX_BITS = 64  # what one household or one server is given: RFC 6177, RFC 4291 section 2.5.4


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that `text` holds, or None.

    An IPv4 address in IPv6 form (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) becomes the IPv4
    address. A zone (`%eth0`) is removed: it has a meaning on one machine only.
    """
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def parse_network(text: str) -> IPv4Network | IPv6Network:
    """Return the address or network that `text` holds. Raises ValueError.

    A network of IPv4 addresses in IPv6 form becomes the IPv4 network, as `parse_address` reads its
    addresses.
    """
    network = ip_network(text.strip())
    if not isinstance(network, IPv6Network) or not network.subnet_of(MAPPED):
        return network
    first = network.network_address.ipv4_mapped
    return ip_network(f"{first}/{network.prefixlen - MAPPED.prefixlen}")


def network_of(request: HttpRequest) -> str:
    """Return the client's network address; "" when it is unknown."""
    address = parse_address(str(request.META.get("REMOTE_ADDR", "")))
    return str(address) if address else ""


def agent_of(request: HttpRequest) -> str:
    """Return the User-Agent header."""
    return request.headers.get("User-Agent", "")


def network_for_limits(address: str) -> str:
    """Return the key of a rate limit: the IPv4 address, or the /64 network of an IPv6 address.

    One client can use 2^64 IPv6 addresses, so a limit per IPv6 address limits nobody. Returns ""
    when `address` is no address: the caller decides what an unknown client may do.
    """
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, IPV6_PREFIX_BITS), strict=False))
    return str(parsed) if parsed else ""
