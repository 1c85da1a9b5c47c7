"""What can be answered at once is answered by granian's thread, all else by the event loop."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse

import pytest

from config.local.ports import HOST
from tests.own_processes import MAX_WAIT_SECONDS, ROOT, until
from tests.ports import lent_port


@pytest.fixture
def port() -> Iterator[int]:
    """granian serves `frozen_loop` on this port."""
    with lent_port() as free:
        server = subprocess.Popen(
            [
                sys.executable, "-m", "granian", "--interface", "asgi", "--http", "1", "--no-ws",
                "--host", HOST, "--port", str(free), "--log-level", "critical",
                "tests.config.frozen_loop:application",
            ],
            cwd=ROOT,
        )  # fmt: skip
        try:
            yield free
        finally:
            server.terminate()
            server.wait(MAX_WAIT_SECONDS)


def ask(port: int, path: str) -> tuple[int, str]:
    """The status and what came back: the body, or where to go. Status 0: nobody listens yet."""
    connection = HTTPConnection(HOST, port, timeout=MAX_WAIT_SECONDS)
    with suppress(ConnectionRefusedError):
        connection.request("GET", path)
        answer: HTTPResponse = connection.getresponse()
        found = answer.status, answer.headers.get("location") or answer.read().decode()
        connection.close()
        return found
    return 0, ""


def test_the_event_loop_may_stand_still(port: int) -> None:
    until(lambda: ask(port, "/now") == (302, "/moving"), "it does not answer")
    assert ask(port, "/later") == (200, "from the loop")
    assert ask(port, "/fail") == (200, "from the loop")

    with ThreadPoolExecutor(1) as other:
        late = other.submit(ask, port, "/freeze")
        until(lambda: ask(port, "/now") == (302, "/frozen"), "the loop does not stand still")

        assert not late.done()
        assert ask(port, "/thaw") == (302, "/frozen")
        assert late.result(MAX_WAIT_SECONDS) == (200, "from the loop")
