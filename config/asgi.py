"""The web process: granian calls this ASGI application, which runs the WSGI application in threads.

granian can call a WSGI application itself. But WSGI does not tell a header sent with underscores,
`X_Forwarded_For`, from the one with hyphens: behind a proxy that passes it on, a client could fake
its address (RFC 9110 section 17.10). ASGI has the names as they were sent, so headers with
underscores are removed here, before any code reads them.

Django's own ASGI handler does not help: it runs synchronous code for one request at a time. A
thread gets a request after its body has arrived and a place is free (config.gate), so slow uploads
and waiting requests occupy no thread. /healthz and refusals need no thread either.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from functools import partial
from itertools import chain
from typing import Any, TypeVar

os.environ.setdefault("TRIBUTARY_PROCESS", "web")  # read by config.limits

from django.conf import settings

from config import limits
from config.arriving import (
    BodyTooLargeError,
    ClientGoneError,
    Environ,
    Headers,
    Receive,
    Scope,
    Whole,
    environ_of,
    read_body,
    sender_of,
    without_underscores,
)
from config.forwarding import seen_through
from config.gate import REFUSED, Pace, Places
from config.granian_thread import answer_first
from config.groups import Groups
from config.heartbeats import BEAT_SECONDS, beat
from config.wsgi import answer_at_once, leave_to_requests, refuse
from config.wsgi import application as wsgi_application
from edge.starting import Edge

Send = Callable[[dict[str, Any]], Awaitable[None]]
T = TypeVar("T")
Request = tuple[Environ, "Answer"]
AtOnce = Callable[[Sequence[Environ]], Sequence[Whole | None]]
WsgiApplication = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

BODY_TIMEOUT_SECONDS = 60
# A response up to this size is taken whole, so that a slow reader occupies no thread.
MAX_WHOLE_BYTES = 2_000_000
SEND_TIMEOUT_SECONDS = 30  # for each part: the connection of a client that does not read is closed
# Simultaneous requests for it share one check of PostgreSQL and Valkey, so it needs no place.
NEEDS_NO_PLACE = "/readyz"
# The interpreter's switch interval. With the default of 5 ms, the event loop, which answers
# /healthz, waits too long while several pages are rendered.
SWITCH_SECONDS = 0.001
ALIVE = "alive\n"
CLOSE = (b"connection", b"close")
logger = logging.getLogger(__name__)


class Server:
    """A WSGI application as an ASGI one. A request is inside it only while it has a place.

    `edge` answers tracking links, before all else. `refuse` answers requests that get no place; it
    runs in the event loop, so it must not wait for anything. `begin` is called once, when the web
    server starts to serve. `sender_of` names the sender of a request that may be answered together
    with others of it, and returns "" for any other request. `at_once` answers such requests; the
    application answers those to which it returns None.
    """

    def __init__(
        self,
        application: WsgiApplication,
        *,
        refuse: WsgiApplication,
        places: Places,
        begin: Callable[[], None] = lambda: None,
        edge: Edge | None = None,
        sender_of: Callable[[Environ], str] = lambda environ: "",
        at_once: AtOnce = lambda environs: [None] * len(environs),
    ) -> None:
        self.application, self.refuse, self.places = application, refuse, places
        self.begin, self.edge = begin, edge
        self.sender_of, self.at_once = sender_of, at_once
        # Streamed responses may not take all places, because their clients can be slow.
        self.streams = threading.BoundedSemaphore(max(1, places.number // 2))
        self.pace = Pace(limits.WEB_REFUSALS, seconds=limits.WEB_QUEUE_SECONDS)
        self.groups = Groups(
            self.respond_to_group,
            waiting=limits.WEB_WAITING_REQUESTS,
            seconds=limits.WEB_GROUP_SECONDS,
        )
        self.threads = ThreadPoolExecutor(places.number, thread_name_prefix="request")
        self.spare_threads = ThreadPoolExecutor(limits.WEB_SPARE_THREADS)
        self.ticked_at = time.monotonic()

    @property
    def is_ticking(self) -> bool:
        """Whether the event loop still accepts new requests."""
        return time.monotonic() - self.ticked_at < 5 * BEAT_SECONDS

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        if self.edge is not None and scope["type"] == "http" and self.edge.redirects.takes(scope):
            return self.edge.redirects(scope, receive, send)
        return self.serve_all(scope, receive, send)

    async def serve_all(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is no tracking link, and the events of the server's life."""
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        elif scope["type"] == "http":
            await self.serve(scope, receive, send)

    async def live(self, receive: Receive, send: Send) -> None:
        """Handle the ASGI lifespan events, startup and shutdown."""
        ticking = asyncio.create_task(self.tick())
        leave_to_requests()
        self.begin()
        if self.edge is not None:
            self.edge.start()
            answer_first(self.edge.redirects.at_once)
        while True:
            kind = (await receive())["type"]
            if kind == "lifespan.shutdown":
                ticking.cancel()
                if self.edge is not None:
                    await asyncio.get_running_loop().run_in_executor(None, self.edge.stop)
                self.threads.shutdown()
                self.spare_threads.shutdown()
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return

    async def tick(self) -> None:
        """Record every second that the event loop runs."""
        while True:
            self.ticked_at = time.monotonic()
            await asyncio.sleep(BEAT_SECONDS)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"] == "/healthz" and scope["method"] in {"GET", "HEAD"}:
            await say(send, 200, ALIVE, (b"cache-control", b"no-store"))
            return
        headers = without_underscores(scope["headers"])
        try:
            async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
                body, length = await read_body(headers, receive)
        except BodyTooLargeError:
            await say(send, 413, "The request is too large.\n", CLOSE)
        except TimeoutError:
            await say(send, 408, "The request took too long to arrive.\n", CLOSE)
        except ClientGoneError:  # or it broke the rules of HTTP inside the body, and still listens
            await say(send, 400, "The request did not arrive whole.\n", CLOSE)
        else:
            with body:
                environ = environ_of(scope, headers, body, length)
                await self.answer(environ, Answer(receive, send))

    async def answer(self, environ: Environ, answer: Answer) -> None:
        """Let the application answer in a thread, or refuse; then send the response.

        A response that fails midway gets no end, so that no client takes it for complete.
        """
        try:
            await self.respond(environ, answer)
            if answer.whole is not None:
                await answer.begin()
                await answer.send({"type": "http.response.body", "body": answer.whole})
        except ClientGoneError:
            logger.info("the client left before it had the whole answer")
        except Exception:
            logger.exception("the application failed outside of Django")
            if not answer.is_begun:
                await say(answer.send, 500, "Something went wrong on our side.\n", CLOSE)

    async def respond(self, environ: Environ, answer: Answer) -> None:
        """Run the application as soon as a place is free; refuse the request if none becomes so."""
        key = self.sender_of(environ)
        if key and (reason := await self.groups.join(key, (environ, answer))):
            await self.turn_away([(environ, answer)], reason)
        if answer.later is not None:
            await asyncio.shield(answer.later)
        elif answer.whole is None and environ["PATH_INFO"] == NEEDS_NO_PLACE:
            await self.run_in(self.spare_threads, partial(self.run, environ, answer))
        elif answer.whole is None:
            await self.respond_to_each([(environ, answer)])
        if answer.failure is not None:
            raise answer.failure

    async def respond_to_group(self, requests: Sequence[Request]) -> None:
        """Answer in one thread, with one place, what can be answered together; others after it."""
        if reason := await self.run_with_place(partial(self.run_at_once, requests)):
            await self.turn_away(requests, reason)
            return
        left = [(environ, answer) for environ, answer in requests if answer.whole is None]
        if left:
            later = asyncio.create_task(self.respond_to_each(left))
            for _, answer in left:
                answer.later = later

    async def respond_to_each(self, requests: Sequence[Request]) -> None:
        """Let the application answer one after another, in one thread with one place."""
        if reason := await self.run_with_place(partial(self.run_each, requests)):
            await self.turn_away(requests, reason)

    async def run_with_place(self, run: Callable[[], None]) -> str:
        """Return "" once it has run, otherwise the reason for the refusal."""
        if reason := await self.places.take():
            return reason
        try:
            await self.run_in(self.threads, run)
        finally:
            self.places.leave()
        return ""

    async def turn_away(self, requests: Sequence[Request], reason: str) -> None:
        await self.pace.wait()
        for environ, answer in requests:
            Context().run(self.run_refusal, environ, answer, reason)

    async def run_in(self, threads: ThreadPoolExecutor, run: Callable[[], None]) -> None:
        # A separate context: what a request leaves in context variables ends with it.
        await asyncio.get_running_loop().run_in_executor(threads, Context().run, run)

    def run_at_once(self, requests: Sequence[Request]) -> None:
        """Have requests answered at once; after an error, each is answered alone."""
        try:
            found = self.at_once([environ for environ, _ in requests])
        except Exception:
            logger.exception("a group of requests was not answered together")
            return
        for (_, answer), whole in zip(requests, found, strict=True):
            if whole is not None:
                answer.status, answer.headers, answer.whole = whole

    def run_each(self, requests: Sequence[Request]) -> None:
        for environ, answer in requests:
            Context().run(self.run, environ, answer)

    def run(self, environ: Environ, answer: Answer) -> None:
        """Have the application answer, in a thread. An error is kept for the event loop."""
        try:
            self.call(environ, answer)
        except Exception as error:
            answer.failure = error

    def call(self, environ: Environ, answer: Answer) -> None:
        """Call the application. Take a short response whole, stream a long one."""
        parts = self.application(environ, answer.start)
        try:
            rest = chain(answer.written, parts)
            begun = list(until_long(rest))
            if is_in_memory(parts) or sum(map(len, begun)) <= MAX_WHOLE_BYTES:
                answer.whole = b"".join([*begun, *rest])
            elif self.streams.acquire(blocking=False):
                try:
                    answer.stream(chain(begun, rest))
                finally:
                    self.streams.release()
            else:
                self.run_refusal(environ, answer, "too many downloads")
        finally:
            if hasattr(parts, "close"):
                parts.close()

    def run_refusal(self, environ: Environ, answer: Answer, reason: str) -> None:
        REFUSED.labels(why=reason).inc()
        answer.whole = b"".join(self.refuse(environ, answer.start))


class Answer:
    """The application's response to one request."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.receive, self.send = receive, send
        self.loop = asyncio.get_running_loop()
        self.status = 500
        self.headers: Headers = []
        self.written: list[bytes] = []
        self.whole: bytes | None = None
        self.is_begun = False
        self.failure: Exception | None = None
        self.later: asyncio.Task[None] | None = None  # gives the answer, if a group did not

    def start(self, status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], None]:
        """WSGI's start_response."""
        self.status, self.headers = int(status.partition(" ")[0]), headers
        return self.written.append

    async def begin(self) -> None:
        """Send status and headers."""
        self.is_begun = True
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in self.headers
        ]
        await self.send({"type": "http.response.start", "status": self.status, "headers": headers})

    def stream(self, parts: Iterator[bytes]) -> None:
        """Send the parts as fast as the client reads, in a thread. Raises ClientGoneError."""
        gone = self._wait_for(self._begin_stream())
        try:
            for part in parts:
                message = {"type": "http.response.body", "body": part, "more_body": True}
                self._wait_for(self._send_unless(gone, message))
            self._wait_for(self._send_unless(gone, {"type": "http.response.body", "body": b""}))
        finally:
            self.loop.call_soon_threadsafe(gone.cancel)

    async def _begin_stream(self) -> asyncio.Task[None]:
        await self.begin()
        return asyncio.create_task(self._until_gone())

    async def _until_gone(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def _send_unless(self, gone: asyncio.Task[None], message: dict[str, Any]) -> None:
        sending = asyncio.ensure_future(self.send(message))
        await asyncio.wait(
            {sending, gone}, timeout=SEND_TIMEOUT_SECONDS, return_when="FIRST_COMPLETED"
        )
        if gone.done() or not sending.done():
            sending.cancel()
            raise ClientGoneError
        sending.result()

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()


def is_in_memory(parts: Iterable[bytes]) -> bool:
    """Whether all of a response is in memory already."""
    return isinstance(parts, list | tuple) or not getattr(parts, "streaming", True)


def until_long(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Yield parts until they are longer than MAX_WHOLE_BYTES together; leave the others."""
    length = 0
    for part in parts:
        yield part
        length += len(part)
        if length > MAX_WHOLE_BYTES:
            return


async def say(send: Send, status: int, text: str, *more: tuple[bytes, bytes]) -> None:
    """Send a plain text response without the application. `more` are headers."""
    body = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def start_noting_requests() -> None:
    from api.request_log import REQUESTS  # needs the applications to be loaded

    REQUESTS.start()


def make_edge() -> Edge:
    edge = Edge(forwarding=seen_through(settings.TRUSTED_PROXIES))
    if not limits.LOCAL:
        edge.warm_up()
    return edge


places = Places(
    limits.WEB_CONCURRENT_REQUESTS, queue=limits.WEB_QUEUE, seconds=limits.WEB_QUEUE_SECONDS
)
sys.setswitchinterval(SWITCH_SECONDS)
application = Server(
    wsgi_application,
    refuse=refuse,
    places=places,
    begin=start_noting_requests,
    edge=make_edge(),
    sender_of=sender_of,
    at_once=answer_at_once,
)
beat(lambda: application.is_ticking and not places.is_stuck)
