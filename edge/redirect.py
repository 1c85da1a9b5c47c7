"""The redirect: an ASGI application that turns a slug into the shop's address with a click id.

It serves the page script too, which shops load with each of their pages.

Everything here runs for every click, in the event loop, and waits for nothing unless the slug is
not in memory. Settings, pages and queries are prepared elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import lru_cache
from time import time_ns
from typing import Any, Protocol
from urllib.parse import quote

from edge import answers
from edge.addresses import OwnParameters
from edge.answers import Headers
from edge.cache import LinkCache
from edge.clicks import Clicks
from edge.cookies import cookie_domain
from edge.slugs import slug_of
from edge.targets import LinkTarget
from edge.visitors import INACTIVE, VISIT, VisitorHashes, agent_of, kind_of, referrer_host
from tracking.links.click_ids import CLICK_PARAMETER, Minting, second_bytes
from tracking.links.click_lines import NULL, SUB_ID_LENGTH, escaped

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
# The client's address and whether it came over TLS, from: who opened the connection, the scheme,
# X-Forwarded-For, X-Forwarded-Proto. config.forwarding decides whom to believe.
Forwarding = Callable[[str, str, bytes, bytes], tuple[str, bool]]

logger = logging.getLogger(__name__)

PATH, SCRIPT_PATH = "/r/", "/t.js"
UNKNOWN_WAIT_SECONDS = 1.0  # for a slug that is not in memory
STALE_WAIT_SECONDS = 0.03  # for one whose brand has changed something
METHODS = frozenset({"GET", "HEAD"})
ACCEPT, COOKIE = b"accept-language", b"cookie"
IN_COOKIES = f"{CLICK_PARAMETER}=".encode()
FORWARDED_FOR = b"x-forwarded-for"
MAX_FORWARDED = 2_000  # bytes that are read of it, and remembered
NO_SUB_IDS = "\t\t\t\t"
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
        self._keep = self.clicks.keep
        self._targets, self._loader, self._clock = links.targets, loader, clock
        self._mint, self._hash_of = Minting(click_key).make, hashes.hash_of
        self._forwarding = lru_cache(maxsize=10_000)(forwarding)
        self._second, self._second_bytes = -1, b""
        self._tls_host = tls_host
        plain = [*answers.LINK_HEADERS, answers.EMPTY]
        self._tls = answers.transport_security()
        self.pages = answers.Pages()
        self._headers = {False: plain, True: [*plain, *self._tls]}

    def takes(self, scope: Scope) -> bool:
        """Whether this answers the request, and not the rest of the product."""
        path = scope["path"]
        if path.startswith(PATH) or path == SCRIPT_PATH:
            return True
        return bool(self.links.hosts) and self._own_host(dict(scope["headers"])) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that `takes` is true of."""
        path = scope["path"]
        slug = path[3:] if path.startswith(PATH) else path[1:]
        headers = dict(scope["headers"])
        address, is_tls = self._client(scope, headers)
        if self._tls_host and not is_tls:
            await self._lead_to_tls(scope, headers, send)
            return
        if scope["method"] not in METHODS:
            await self._say(answers.NOT_ALLOWED, scope, headers, send, is_tls=is_tls)
            return
        target = self._targets.get(slug)
        host = self._own_host(headers) if self.links.hosts else None
        if target is None or target.is_stale or host is not None:
            found = answers.OK if path == SCRIPT_PATH else await self._find(slug, host)
            if isinstance(found, int):
                await self._say(found, scope, headers, send, is_tls=is_tls)
                return
            target = found
        try:
            answer = self._follow(target, scope, headers, host, address, is_tls=is_tls)
        except Exception:  # a defect of ours is no reason to keep a shopper from the shop
            logger.exception("A shopper was sent on without a click.")
            location = (target.plain + target.tail).encode()
            answer = [(b"location", location), *self._headers[is_tls]]
        await send({"type": "http.response.start", "status": 302, "headers": answer})
        await send(END)

    def _follow(
        self,
        target: LinkTarget,
        scope: Scope,
        headers: dict[bytes, bytes],
        host: str | None,
        address: str,
        *,
        is_tls: bool,
    ) -> Headers:
        """Keep the click, and return the headers of the redirect."""
        now = self._clock() // 1_000
        second = now // 1_000_000
        if second != self._second:
            self._second, self._second_bytes = second, second_bytes(second)
        target.used_at = second
        browser = headers.get(b"user-agent", b"")
        agent = agent_of(browser)
        kind = kind_of(agent, scope["method"], headers)
        counts = target.since <= now < target.until or target.counts_at(now)
        if kind == VISIT and not counts:
            kind = INACTIVE
        click_id = self._mint(target.link, self._second_bytes)
        if scope["query_string"]:
            own = OwnParameters(scope["query_string"], target.protected)
            location = target.address(click_id if counts else "", own)
            sub_ids = "\t".join([escaped(text[:SUB_ID_LENGTH]) for text in own.sub_ids])
            landing = own.landing
        else:
            location = (target.head + click_id if counts else target.plain) + target.tail
            sub_ids, landing = NO_SUB_IDS, ""
        answer = [(b"location", location.encode()), *self._headers[is_tls]]
        returning = NULL
        if host is not None:
            returning = "t" if IN_COOKIES in headers.get(COOKIE, b"") else "f"
            if kind == VISIT:
                answer.append(_cookie(target, host, click_id, is_tls=is_tls))
        self._keep(
            kind,
            f"{target.line}{click_id}\t{now}\t{kind}"
            f"\t{self._hash_of(target.brand_id, address, browser, now)}\t{agent.text}"
            f"\t{referrer_host(headers.get(b'referer'))}\t{sub_ids}\t\t{agent.device}"
            f"\t{landing}\t{returning}",
        )
        return answer

    def _client(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[str, bool]:
        """Return the client's address, and whether the request came over TLS."""
        written = headers.get(FORWARDED_FOR, b"")
        if len(headers) != len(scope["headers"]):  # a header came in several lines
            lines = [value for name, value in scope["headers"] if name == FORWARDED_FOR]
            written = b",".join(lines)
        # Proxies append at the end, and what comes before is the client's: of any length.
        proto = headers.get(b"x-forwarded-proto", b"")[-MAX_FORWARDED:]
        return self._forwarding(
            scope["client"][0], scope["scheme"], written[-MAX_FORWARDED:], proto
        )

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
        answer = [(b"location", location), *self._headers[False]]
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


def _cookie(target: LinkTarget, host: str, click_id: str, *, is_tls: bool) -> tuple[bytes, bytes]:
    """The click id as a first-party cookie, for the shop's domain where it can be."""
    domain = cookie_domain(host, target.host)
    words = [
        f"{CLICK_PARAMETER}={click_id}",
        "Path=/",
        f"Max-Age={target.destination.window_seconds}",
        "SameSite=Lax",
        *([f"Domain={domain}"] if domain else []),
        *(["Secure"] if is_tls else []),
    ]
    return b"set-cookie", "; ".join(words).encode()
