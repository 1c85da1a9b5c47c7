"""Call other people's servers: shops, and addresses that a brand entered.

A call has a limit of time and of size, for everything together. It never reaches an address of a
private network, also not by a name: the name is resolved here, and the connection goes to the
address that was checked. Only local mode may call this machine. Redirects are not followed.
Answers may be packed with gzip alone, and are unpacked within the limit of size. Three kilobytes
can hold gigabytes, so httpx, which unpacks all that came at once, is not asked to.

In local mode a shop's own address can lead to a server on this machine (STAND_INS), so that a brand
can be tried out whose shops are api.stripe.com or anything.myshopify.com.
"""

from __future__ import annotations

import json as json_format
import math
import re
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import certifi
import httpcore
import httpx
from django.conf import settings
from dns.exception import DNSException
from dns.resolver import Resolver

CALL_SECONDS = 15.0
CONNECT_SECONDS = 5.0
BEGINNING_SECONDS = 1.0  # for the beginning of a body, where no more is wanted
RESOLVE_SECONDS = 3.0
MAX_ANSWER_BYTES = 20_000_000
USER_AGENT = "Tributary"
GZIP, NOT_PACKED = "gzip", ("", "identity")
ZLIB_OF_GZIP = 16 + zlib.MAX_WBITS  # zlib's number for a gzip header
STAND_IN = re.compile(r"127\.0\.0\.1:[0-9]{1,5}")
Address = IPv4Address | IPv6Address


# Of time.monotonic(): until when all calls of this thread have to end.
_until: ContextVar[float] = ContextVar("until", default=math.inf)


class NoAnswerError(Exception):
    """The server gave no usable answer. The message is the end of a sentence: "it …"."""


class UnreachableError(NoAnswerError):
    """No connection was made, so the server has taken nothing."""


class ForbiddenAddressError(UnreachableError):
    """The address leads to a private network, or is no address of a server."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, whole. Header names match whatever their case."""

    status: int
    headers: httpx.Headers
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON. Raises NoAnswerError."""
        try:
            return json_format.loads(self.body)
        except (ValueError, RecursionError):  # ValueError also of bytes that are no text
            raise NoAnswerError("did not answer with JSON") from None


def http_time(text: str) -> datetime | None:
    """Return the time in a header such as Date; None if there is none. Without an offset it is UTC.

    It comes from a stranger: a year or an offset of any number of digits is none.
    """
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def is_public(address: Address) -> bool:
    """Whether a server on the internet can have the address.

    An IPv6 address that carries an IPv4 one (mapped, 6to4, NAT64, Teredo) counts as both. All other
    servers have addresses in 2000::/3, the only block of unicast that IANA gives out. What lies
    outside of it can carry an IPv4 address of this network too (RFC 4291 2.5.5.1, 6052, 8215).
    """
    if isinstance(address, IPv6Address):
        carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in NAT64:
            carried.append(IPv4Address(int(address) & 0xFFFFFFFF))
        if any(inner is not None and not is_public(inner) for inner in carried):
            return False
        if address.ipv4_mapped is not None or address in NAT64:
            return True
        if int(address) >> 125 != 1:
            return False
    return address.is_global and not address.is_multicast


class _Nat64:
    """64:ff9b::/96, RFC 6052."""

    def __contains__(self, address: IPv6Address) -> bool:
        return int(address) >> 32 == 0x0064_FF9B << 64


NAT64 = _Nat64()


def addresses_of(host: str) -> list[Address]:
    """Return the addresses of a host that may be called. Raises NoAnswerError.

    One address that may not be called forbids the host: its name could be resolved to any of them.
    """
    found = _literal(host) or _resolved(host)
    if not found:
        raise UnreachableError("has no address: the name of its host is not known")
    if not all(is_public(one) or (settings.LOCAL and one.is_loopback) for one in found):
        raise ForbiddenAddressError("leads to a private network")
    return found


def _literal(host: str) -> list[Address]:
    if host == "localhost":
        return [IPv4Address("127.0.0.1")]
    try:
        return [ip_address(host)]
    except ValueError:
        return []


def _resolved(host: str) -> list[Address]:
    try:
        names = Resolver().resolve_name(host, lifetime=RESOLVE_SECONDS)
    except (DNSException, ValueError):  # ValueError: no name at all, or a label too long
        return []
    return [ip_address(text) for text in names.addresses()]


def stand_in_for(url: str) -> tuple[str, str] | None:
    """Return the URL of the stand-in of a URL's host, and the host; None where it has none.

    There is none outside of local mode, whatever the settings say.
    """
    if not settings.LOCAL or not settings.STAND_INS:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    above = f"*.{host.partition('.')[2]}"
    found = settings.STAND_INS.get(host) or settings.STAND_INS.get(above)
    if found is None:
        return None
    if not STAND_IN.fullmatch(found):
        raise ForbiddenAddressError("has a stand-in that is not on this machine")
    return parts._replace(scheme="http", netloc=found).geturl(), parts.netloc


@contextmanager
def calls_within(seconds: float) -> Iterator[None]:
    """Have all calls inside end within this time together; one that begins later is not made."""
    before = _until.set(min(_until.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _until.reset(before)


def seconds_left() -> float:
    """Return the seconds that are left for calls; endless outside of `calls_within`."""
    return _until.get() - time.monotonic()


class Caller:
    """Calls servers, and keeps connections between calls. For one thread; use it as a context."""

    def __init__(self, *, seconds: float = CALL_SECONDS, max_bytes: int = MAX_ANSWER_BYTES) -> None:
        self.seconds, self.max_bytes = seconds, max_bytes
        self.until = 0.0  # of time.monotonic(), for the call under way
        self._client = httpx.Client(
            transport=_Transport(self),
            trust_env=False,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": GZIP},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        wanted_bytes: int | None = None,
    ) -> Answer:
        """Send one request. Raises NoAnswerError; a status of an error is an answer.

        With `wanted_bytes`, the body is its beginning as it was sent, at most so long: what else
        comes, or does not come, is not waited for.
        """
        seconds = min(self.seconds, seconds_left())
        if seconds <= 0:
            raise UnreachableError("did not answer in time")
        self.until = time.monotonic() + seconds
        self._client.cookies.clear()  # the next call may be for another brand
        if stand_in := stand_in_for(url):
            url, host = stand_in
            headers = {**(headers or {}), "Host": host}
        try:
            with self._client.stream(
                method, url, headers=headers, params=params, content=content, json=json,
                data=form, auth=auth, timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
            ) as answer:  # fmt: skip
                if wanted_bytes is None:
                    body = self._whole(answer)
                else:
                    body = self._beginning(answer, wanted_bytes)
                return Answer(answer.status_code, answer.headers, body)
        except httpx.ConnectTimeout:
            raise UnreachableError("can't be reached in time") from None
        except httpx.TimeoutException:
            raise NoAnswerError(f"did not answer within {seconds:.3g} seconds") from None
        except httpx.ConnectError as error:
            raise _unreachable(error) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError, zlib.error):
            raise NoAnswerError("broke the connection, or did not answer with HTTP") from None

    def _whole(self, answer: httpx.Response) -> bytes:
        parts, length = [], 0
        for part in self._unpacked(answer):
            length += len(part)
            if length > self.max_bytes:
                raise NoAnswerError("answered with more than can be read")
            parts.append(part)
        return b"".join(parts)

    def _unpacked(self, answer: httpx.Response) -> Iterator[bytes]:
        """Yield the body in parts, none of them longer than what can be read and one byte."""
        packing = answer.headers.get("content-encoding", "").strip().lower()
        if packing in NOT_PACKED:
            yield from answer.iter_raw()
            return
        if packing != GZIP:
            raise NoAnswerError("answered in a packing that we did not ask for")
        unpacking = zlib.decompressobj(ZLIB_OF_GZIP)
        for packed in answer.iter_raw():
            left = packed
            while left and not unpacking.eof:
                yield unpacking.decompress(left, self.max_bytes + 1)
                left = unpacking.unconsumed_tail
        yield unpacking.decompress(b"", self.max_bytes + 1)

    def _beginning(self, answer: httpx.Response, wanted_bytes: int) -> bytes:
        self.until = min(self.until, time.monotonic() + BEGINNING_SECONDS)
        body = b""
        with suppress(httpx.HTTPError):  # the status is known
            for part in answer.iter_raw():
                body += part
                if len(body) >= wanted_bytes:
                    break
        return body[:wanted_bytes]

    def left(self) -> float:
        """Return the seconds that are left of the call; more than 0."""
        return max(0.001, self.until - time.monotonic())


def _unreachable(error: httpx.ConnectError) -> UnreachableError:
    if isinstance(error.__cause__, ssl.SSLError) or "CERTIFICATE" in str(error):
        return UnreachableError("has no valid certificate")
    return UnreachableError("can't be reached")


@cache
def _certificates() -> ssl.SSLContext:
    """Made once: reading the certificates takes 40 ms."""
    return ssl.create_default_context(cafile=certifi.where())


class _Transport(httpx.HTTPTransport):
    """httpx's own, with connections only to checked addresses."""

    def __init__(self, caller: Caller) -> None:
        super().__init__(verify=_certificates())
        self._pool = httpcore.ConnectionPool(
            ssl_context=_certificates(),
            network_backend=_Backend(caller),
            max_connections=4,
        )


class _Backend(httpcore.SyncBackend):
    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failed: Exception = UnreachableError("can't be reached")
        for address in addresses_of(host):
            try:
                stream = super().connect_tcp(
                    str(address), port, min(timeout or CONNECT_SECONDS, self.caller.left()),
                    local_address, socket_options,
                )  # fmt: skip
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream, self.caller)
        raise failed


class _Stream(httpcore.NetworkStream):
    """A connection that ends with the time of the call, however slowly the bytes come."""

    def __init__(self, inner: httpcore.NetworkStream, caller: Caller) -> None:
        self.inner, self.caller = inner, caller

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if time.monotonic() > self.caller.until:
            raise httpcore.ReadTimeout
        return self.inner.read(max_bytes, self.caller.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, self.caller.left())

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self.inner.start_tls(ssl_context, server_hostname, self.caller.left())
        return _Stream(secured, self.caller)

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)
