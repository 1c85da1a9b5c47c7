"""Whom a request comes from, decided in one place and before Django: a WSGI application around it.

A request counts as coming from the address that opened the connection. Only when that is a proxy of
ours (TRUSTED_PROXIES) are its X-Forwarded-For and X-Forwarded-Proto believed. What was decided is
put where WSGI has it, REMOTE_ADDR and wsgi.url_scheme, and every header that makes such a claim is
taken out, so that nothing further in can believe another one.

A header sent with underscores is the same as one with hyphens by the time WSGI sees it (PEP 3333
names headers as RFC 3875 section 4.1.18 does): `config.asgi` has dropped those before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any
from urllib.parse import urlsplit

from core.clients import parse_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

MAX_PROXIES_IN_A_ROW = 16
# Claims about the client and about the address it asked for. Taken out of every request.
CLAIMS = frozenset(
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
CLAIMS_PREFIX = "HTTP_X_FORWARDED"  # -For, -Proto, -Host, -Port, -Prefix, -Ssl, …


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks of TRUSTED_PROXIES. Raises ValueError for what is no address and no network.

    A network that holds every address is refused: it would let every client say who it is.
    """
    networks = tuple(ip_network(text.strip()) for text in texts)
    for network in networks:
        if network.prefixlen == 0:
            raise ValueError(f"{network} is everybody")
    return networks


def port_of(address: str) -> int:
    """The port of an http or https address, also where it is left out."""
    parts = urlsplit(address)
    return parts.port or (80 if parts.scheme == "http" else 443)


def trust_proxies(
    application: Application, *, proxies: Collection[Network], port: int | None = None
) -> Application:
    """`application`, told the client's address and scheme, and shown no header that claims one.

    `port` is the port of BASE_URL. Django checks the host of a Host header and not its port, which
    would then stand in redirects: another port is taken off. None leaves Host as it is.
    """

    def serve(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        peer = parse_address(str(environ.get("REMOTE_ADDR", "")))
        client, scheme = peer, environ["wsgi.url_scheme"]
        if peer is not None and _is_ours(peer, proxies):
            client = _client_behind(peer, environ.get("HTTP_X_FORWARDED_FOR", ""), proxies)
            scheme = _scheme_of(environ.get("HTTP_X_FORWARDED_PROTO", ""))
        environ["REMOTE_ADDR"] = str(client) if client else ""
        environ["wsgi.url_scheme"] = scheme
        for name in [name for name in environ if name in CLAIMS or name.startswith(CLAIMS_PREFIX)]:
            del environ[name]
        if port is not None and "HTTP_HOST" in environ:
            environ["HTTP_HOST"] = _without_other_port(environ["HTTP_HOST"], port)
        return application(environ, start_response)

    return serve


def _is_ours(address: Address, proxies: Collection[Network]) -> bool:
    return any(address in network for network in proxies)


def _client_behind(peer: Address, forwarded_for: str, proxies: Collection[Network]) -> Address:
    """The nearest address that is no proxy of ours.

    Each proxy adds whom it heard from at the right end, so the header is read from there and only
    as far as our own proxies wrote it. Where one of ours wrote what is no address, it is itself the
    nearest that is known.
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
    """The address of `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`."""
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    return parse_address(written)


def _scheme_of(forwarded_proto: str) -> str:
    """What the nearest proxy said; anything but https is http."""
    said = forwarded_proto.rpartition(",")[2].strip().lower()
    return "https" if said == "https" else "http"


def _without_other_port(host: str, port: int) -> str:
    name, colon, written = host.rpartition(":")
    if not colon or host.endswith("]") or written == str(port):
        return host
    return name
