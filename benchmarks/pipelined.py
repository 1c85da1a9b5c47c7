"""Send redirects' requests over few connections, in a process of its own that costs little.

`python -m benchmarks.pipelined` reads JSON from its input: port, connections, seconds, requests
(whole, as text), and depth or rate. With `depth`, each connection sends so many requests at once
and waits for all of their answers: as fast as the server can. With `rate`, so many requests a
second are begun whatever the server does; an answer's time counts from when its request was due.
It prints the number of answers, how many were redirects, the seconds, and with `rate` the times.
"""

from __future__ import annotations

import itertools
import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

RECEIVE_BYTES = 1 << 18
END_OF_HEADERS = b"\r\n\r\n"  # a redirect has no body
REDIRECT = b"HTTP/1.1 302 "


@dataclass
class Connection:
    socket: socket.socket
    rest: bytes = b""  # the end of what was received, where a word may have been cut
    waiting: int = 0
    due: list[float] = field(default_factory=list)

    def answers(self) -> tuple[int, int]:
        """Receive; return how many answers have ended, and how many redirects have begun."""
        received = self.socket.recv(RECEIVE_BYTES)
        assert received, "the server closed the connection"
        text = self.rest + received
        ended = text.count(END_OF_HEADERS) - self.rest.count(END_OF_HEADERS)
        begun = text.count(REDIRECT) - self.rest.count(REDIRECT)
        self.rest = text[-min(len(text), max(len(END_OF_HEADERS), len(REDIRECT)) - 1) :]
        return ended, begun


def connections(port: int, number: int) -> list[Connection]:
    opened = []
    for _ in range(number):
        one = socket.create_connection(("127.0.0.1", port), timeout=30)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.append(Connection(one))
    return opened


def at_full_speed(given: dict[str, Any]) -> dict[str, Any]:
    depth = given["depth"]
    requests = itertools.cycle(given["requests"])
    bunches = itertools.cycle(
        ["".join(itertools.islice(requests, depth)).encode() for _ in range(64)]
    )
    answered = redirects = 0
    with selectors.DefaultSelector() as ready:
        for one in connections(given["port"], given["connections"]):
            ready.register(one.socket, selectors.EVENT_READ, one)
        open_ones = [key.data for key in ready.get_map().values()]
        begun_at = time.perf_counter()
        for one in open_ones:
            one.waiting = depth
            one.socket.sendall(next(bunches))
        while any(one.waiting for one in open_ones):
            is_over = time.perf_counter() - begun_at > given["seconds"]
            for key, _ in ready.select(5):
                one = key.data
                ended, begun = one.answers()
                answered, redirects = answered + ended, redirects + begun
                one.waiting -= ended
                if not one.waiting and not is_over:
                    one.waiting = depth
                    one.socket.sendall(next(bunches))
        seconds = time.perf_counter() - begun_at
    return {"answered": answered, "redirects": redirects, "seconds": seconds}


def at_a_rate(given: dict[str, Any]) -> dict[str, Any]:
    requests = itertools.cycle([text.encode() for text in given["requests"]])
    pause, times, redirects = 1 / given["rate"], list[float](), 0
    with selectors.DefaultSelector() as ready:
        free = connections(given["port"], given["connections"])
        for one in free:
            ready.register(one.socket, selectors.EVENT_READ, one)
        begun_at = due = time.perf_counter()
        busy = 0
        while busy or due - begun_at < given["seconds"]:
            now = time.perf_counter()
            while free and due <= now and due - begun_at < given["seconds"]:
                one = free.pop()
                one.due = [due]
                one.socket.sendall(next(requests))
                busy, due = busy + 1, due + pause
            for key, _ in ready.select(max(0.0, min(pause, due - now)) if free else 1):
                one = key.data
                ended, begun = one.answers()
                redirects += begun
                if ended:
                    times.append(time.perf_counter() - one.due[0])
                    free.append(one)
                    busy -= 1
        seconds = time.perf_counter() - begun_at
    return {
        "answered": len(times), "redirects": redirects, "seconds": seconds, "times": times
    }  # fmt: skip


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(at_a_rate(asked) if "rate" in asked else at_full_speed(asked), sys.stdout)
