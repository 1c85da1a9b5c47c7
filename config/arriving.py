"""What a request is when it arrives: an ASGI scope and parts of a body; see config.asgi.

It becomes the environ of a WSGI application (PEP 3333).
"""

from __future__ import annotations

import io
import sys
from collections.abc import Awaitable, Callable, Iterable
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import unquote_to_bytes

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Headers = list[tuple[str, str]]
Environ = dict[str, Any]
Whole = tuple[int, Headers, bytes]  # an answer: status, headers, body

SPOOL_BYTES = 256 * 1024  # a longer body goes to a temporary file
MAX_BODY_BYTES = 64 * 1024 * 1024  # far above the largest upload of the product
# One order alone costs several times its share of many, so these are answered together.
ORDERS_AND_REFUNDS = ("/api/v1/orders", "/api/v1/refunds")
MAX_GROUPED_BYTES = 64 * 1024  # a longer body is mostly many orders, which are answered alone


class BodyTooLargeError(Exception):
    """A request's body is longer than MAX_BODY_BYTES."""


class ClientGoneError(Exception):
    """The client closed the connection, or stopped reading."""


def without_underscores(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return the headers without underscores in their names, as text."""
    return [
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in headers
        if b"_" not in name
    ]


async def read_body(headers: Headers, receive: Receive) -> tuple[IO[bytes], int]:
    """Read the request's body; return it and its length in bytes.

    Raises BodyTooLargeError and ClientGoneError.
    """
    said = dict(headers)
    if "content-length" not in said and "transfer-encoding" not in said:
        return io.BytesIO(), 0
    if int(said.get("content-length", 0)) > MAX_BODY_BYTES:
        raise BodyTooLargeError
    begun, length, more = bytearray(), 0, True
    while more and length <= SPOOL_BYTES:
        part, more = await read_part(receive)
        begun += part
        length = len(begun)
    if length <= SPOOL_BYTES:
        return io.BytesIO(begun), length
    body: IO[bytes] = SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115 - closed by the caller
    try:
        body.write(begun)
        while more and length <= MAX_BODY_BYTES:
            part, more = await read_part(receive)
            body.write(part)
            length += len(part)
        if length > MAX_BODY_BYTES:
            raise BodyTooLargeError
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body, length


async def read_part(receive: Receive) -> tuple[bytes, bool]:
    """Return the next part of a body and whether more follow. Raises ClientGoneError."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    return message.get("body", b""), message.get("more_body", False)


def environ_of(scope: Scope, headers: Headers, body: IO[bytes], length: int) -> Environ:
    """Return the WSGI environ of the request (PEP 3333), without the process's environment."""
    server_name, server_port = scope.get("server") or ("localhost", 0)
    client_address = (scope.get("client") or ("", 0))[0]
    path = scope.get("raw_path", b"").partition(b"?")[0]
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1") or scope["path"],
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server_name,
        "SERVER_PORT": str(server_port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client_address,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(length) if length else "",
    }
    for name, value in headers:
        if name in {"content-length", "transfer-encoding"}:
            continue
        key = "CONTENT_TYPE" if name == "content-type" else f"HTTP_{name.upper().replace('-', '_')}"
        if name == "cookie":  # none has a backslash (RFC 6265 section 4.1.1)
            value = value.replace("\\", "")  # Python 3.11.7 reads 100,000 of them for a minute
        if key in environ:  # RFC 9110 section 5.3; of cookies RFC 9113 section 8.2.3
            value = environ[key] + ("; " if name == "cookie" else ",") + value
        environ[key] = value
    return environ


def sender_of(environ: Environ) -> str:
    """Return who sends one order or refund, by its API key; "" for any other request.

    The key is not checked here: requests with the same wrong key are refused one after another.
    """
    if (
        environ["REQUEST_METHOD"] in {"POST", "PUT"}
        and environ["PATH_INFO"].startswith(ORDERS_AND_REFUNDS)
        and int(environ["CONTENT_LENGTH"] or 0) <= MAX_GROUPED_BYTES
    ):
        return str(environ.get("HTTP_AUTHORIZATION", ""))
    return ""
