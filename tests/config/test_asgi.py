"""The server and its places together: what waits or is refused holds nothing others need."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from config.asgi import Server
from config.gate import Pace, Places
from config.unavailable import refuse
from tests.event_loop import run

pytestmark = pytest.mark.usefixtures("kept_connections")

SOON = 60.0  # seconds, on a busy machine
PART = b"x" * 100_000


class Client:
    """One request. Its client leaves, or stops reading for a while, after so many parts."""

    def __init__(
        self,
        path: str,
        *,
        method: str = "GET",
        takes: int | None = None,
        stops_after: int | None = None,
    ) -> None:
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
        self.may_go_on = asyncio.Event()
        self._takes, self._stops_after, self._taken = takes, stops_after, 0
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
        if self._taken == self._stops_after:
            await self.may_go_on.wait()
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
        "/short": lambda: StreamingHttpResponse(PART for _ in range(20)),
        "/breaks": lambda: StreamingHttpResponse(fail()),
        "/breaks-short": lambda: StreamingHttpResponse(fail(), headers={"Content-Length": "9"}),
        "/304": lambda: HttpResponse(status=304),
    }
    response = answers[path]()
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return response


def server_of(inner: Callable[..., Iterable[bytes]], *, number: int = 1, queue: int = 0) -> Server:
    return Server(inner, refuse=refuse, places=Places(number, queue=queue, seconds=SOON))


class Held:
    """An application that answers nobody before it is told to."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.release = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] == "/readyz":
            start_response("200 OK", [])
            return [b"ready"]
        self.entered.release()
        assert self.release.wait(SOON)
        start_response("200 OK", [])
        return [b"done"]

    async def until_entered(self) -> None:
        while not self.entered.acquire(blocking=False):
            await asyncio.sleep(0.001)


def test_whatever_becomes_of_an_answer_its_place_is_left() -> None:
    server = server_of(application, number=4, queue=16)

    async def ask_all() -> list[Client]:
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

    clients = run(ask_all())

    assert {client.status for client in clients} == {200, 304, 500, 503}
    assert (server.places.taken, len(server.places.waiting)) == (0, 0)
    assert [server.streams.acquire(blocking=False) for _ in range(3)] == [True, True, False]


def test_everything_that_needs_no_place_is_answered_while_all_are_taken() -> None:
    held = Held()
    server = server_of(held, queue=1)

    async def ask() -> list[Client]:
        first = asyncio.create_task(Client("/first").ask(server))
        await held.until_entered()
        waiting = asyncio.create_task(Client("/second").ask(server))
        while not server.places.waiting:
            await asyncio.sleep(0)
        try:
            async with asyncio.timeout(SOON / 2):
                told = [await Client(path).ask(server) for path in ("/healthz", "/readyz", "/3rd")]
        finally:
            held.release.set()
        return [*told, await first, await waiting]

    answers = run(ask())

    assert [answer.status for answer in answers] == [200, 200, 503, 200, 200]
    assert [answer.body for answer in answers[:2]] == [b"alive\n", b"ready"]


def test_a_refusal_needs_no_thread() -> None:
    named = list[str]()

    def note_thread(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        named.append(threading.current_thread().name)
        return refuse(environ, start_response)

    held = Held()
    server = Server(held, refuse=note_thread, places=Places(1, queue=0, seconds=SOON))

    async def ask() -> str:
        first = asyncio.create_task(Client("/first").ask(server))
        await held.until_entered()
        await Client("/second").ask(server)
        held.release.set()
        await first
        return threading.current_thread().name

    of_the_loop = run(ask())

    assert named == [of_the_loop]


def test_a_refusal_waits_for_its_time() -> None:
    class Recorded(Pace):
        waited = 0

        async def wait(self) -> None:
            self.waited += 1
            await super().wait()

    server = server_of(application, number=1, queue=0)
    server.pace = pace = Recorded(1_000, seconds=1)

    async def ask() -> list[int]:
        served = await Client("/page").ask(server)
        assert await server.places.take() == ""
        refused = [await Client("/page").ask(server) for _ in range(3)]
        return [served.status, *(one.status for one in refused)]

    assert run(ask()) == [200, 503, 503, 503]
    assert pace.waited == 3


def test_downloads_never_take_all_places() -> None:
    server = server_of(application, number=2)
    first = Client("/long", stops_after=1)

    async def ask() -> list[Client]:
        begun = asyncio.create_task(first.ask(server))
        while not first.body:
            await asyncio.sleep(0.001)
        refused, page = await Client("/long").ask(server), await Client("/page").ask(server)
        first.may_go_on.set()
        return [refused, page, await begun, await Client("/long").ask(server)]

    refused, page, begun, later = run(ask())

    assert (refused.status, page.body) == (503, b"page")
    assert (begun.body, later.body) == (PART * 50, PART * 50)


def test_a_short_answer_holds_no_place_however_slowly_it_is_read() -> None:
    """Its length need not be known before."""
    server = server_of(application, number=2)
    slow = [Client("/short", stops_after=1) for _ in range(3)]

    async def ask() -> list[Client]:
        begun = []
        for one in slow:
            begun.append(asyncio.create_task(one.ask(server)))
            while not one.body:
                await asyncio.sleep(0.001)
        taken, download = server.places.taken, await Client("/long").ask(server)
        for one in slow:
            one.may_go_on.set()
        return [download, *(await asyncio.gather(*begun))] if taken == 0 else []

    download, *read = run(ask())

    assert download.body == PART * 50
    assert [one.body for one in read] == [PART * 20] * 3


def test_an_answer_that_breaks_while_it_is_joined_is_closed() -> None:
    closed: list[float] = []

    def breaks(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        response = StreamingHttpResponse(fail(), headers={"Content-Length": "9"})
        response._resource_closers.append(  # type: ignore[attr-defined]
            lambda: closed.append(time.monotonic())
        )
        return response

    server = server_of(breaks)

    async def ask() -> Client:
        return await Client("/page").ask(server)

    assert run(ask()).status == 500
    assert len(closed) == 1


def test_no_request_waits_while_garbage_is_looked_for_in_what_was_loaded() -> None:
    """One such search held up every thread of a worker for 0.3 to 0.5 s, /healthz too."""
    server, told = server_of(application), []

    async def start_and_stop() -> None:
        messages = iter(["lifespan.startup", "lifespan.shutdown"])

        async def receive() -> dict[str, Any]:
            return {"type": next(messages)}

        async def send(message: dict[str, Any]) -> None:
            told.append((message["type"], gc.get_freeze_count()))

        await server({"type": "lifespan"}, receive, send)

    gc.unfreeze()
    try:
        run(start_and_stop())
    finally:
        gc.unfreeze()
        gc.collect()
        gc.freeze()  # as it was before, see tests.conftest

    assert [kind for kind, _ in told] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert told[0][1] > 100_000
