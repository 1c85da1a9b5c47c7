"""What happens when a link that is in memory is followed: the click is kept, the shopper sent on.

This runs for every click, so it prepares what it can and waits for nothing. The link brings its
texts along (edge.targets), what a header says is remembered by the header (edge.visitors), and the
click is one line of text. Most of the time that is left goes into two hashes: of the click id, so
that it is signed, and of the visitor.
"""

from __future__ import annotations

from collections.abc import Callable
from time import time_ns
from typing import Any

from edge import answers
from edge.addresses import OwnParameters
from edge.answers import Headers
from edge.clicks import Clicks
from edge.clients import Client
from edge.cookies import cookie_domain
from edge.targets import LinkTarget
from edge.visitors import INACTIVE, KINDS, VISIT, VisitorHashes, agent_of, kind_of, referrer_host
from tracking.links.click_ids import CLICK_PARAMETER, Minting, second_bytes
from tracking.links.click_lines import NULL, SUB_ID_LENGTH, escaped

COOKIE = b"cookie"
IN_COOKIES = f"{CLICK_PARAMETER}=".encode()
NO_SUB_IDS = "\t\t\t\t"


class Following:
    """Follows links for one thread: two need two. `kinds` counts what was followed."""

    def __init__(
        self,
        clicks: Clicks,
        *,
        click_key: str,
        hashes: VisitorHashes,
        clock: Callable[[], int] = time_ns,
    ) -> None:
        self._keep, self._clock = clicks.keep, clock
        self._mint, self._hash_of = Minting(click_key).make, hashes.hash_of
        self._second, self._second_bytes = -1, b""
        plain = [*answers.LINK_HEADERS, answers.EMPTY]
        self._headers = {False: plain, True: [*plain, *answers.transport_security()]}
        self.kinds = dict.fromkeys(KINDS, 0)

    def follow(
        self,
        target: LinkTarget,
        scope: dict[str, Any],
        headers: dict[bytes, bytes],
        *,
        client: Client,
        host: str | None,
    ) -> Headers:
        """Keep the click, and return the headers of the redirect.

        `client` is the visitor; `host` is the brand's link domain that the request came by.
        """
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
        answer = [(b"location", location.encode()), *self._headers[client.is_tls]]
        returning = NULL
        if host is not None:
            returning = "t" if IN_COOKIES in headers.get(COOKIE, b"") else "f"
            if kind == VISIT:
                answer.append(_cookie(target, host, click_id, is_tls=client.is_tls))
        self.kinds[kind] += 1
        self._keep(
            f"{target.line}{click_id}\t{now}\t{kind}"
            f"\t{self._hash_of(target.brand_id, client.address, browser, now)}\t{agent.text}"
            f"\t{referrer_host(headers.get(b'referer'))}\t{sub_ids}\t{client.country}\t{agent.device}"
            f"\t{landing}\t{returning}"
        )
        return answer

    def without_click(self, target: LinkTarget, *, is_tls: bool) -> Headers:
        """Return the headers of a redirect that keeps nothing."""
        location = (target.plain + target.tail).encode()
        return [(b"location", location), *self._headers[is_tls]]


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
