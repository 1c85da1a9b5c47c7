"""Send redirects' requests over few connections, in a process of its own that costs little.

`python -m benchmarks.pipelined` reads JSON from its input: port, connections, seconds, requests
(whole, as text), and depth or rate. With `depth`, each connection sends so many requests at once
and waits for all of their answers: as fast as the server can. With `rate`, so many requests a
second are begun whatever the server does; an answer's time counts from when its request was due.
Then it sends and receives once a millisecond, which may add as much to a time, and goes before
other processes where it may: a client that is always busy, or waits for a core, measures itself.
It prints the number of answers, how many were redirects, the seconds, and with `rate` the times.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import selectors
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

RECEIVE_BYTES = 1 << 18
END_OF_HEADERS = b"\r\n\r\n"  # a redirect has no body
REDIRECT = b"HTTP/1.1 302 "
TICK_SECONDS = 0.001
PRIORITY = -10  # before others, which only root may ask for
BUNCH = 4  # requests that a connection is sent at once, with a rate


@dataclass
class Connection:
    socket: socket.socket
    rest: bytes = b""  # the end of what was received, where a word may have been cut
    waiting: int = 0
    due: deque[float] = field(default_factory=deque)  # of each request without an answer

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
    with suppress(PermissionError):  # what this process waits for a core is no time of the server
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    requests = itertools.cycle([text.encode() for text in given["requests"]])
    pause, times, redirects = 1 / given["rate"], list[float](), 0
    with selectors.DefaultSelector() as ready:
        every = connections(given["port"], given["connections"])
        for one in every:
            ready.register(one.socket, selectors.EVENT_READ, one)
        turns = itertools.cycle(every)
        begun_at = due = time.perf_counter()
        ends_at, busy = begun_at + given["seconds"], 0
        while busy or due < ends_at:
            late = math.ceil((min(time.perf_counter(), ends_at) - due) / pause)
            while late > 0:
                one, bunch = next(turns), min(late, BUNCH)
                one.due.extend(due + pause * place for place in range(bunch))
                one.socket.sendall(b"".join(itertools.islice(requests, bunch)))
                busy, due, late = busy + bunch, due + pause * bunch, late - bunch
            for key, _ in ready.select(0):
                one = key.data
                ended, begun = one.answers()
                now = time.perf_counter()
                times += [now - one.due.popleft() for _ in range(ended)]
                busy, redirects = busy - ended, redirects + begun
            time.sleep(TICK_SECONDS)
        seconds = time.perf_counter() - begun_at
    return {
        "answered": len(times), "redirects": redirects, "seconds": seconds, "times": times
    }  # fmt: skip


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(at_a_rate(asked) if "rate" in asked else at_full_speed(asked), sys.stdout)
