"""A server on this machine in the place of a shop: it checks what the real one checks.

A subclass answers requests; `faults` are used up one by one before that.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as the stand-in received it. Header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any, *, status: int = 200, **headers: str) -> Self:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        body = json.dumps(value).encode()
        return cls(status, body, {"content-type": "application/json", **named})


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request: another reply, or none, or one that never ends."""

    reply: Reply | None = None
    drops: bool = False  # the connection, without an answer
    resets: bool = False  # the connection: it ends with RST
    stalls: bool = False  # until the caller goes away
    drips: bool = False  # a byte now and then, for ever
    is_endless: bool = False  # a body without an end

    def __str__(self) -> str:
        if self.reply is not None:
            return str(self.reply.status)
        names = ("drops", "resets", "stalls", "drips", "is_endless")
        return next(name for name in names if getattr(self, name))


NO_LINGER = struct.pack("ii", 1, 0)
TICK_SECONDS = 0.2


class StandIn(ABC):
    """Answers on a separate port while `running`. `clock_ahead` is in seconds."""

    def __init__(self) -> None:
        self.requests: list[Sent] = []
        self.faults: deque[Fault] = deque()
        self.clock_ahead = 0.0
        self.ending = threading.Event()
        self.port = 0

    @abstractmethod
    def answer(self, sent: Sent) -> Reply: ...

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fault_of(self, sent: Sent) -> Fault | None:
        """What goes wrong with this request."""
        return self.faults.popleft() if self.faults else None

    @contextmanager
    def running(self) -> Iterator[Self]:
        server = _Server(("127.0.0.1", 0), self._handler())
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.ending.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(_Handler):
            owner = stand_in

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller that went away, as one does that was killed."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: StandIn

    def handle_any(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the caller was killed in the midst of it
            self.close_connection = True
            return
        sent = Sent(
            self.command,
            parts.path,
            parse_qs(parts.query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            body,
        )
        self.owner.requests.append(sent)
        fault = self.owner.fault_of(sent)
        if fault is None or fault.reply is not None:
            self.reply(fault.reply if fault and fault.reply else self.owner.answer(sent))
        else:
            self.fail(fault)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any  # noqa: N815

    def reply(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        self.send_header("Date", self.date_time_string())
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def fail(self, fault: Fault) -> None:
        self.close_connection = True
        if fault.resets:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            os.close(self.connection.detach())
        elif fault.stalls:
            while not self.owner.ending.wait(TICK_SECONDS) and self.is_caller_there():
                pass
        elif fault.drips or fault.is_endless:
            self.send_response_only(200)
            self.end_headers()
            part, pause = (b" ", 0.05) if fault.drips else (b" " * 65_536, 0.0)
            with suppress(OSError):  # the client goes away, as it should
                while not self.owner.ending.wait(pause):
                    self.wfile.write(part)
                    self.wfile.flush()

    def is_caller_there(self) -> bool:
        try:
            return bool(self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(time.time() + self.owner.clock_ahead, usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has
        """Say nothing."""
