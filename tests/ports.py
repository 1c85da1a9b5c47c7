"""Ports for the servers that tests start: each belongs to one test process at a time.

The processes of a run, and of two runs on one machine, look for ports at the same moment. A port
that is only asked about can be free for two of them, before one listens on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from config.local.folders import LocalServiceError
from config.local.ports import TRIES, reserve

FIRST_PORT = 24_000
_given_back: list[int] = []


def own_port() -> int:
    """A port that nothing else is given as long as this process lives."""
    for port in range(FIRST_PORT, FIRST_PORT + TRIES):
        if reserve(port):
            return port
    raise LocalServiceError(f"No free port between {FIRST_PORT} and {FIRST_PORT + TRIES}.")


@contextmanager
def lent_port() -> Iterator[int]:
    """The same for the length of the block, whose server must be gone at its end."""
    port = _given_back.pop() if _given_back else own_port()
    yield port
    _given_back.append(port)
