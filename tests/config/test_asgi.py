"""The ASGI front and the gate together: what waits keeps nothing that others need."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from config.asgi import Server
from config.gate import Gate, Places
from config.unavailable import refuse

pytestmark = pytest.mark.usefixtures("kept_connections")

SOON = 60.0  # seconds, on a busy machine
PART = b"x" * 100_000


class Client:
    """One request. It leaves after `takes` parts of an answer, if that is given."""

    def __init__(self, path: str, *, method: str = "GET", takes: int | None = None) -> None:
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "http_version": "1.1",
            "headers": [(b"host", b"testserver")],
            "client": ("127.0.0.1", 1),
        }
        self.status = 0
        self.body = b""
        self._takes, self._taken = takes, 0
        self._gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self._taken += 1
        self.body += message["body"]
        if self._takes is not None and self._taken >= self._takes:
            self._gone.set()
            await asyncio.sleep(0)

    async def ask(self, server: Server) -> Client:
        await server(self.scope, self.receive, self.send)
        return self


def fail() -> Iterator[bytes]:
    yield PART
    raise RuntimeError("a defect")


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answers in every way that an answer can end."""
    path = environ["PATH_INFO"]
    if path == "/raises":
        raise RuntimeError("a defect")
    answers: dict[str, Callable[[], HttpResponseBase]] = {
        "/page": lambda: HttpResponse(b"page"),
        "/long": lambda: StreamingHttpResponse(PART for _ in range(50)),
        "/breaks": lambda: StreamingHttpResponse(fail()),
        "/breaks-short": lambda: StreamingHttpResponse(fail(), headers={"Content-Length": "9"}),
        "/304": lambda: HttpResponse(status=304),
    }
    response = answers[path]()
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return response


def test_whatever_becomes_of_an_answer_its_place_is_left() -> None:
    places = Places(4, queue=16, seconds=SOON)
    gate = Gate(application, refuse=refuse, places=places, streams=2)

    async def ask_all() -> list[Client]:
        server = Server(gate, threads=8)
        paths = ["/page", "/long", "/breaks", "/breaks-short", "/raises", "/304"]
        clients = [
            Client(path, method=method, takes=takes)
            for path in paths
            for method in ("GET", "HEAD", "POST")
            for takes in (None, 1, 3)
            for _ in range(5)
        ]
        # As many at a time as wait for a place, so that none is refused for that.
        for begin in range(0, len(clients), 10):
            await asyncio.gather(*(one.ask(server) for one in clients[begin : begin + 10]))
        server.threads.shutdown()
        return clients

    clients = asyncio.run(ask_all())

    assert {client.status for client in clients} == {200, 304, 500, 503}
    assert (places._taken, len(places._waiting)) == (0, 0)
    assert [gate._streams.acquire(blocking=False) for _ in range(3)] == [True, True, False]


def test_health_is_told_while_every_thread_waits() -> None:
    entered, release = threading.Event(), threading.Event()

    def wait(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        entered.set()
        assert release.wait(SOON)
        start_response("200 OK", [])
        return [b"done"]

    async def ask() -> tuple[Client, Client]:
        server = Server(wait, threads=1)
        waiting = asyncio.create_task(Client("/page").ask(server))
        while not entered.is_set():
            await asyncio.sleep(0.01)
        try:
            async with asyncio.timeout(SOON / 2):
                alive = await Client("/healthz").ask(server)
        finally:
            release.set()
        return alive, await waiting

    alive, waited = asyncio.run(ask())

    assert (alive.status, alive.body) == (200, b"alive\n")
    assert waited.body == b"done"


def test_an_answer_that_breaks_while_it_is_joined_is_closed() -> None:
    closed: list[float] = []

    def breaks(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        response = StreamingHttpResponse(fail(), headers={"Content-Length": "9"})
        response._resource_closers.append(  # type: ignore[attr-defined]
            lambda: closed.append(time.monotonic())
        )
        return response

    places = Places(1, queue=0, seconds=SOON)
    server = Server(Gate(breaks, refuse=refuse, places=places, streams=1), threads=1)

    async def ask() -> Client:
        return await Client("/page").ask(server)

    assert asyncio.run(ask()).status == 500
    assert len(closed) == 1
