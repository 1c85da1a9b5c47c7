"""Who sent a request: the address, whether it came over TLS, and the country of the address.

The country is the one for which a regional internet registry gave the network out. The lists of the
five registries come with the package iptocc, so nobody is asked, and a new version of the package
brings new lists. For about one IPv4 address in twenty a network is used elsewhere (Zander 2012, see
the package), and a visitor with a VPN counts where that ends. The address itself is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from iptocc import country_code

# The client's address and whether it came over TLS, from: who opened the connection, the scheme,
# X-Forwarded-For, X-Forwarded-Proto. config.forwarding decides whom to believe.
Forwarding = Callable[[str, str, bytes, bytes], tuple[str, bool]]
KNOWN_CLIENTS = 10_000  # that are remembered
UNKNOWN = ""
NO_COUNTRIES = frozenset({"AP", "EU", "ZZ"})  # a region's registry, not a country


class Client(NamedTuple):
    """The sender of a request. `address` is "" and `country` UNKNOWN where they are not known."""

    address: str
    is_tls: bool
    country: str


def clients_through(forwarding: Forwarding) -> Callable[[str, str, bytes, bytes], Client]:
    """Return what tells the client from the same four, and remembers the last KNOWN_CLIENTS."""

    @lru_cache(maxsize=KNOWN_CLIENTS)
    def client(opened_by: str, scheme: str, forwarded_for: bytes, proto: bytes) -> Client:
        address, is_tls = forwarding(opened_by, scheme, forwarded_for, proto)
        return Client(address, is_tls, country_of(address))

    return client


def country_of(address: str) -> str:
    """Return the two letters (ISO 3166) of an address, in upper case; UNKNOWN for any other text.

    Private, local and unassigned addresses have no country. It takes less than half a microsecond.
    """
    code = country_code(address)
    return UNKNOWN if code is None or code in NO_COUNTRIES else code
