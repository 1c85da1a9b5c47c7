"""Decide which client a request comes from: a WSGI application around Django.

The client is the address that opened the connection. Only if that is a trusted proxy
(TRUSTED_PROXIES) do its X-Forwarded-For and X-Forwarded-Proto count. The result goes into
REMOTE_ADDR and wsgi.url_scheme. Every header that names a client is then removed, so that no other
code can read it.

In WSGI a header sent with underscores looks like one with hyphens (PEP 3333, RFC 3875 section
4.1.18): `config.asgi` has removed those before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any
from urllib.parse import urlsplit

from core.clients import parse_address, parse_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

MAX_PROXIES_IN_A_ROW = 16
# Of a header, from its right end. What it said is remembered, and a client may send a lot.
MAX_CHARACTERS = 2_000
# In these headers a client could fake its address or the requested one. Removed from every request.
FORWARDING_HEADERS = frozenset(
    {
        "HTTP_CF_CONNECTING_IP",
        "HTTP_CLIENT_IP",
        "HTTP_FASTLY_CLIENT_IP",
        "HTTP_FORWARDED",  # RFC 7239; most proxies pass on what a client wrote into it
        "HTTP_FORWARDED_FOR",
        "HTTP_TRUE_CLIENT_IP",
        "HTTP_X_CLIENT_IP",
        "HTTP_X_CLUSTER_CLIENT_IP",
        "HTTP_X_ORIGINAL_URL",
        "HTTP_X_REAL_IP",
        "HTTP_X_REWRITE_URL",
    }
)
FORWARDING_PREFIX = "HTTP_X_FORWARDED"  # -For, -Proto, -Host, -Port, -Prefix, -Ssl, …


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks of TRUSTED_PROXIES. Raises ValueError for an invalid network.

    A network that holds every address is refused: any client could then fake its address.
    """
    networks = tuple(map(parse_network, texts))
    for network in networks:
        if network.prefixlen == 0:
            raise ValueError(f"{network} holds every address")
    return networks


def port_of(address: str) -> int:
    """Return the port of an http or https address, also where the address leaves it out."""
    parts = urlsplit(address)
    return parts.port or (80 if parts.scheme == "http" else 443)


def trust_proxies(
    application: Application, *, proxies: Collection[Network], port: int | None = None
) -> Application:
    """Wrap `application`: set the client's address and scheme, remove headers that name them.

    `port` is the port of BASE_URL. Another port in the Host header is removed, because Django does
    not check it and would use it in redirects. None leaves Host as it is.
    """

    def serve(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        name_client(environ, proxies=proxies, port=port)
        return application(environ, start_response)

    return serve


def seen_through(
    proxies: Collection[Network],
) -> Callable[[str, str, bytes, bytes], tuple[str, bool]]:
    """Return what tells the client's address, and whether it uses TLS, as `trust_proxies` does.

    It is given who opened the connection, the scheme, X-Forwarded-For and X-Forwarded-Proto.
    """

    def see(opened_by: str, scheme: str, forwarded_for: bytes, proto: bytes) -> tuple[str, bool]:
        address, scheme = _client_of(
            opened_by, scheme, forwarded_for.decode("latin-1"), proto.decode("latin-1"), proxies
        )
        return address, scheme == "https"

    return see


def name_client(environ: Environ, *, proxies: Collection[Network], port: int | None = None) -> None:
    """Do to one request what `trust_proxies` does to each."""
    address, scheme = _kept_client_of(
        str(environ.get("REMOTE_ADDR", "")),
        environ["wsgi.url_scheme"],
        environ.get("HTTP_X_FORWARDED_FOR", "")[-MAX_CHARACTERS:],
        environ.get("HTTP_X_FORWARDED_PROTO", "")[-MAX_CHARACTERS:],
        tuple(proxies),
    )
    environ["REMOTE_ADDR"], environ["wsgi.url_scheme"] = address, scheme
    for name in [
        name for name in environ if name in FORWARDING_HEADERS or name.startswith(FORWARDING_PREFIX)
    ]:
        del environ[name]
    if port is not None and "HTTP_HOST" in environ:
        environ["HTTP_HOST"] = _without_other_port(environ["HTTP_HOST"], port)


def _client_of(
    peer_address: str,
    scheme: str,
    forwarded_for: str,
    forwarded_proto: str,
    proxies: Collection[Network],
) -> tuple[str, str]:
    """The client's address, "" when it is unknown, and the scheme of its request."""
    peer = parse_address(peer_address)
    if peer is None or not _is_ours(peer, proxies):
        return str(peer) if peer else "", scheme
    return str(_client_behind(peer, forwarded_for, proxies)), _scheme_of(forwarded_proto)


# A shop sends from few addresses; visitors of links come from many, and would push them out.
_kept_client_of = lru_cache(maxsize=1_024)(_client_of)


def _is_ours(address: Address, proxies: Collection[Network]) -> bool:
    return any(address in network for network in proxies)


def _client_behind(peer: Address, forwarded_for: str, proxies: Collection[Network]) -> Address:
    """Return the nearest address that is not a trusted proxy.

    Each proxy appends its client's address at the right end. So the header is read from the right,
    as far as trusted proxies wrote it. If one wrote no valid address, the proxy itself is returned.
    """
    client = peer
    newest = forwarded_for.rsplit(",", MAX_PROXIES_IN_A_ROW)[-MAX_PROXIES_IN_A_ROW:]
    for written in reversed(newest):
        address = _without_port(written.strip())
        if address is None:
            return client
        client = address
        if not _is_ours(client, proxies):
            return client
    return client


def _without_port(written: str) -> Address | None:
    """Return the address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`."""
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    return parse_address(written)


def _scheme_of(forwarded_proto: str) -> str:
    """Return the scheme from the nearest proxy; anything but https is http."""
    said = forwarded_proto.rpartition(",")[2].strip().lower()
    return "https" if said == "https" else "http"


def _without_other_port(host: str, port: int) -> str:
    name, colon, written = host.rpartition(":")
    if not colon or host.endswith("]") or written == str(port):
        return host
    return name
