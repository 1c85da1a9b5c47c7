"""The redirect: turns a slug into the shop's address with a click id, before Django.

It serves the page script too, which shops load with each of their pages.

A link that is in memory is followed at once: `at_once` is a plain function, which granian's own
thread calls (config.granian_thread), so no event loop and no task have a part in it. All else
is the ASGI application below: a slug that has to be loaded, a page, the script. Settings, pages and
queries are prepared elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from time import time_ns
from typing import Any, Protocol
from urllib.parse import quote

from edge import answers
from edge.answers import Headers
from edge.cache import LinkCache
from edge.clicks import Clicks
from edge.clients import Client, Forwarding, clients_through
from edge.following import COOKIE, Following
from edge.slugs import slug_of
from edge.targets import LinkTarget
from edge.visitors import VisitorHashes

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
SendNow = Callable[[dict[str, Any]], object]

logger = logging.getLogger(__name__)

PATH, SCRIPT_PATH = "/r/", "/t.js"
UNKNOWN_WAIT_SECONDS = 1.0  # for a slug that is not in memory
STALE_WAIT_SECONDS = 0.03  # for one whose brand has changed something
METHODS = frozenset({"GET", "HEAD"})
ACCEPT, FORWARDED_FOR = b"accept-language", b"x-forwarded-for"
MAX_FORWARDED = 2_000  # bytes that are read of it, and remembered
END: dict[str, Any] = {"type": "http.response.body", "body": b""}


class Wanted(Protocol):
    """What loads slugs: `edge.loading.Loader`."""

    @property
    def is_prompt(self) -> bool: ...

    def want(self, slug: str, resolve: Callable[[bool], None]) -> bool: ...


class Redirects:
    """The application. What it keeps of each request is in `clicks`.

    `tls_host` is the product's own host if all requests have to come over TLS.
    """

    def __init__(
        self,
        links: LinkCache,
        loader: Wanted,
        *,
        click_key: str,
        hashes: VisitorHashes,
        forwarding: Forwarding,
        tls_host: str = "",
        clock: Callable[[], int] = time_ns,
    ) -> None:
        self.links = links
        self.clicks = Clicks()
        self._targets, self._loader = links.targets, loader
        # One for the thread that calls `at_once`, one for the event loop's.
        self._now, self._later = (
            Following(self.clicks, click_key=click_key, hashes=hashes, clock=clock)
            for _ in range(2)
        )
        self._seen = clients_through(forwarding)
        self._tls_host = tls_host
        self._tls = answers.transport_security()
        self.pages = answers.Pages()

    def kinds(self) -> Mapping[str, int]:
        """Return how many redirects of each kind there were."""
        later = self._later.kinds
        return {kind: number + later[kind] for kind, number in self._now.kinds.items()}

    def takes(self, scope: Scope) -> bool:
        """Whether this answers the request, and not the rest of the product."""
        path = scope["path"]
        if path.startswith(PATH) or path == SCRIPT_PATH:
            return True
        return bool(self.links.hosts) and self._own_host(dict(scope["headers"])) is not None

    def at_once(self, scope: Scope, send: SendNow) -> bool:
        """Redirect if the link is in memory and as it should be; return whether that was so.

        Always call it in the same thread. `send` sends when it is called; nothing is awaited.
        """
        path, hosts = scope["path"], self.links.hosts
        is_ours = path.startswith(PATH)
        if not (is_ours or hosts) or scope["method"] not in METHODS:
            return False
        headers = dict(scope["headers"])
        host = self._own_host(headers) if hosts else None
        target = self._targets.get(path[3:] if is_ours else path[1:])
        if target is None or target.is_stale:
            return False
        if not is_ours if host is None else hosts[host] != target.brand_id:
            return False
        client = self._client(scope, headers)
        if self._tls_host and not client.is_tls:
            return False
        answer = self._follow(self._now, target, scope, headers, client, host)
        send({"type": "http.response.start", "status": 302, "headers": answer})
        send(END)
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that `takes` is true of."""
        path = scope["path"]
        slug = path[3:] if path.startswith(PATH) else path[1:]
        headers = dict(scope["headers"])
        client = self._client(scope, headers)
        is_tls = client.is_tls
        if self._tls_host and not is_tls:
            await self._lead_to_tls(scope, headers, send)
            return
        if scope["method"] not in METHODS:
            await self._say(answers.NOT_ALLOWED, scope, headers, send, is_tls=is_tls)
            return
        host = self._own_host(headers) if self.links.hosts else None
        found = answers.OK if path == SCRIPT_PATH else await self._find(slug, host)
        if isinstance(found, int):
            await self._say(found, scope, headers, send, is_tls=is_tls)
            return
        answer = self._follow(self._later, found, scope, headers, client, host)
        await send({"type": "http.response.start", "status": 302, "headers": answer})
        await send(END)

    def _follow(
        self,
        following: Following,
        target: LinkTarget,
        scope: Scope,
        headers: dict[bytes, bytes],
        client: Client,
        host: str | None,
    ) -> Headers:
        """Return the headers of the redirect; keep the click, unless that fails."""
        try:
            return following.follow(target, scope, headers, client=client, host=host)
        except Exception:  # a defect of ours is no reason to keep a shopper from the shop
            logger.exception("A shopper was sent on without a click.")
            return following.without_click(target, is_tls=client.is_tls)

    def _client(self, scope: Scope, headers: dict[bytes, bytes]) -> Client:
        """Return who sent the request."""
        written = headers.get(FORWARDED_FOR, b"")
        if len(headers) != len(scope["headers"]):  # a header came in several lines
            lines = [value for name, value in scope["headers"] if name == FORWARDED_FOR]
            written = b",".join(lines)
        # Proxies append at the end, and what comes before is the client's: of any length.
        proto = headers.get(b"x-forwarded-proto", b"")[-MAX_FORWARDED:]
        return self._seen(scope["client"][0], scope["scheme"], written[-MAX_FORWARDED:], proto)

    def _own_host(self, headers: dict[bytes, bytes]) -> str | None:
        """Return the link domain that the request came by, if any."""
        host = headers.get(b"host", b"").decode("latin-1").partition(":")[0].lower().rstrip(".")
        return host if host in self.links.hosts else None

    async def _find(self, typed: str, host: str | None) -> LinkTarget | int:
        """Return the target of a slug that is not at hand, or the status to answer instead."""
        slug = slug_of(typed)
        target = self._targets.get(slug)
        if target is not None and target.is_stale and self._loader.is_prompt:
            await self._load(slug, STALE_WAIT_SECONDS)
            target = self._targets.get(slug)
        elif target is None and slug and not self.links.is_unknown(slug):
            if not await self._load(slug, UNKNOWN_WAIT_SECONDS):
                return answers.UNAVAILABLE
            target = self._targets.get(slug)
        if target is None or (host is not None and self.links.hosts.get(host) != target.brand_id):
            return answers.UNKNOWN
        return target

    async def _load(self, slug: str, seconds: float) -> bool:
        """Wait until the slug is loaded; return whether it was."""
        loop = asyncio.get_running_loop()
        loaded: asyncio.Future[bool] = loop.create_future()

        def settle(is_loaded: bool) -> None:
            if not loaded.done():
                loaded.set_result(is_loaded)

        def resolve(is_loaded: bool) -> None:  # in the loader's thread
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, is_loaded)

        if not self._loader.want(slug, resolve):
            return False
        done, _ = await asyncio.wait({loaded}, timeout=seconds)
        return bool(done) and loaded.result()

    async def _lead_to_tls(self, scope: Scope, headers: dict[bytes, bytes], send: Send) -> None:
        """Send to the same address over TLS, as all pages do in production."""
        host = self._own_host(headers) or self._tls_host
        query = b"?%b" % scope["query_string"] if scope["query_string"] else b""
        location = f"https://{host}{quote(scope['path'])}".encode() + query
        answer = [(b"location", location), *answers.LINK_HEADERS, answers.EMPTY]
        await send({"type": "http.response.start", "status": 301, "headers": answer})
        await send(END)

    async def _say(
        self,
        status: int,
        scope: Scope,
        headers: dict[bytes, bytes],
        send: Send,
        *,
        is_tls: bool,
    ) -> None:
        """Send a page, or the page script, instead of a redirect."""
        sent = [*answers.LINK_HEADERS, (b"allow", b"GET, HEAD"), answers.EMPTY]
        body = b""
        if status == answers.OK:
            page = answers.script(headers)
            status, sent, body = page.status, page.headers, page.body
        elif status != answers.NOT_ALLOWED:
            tag = answers.language(headers.get(ACCEPT, b""), headers.get(COOKIE, b""))
            ready = self.pages.ready(status, tag)
            if ready is None:
                loop = asyncio.get_running_loop()
                ready = await loop.run_in_executor(None, self.pages.make, status, tag)
            sent, body = ready.headers, ready.body
        if is_tls:
            sent = [*sent, *self._tls]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send(
            {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body}
        )
