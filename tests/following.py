"""Follow a tracking link as a shopper does: through the redirect, and its click into PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import time_ns
from typing import Any
from uuid import uuid4

from django.conf import settings

from config.forwarding import seen_through
from core.clients import parse_address
from edge.cache import LinkCache
from edge.loading import load
from edge.redirect import Redirects
from edge.slugs import slug_of
from edge.visitors import VisitorHashes
from tests.event_loop import run
from tracking.links.click_lines import FIELDS, ClickLines, microseconds
from tracking.links.storing import store_batches
from tracking.models import ClickKind

VISITOR = "198.51.100.7"  # RFC 5737


@dataclass(frozen=True)
class Redirect:
    """Where the shopper was sent, and whether the click counted."""

    url: str
    counted: bool


@dataclass(frozen=True)
class Answer:
    """What came back. `clicks` are the fields of the lines that were kept."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    lines: list[str]

    def __getitem__(self, name: str) -> str:
        return dict(self.headers)[name.lower()]

    @property
    def clicks(self) -> list[dict[str, str]]:
        return [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in self.lines]


class NobodyLoads:
    """In the place of the loading thread, when all is in the cache that there is."""

    is_prompt = False

    def want(self, slug: str, resolve: Callable[[bool], None]) -> bool:
        return False


def redirects(links: LinkCache, *, now: datetime | None = None) -> Redirects:
    """The redirect over this cache, at that moment."""
    return Redirects(
        links,
        NobodyLoads(),
        click_key=settings.CLICK_KEYS[0],
        hashes=VisitorHashes(),
        forwarding=seen_through(settings.TRUSTED_PROXIES),
        clock=time_ns if now is None else lambda: microseconds(now) * 1_000,
    )


def ask(
    application: Redirects,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    client: str = VISITOR,
    scheme: str = "http",
) -> Answer:
    """Send one request to the application, as config.granian_thread does: it may answer at once."""
    path, _, query = path.partition("?")
    assert parse_address(client)
    scope = {
        "type": "http",
        "method": method,
        "scheme": scheme,
        "path": path,
        "query_string": query.encode("latin-1"),
        "headers": [
            (name.lower().encode(), value.encode()) for name, value in (headers or {}).items()
        ],
        "client": (client, 1),
    }
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    before = len(application.clicks.lines)
    if not application.at_once(scope, sent.append):
        run(application(scope, receive, send))
    begin, *parts = sent
    return Answer(
        begin["status"],
        [(name.decode(), value.decode()) for name, value in begin["headers"]],
        b"".join(part["body"] for part in parts),
        application.clicks.lines[before:],
    )


def get(path: str, *, now: datetime | None = None, **request: Any) -> Answer:
    """Ask for the path of a link that is in PostgreSQL; nothing is stored."""
    links = LinkCache(size=100, unknown=100)
    slug = slug_of(path.partition("?")[0].removeprefix("/r/"))
    if slug:
        load([slug], links)
    return ask(redirects(links, now=now), path, **request)


def store(*answers: Answer, now: datetime) -> None:
    """Store what was kept of the requests in PostgreSQL, as the consumer of the stream does.

    All of it is one batch.
    """
    lines = "".join(f"{line}\n" for answer in answers for line in answer.lines).encode()
    if lines:
        store_batches([ClickLines(uuid4(), lines)], now=now)


def follow_link(
    *, slug: str, user_agent: str, now: datetime, referrer: str = "", client: str = VISITOR
) -> Redirect | None:
    """Follow a link at that moment, and store the click; None when there is no such link."""
    headers = {"User-Agent": user_agent, **({"Referer": referrer} if referrer else {})}
    answer = get(f"/r/{slug}", now=now, headers=headers, client=client)
    if answer.status != 302:
        return None
    store(answer, now=now)
    return Redirect(answer["location"], counted=answer.clicks[0]["kind"] == ClickKind.VISIT)


def follow_links(slugs: Sequence[str], *, user_agent: str, now: datetime) -> None:
    """Follow links one after another at that moment, and store their clicks as one batch."""
    links = LinkCache(size=100, unknown=100)
    load([*{*slugs}], links)
    application = redirects(links, now=now)
    headers = {"User-Agent": user_agent}
    answers = [ask(application, f"/r/{slug}", headers=headers) for slug in slugs]
    assert {answer.status for answer in answers} == {302}
    store(*answers, now=now)
