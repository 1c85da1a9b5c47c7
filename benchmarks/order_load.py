"""Send orders over many connections as fast as a server answers, in a process that costs little.

The server shares the machine with this process, so what it costs lowers the rates that it measures.
`python -m benchmarks.order_load` reads JSON from its input: port, connections, seconds, requests
(whole, as text), which each connection sends one after another, and the status of their answers. In
a request, each `{unique}` is replaced with a number of this request, the first of which is `first`:
an order that is known already is answered in a part of the time. It prints the response times of
served and of refused requests in milliseconds, the seconds until the last answer, and the seconds
of CPU that this process took.
"""

from __future__ import annotations

import itertools
import json
import re
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

UNIQUE = b"{unique}"
RECEIVE_BYTES = 1 << 18
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
REFUSED = 503


@dataclass
class Connection:
    socket: socket.socket
    requests: Iterator[list[bytes]]  # each split where its number stands
    begun: float = 0.0
    received: bytes = b""

    def ask(self, number: int) -> None:
        # The number is as long as the placeholder, so that Content-Length stays right.
        name = b"%0*d" % (len(UNIQUE), number)
        self.received = b""
        self.begun = time.perf_counter()
        self.socket.sendall(name.join(next(self.requests)))

    def status(self) -> int | None:
        """Receive; return the status of the answer once it is whole."""
        received = self.socket.recv(RECEIVE_BYTES)
        assert received, "the server closed the connection"
        self.received += received
        end = self.received.find(b"\r\n\r\n")
        length = LENGTH.search(self.received) if end >= 0 else None
        if length is None or len(self.received) < end + 4 + int(length[1]):
            return None
        return int(self.received.split(b" ", 2)[1])


def connections(given: dict[str, Any]) -> list[Connection]:
    requests = [text.encode().split(UNIQUE) for text in given["requests"]]
    opened = []
    for place in range(given["connections"]):
        one = socket.create_connection(("127.0.0.1", given["port"]), timeout=60)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        own = itertools.islice(itertools.cycle(requests), place % len(requests), None)
        opened.append(Connection(one, own))
    return opened


def run(given: dict[str, Any]) -> dict[str, Any]:
    numbers = itertools.count(given["first"])
    served, refused = list[float](), list[float]()
    with selectors.DefaultSelector() as ready:
        waiting = connections(given)
        cpu, begun = time.process_time(), time.perf_counter()
        for one in waiting:
            ready.register(one.socket, selectors.EVENT_READ, one)
            one.ask(next(numbers))
        left = len(waiting)
        while left:
            events = ready.select(60)
            assert events, "the server does not answer"
            for key, _ in events:
                status = key.data.status()
                if status is None:
                    continue
                assert status in {given["status"], REFUSED}, (status, key.data.received[:500])
                now = time.perf_counter()
                (refused if status == REFUSED else served).append((now - key.data.begun) * 1_000)
                if now - begun < given["seconds"]:
                    key.data.ask(next(numbers))
                else:
                    left -= 1
        cpu, seconds = time.process_time() - cpu, time.perf_counter() - begun
    return {"served": served, "refused": refused, "seconds": seconds, "cpu": cpu}


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
