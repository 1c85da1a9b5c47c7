"""Answer several requests with orders or refunds of one shop at once.

Recording one order costs many times its share of several. So what the requests of a group ask for
is done once for all of them where it is the same: the key is checked once, and their orders are
recorded in one transaction. Each gets its own answer, made by the functions that answer a request
alone (api.receiving).

What is unusual about a request, such as an invalid key, is not answered here: it gets None, and is
answered by itself.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import Error
from django.http import HttpResponse
from django.utils import timezone

from accounts.api_keys import KeyRefusedError, authenticate_api_key
from accounts.idempotency import Claim
from accounts.models import ApiKey, Scope
from api.authentication import needs
from api.bodies import batch_of, one_of, parse_json
from api.idempotency import METHODS, claim, give_up, keep
from api.problems import ApiError, refuse
from api.rate_limit import draw, say_what_is_left, too_many
from api.receiving import ORDERS, REFUNDS, Intake, Sent, answer_all, read_items
from api.request_log import REQUESTS, Note, beginning
from core.rate_limits import Drawn

MAX_LINES = 2_000  # of what is recorded at once, unless one request has more
PATH = re.compile(r"/api/v1/(?P<many>orders|refunds)(?:/(?P<source>[!-.0-~]+)/(?P<name>[!-~]+))?")
INTAKES: dict[str, Intake[Any]] = {one.many: one for one in (ORDERS, REFUNDS)}
BEARER = "Bearer "
JSON = "application/json"
NEEDED = needs(Scope.ORDERS)
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrived:
    """What is needed of a request. `address` is the client's."""

    method: str
    path: str
    content_type: str
    authorization: str
    address: str
    idempotency_key: str | None
    body: bytes


@dataclass(slots=True)
class _Asked:
    """A request that was read, and what became of it so far."""

    request: Arrived
    intake: Intake[Any]
    json: Any
    sent: Sent[Any]
    drawn: Drawn | None = None
    claim: Claim | None = None
    answer: HttpResponse | None = None

    @property
    def is_anew(self) -> bool:
        return self.request.method == "PUT"


def answer_together(requests: Sequence[Arrived]) -> list[HttpResponse | None]:
    """Return the answer to each request, without what Django's middleware adds."""
    answers: dict[int, HttpResponse | None] = {}
    senders: dict[tuple[str, str], list[int]] = {}
    for place, one in enumerate(requests):
        if one.authorization.startswith(BEARER):
            sender = (one.authorization.removeprefix(BEARER), one.address)
            senders.setdefault(sender, []).append(place)
    for (secret, address), places in senders.items():
        key = _key(secret, address)
        if key is not None:
            found = _answer_known(key, [requests[place] for place in places])
            answers.update(zip(places, found, strict=True))
    return [answers.get(place) for place in range(len(requests))]


def _key(secret: str, address: str) -> ApiKey | None:
    """The key, if it may send orders and refunds."""
    try:
        key = authenticate_api_key(secret=secret, now=timezone.now(), address=address)
    except (KeyRefusedError, Error):
        return None
    return key if NEEDED.covers(key) else None


def _answer_known(key: ApiKey, requests: Sequence[Arrived]) -> list[HttpResponse | None]:
    """Answer the requests of one key. After an error, none of them is answered here."""
    begun = time.perf_counter()
    read = [_read(request) for request in requests]
    asked = [one for one in read if one is not None]
    try:
        alike: dict[tuple[str, str, bool], list[_Asked]] = {}
        for one in asked:
            if _may_run(key, one):
                what = (one.intake.many, one.sent.batch.source, one.is_anew)
                alike.setdefault(what, []).append(one)
        for (_many, _source, anew), same in alike.items():
            for part in _parts(same):
                _record(key, part, anew=anew)
        for one in asked:
            if one.answer is not None:
                _finish(key, one, seconds=time.perf_counter() - begun)
    except Exception:
        logger.info("requests are answered one by one", exc_info=True)
        for one in asked:
            _let_go(key, one)
        return [None] * len(requests)
    return [one.answer if one is not None else None for one in read]


def _read(request: Arrived) -> _Asked | None:
    """Read a request; None if it has no orders or refunds that can be recorded."""
    found = PATH.fullmatch(request.path)
    is_stated = request.method == "PUT"
    if (
        found is None
        or request.method not in {"POST", "PUT"}
        or (found["source"] and not is_stated)
        or request.content_type.partition(";")[0].strip().lower() != JSON
    ):
        return None
    intake = INTAKES[found["many"]]
    try:
        json = parse_json(request.body)
        batch = (
            one_of(json, identity=intake.identity, source=found["source"], name=found["name"])
            if found["source"]
            else batch_of(json, many=intake.many)
        )
    except ApiError:
        return None
    sent = read_items(intake, batch)
    return _Asked(request, intake, json, sent) if sent.facts else None


def _may_run(key: ApiKey, one: _Asked) -> bool:
    """Count a request for the rate limit, and claim its Idempotency-Key."""
    drawn = one.drawn = draw(key, 1)
    if drawn is not None and not drawn.is_allowed:
        return False
    name = one.request.idempotency_key
    if name is not None and one.request.method in METHODS:
        operation = f"{one.request.method} {one.request.path}"
        claimed = claim(key, name, operation=operation, body=one.request.body)
        if isinstance(claimed, HttpResponse):
            one.answer, one.json = claimed, None  # what was sent is looked at once
            return False
        one.claim = claimed
    more = len(one.sent.batch.items) - 1
    if more and (drawn := draw(key, more)) is not None:
        one.drawn = drawn
        if not drawn.is_allowed:
            one.answer = refuse(too_many(drawn))
            _let_go(key, one)
            return False
    return True


def _record(key: ApiKey, asked: Sequence[_Asked], *, anew: bool) -> None:
    """Record what these requests send. Where that fails, each is left to be answered alone."""
    try:
        answers = answer_all(asked[0].intake, [one.sent for one in asked], key=key, anew=anew)
    except Exception:
        logger.info("a group of requests is answered one by one", exc_info=True)
        for one in asked:
            _let_go(key, one)
        return
    for one, answer in zip(asked, answers, strict=True):
        one.answer = answer
        if one.claim is not None and not (
            answer.status_code < 400 and keep(key, one.claim, answer)
        ):
            _let_go(key, one)


def _let_go(key: ApiKey, one: _Asked) -> None:
    if one.claim is not None:
        give_up(key, one.claim)


def _finish(key: ApiKey, one: _Asked, *, seconds: float) -> None:
    """Add the headers that an answer of the API has, and note it for the shop's developers."""
    answer, request = one.answer, one.request
    assert answer is not None  # noqa: S101
    answer.headers.setdefault("Cache-Control", "no-store")
    if one.drawn is not None:
        say_what_is_left(answer, one.drawn)
    REQUESTS.add(
        Note(
            key=key,
            received_at=timezone.now(),
            method=request.method,
            path=request.path,
            status=answer.status_code,
            seconds=seconds,
            sent=beginning(one.json),
            sent_bytes=len(request.body),
            answered=answer.content,
        )
    )


def _parts(asked: Sequence[_Asked]) -> Iterator[list[_Asked]]:
    """Requests in parts of a limited number of lines, in the sequence they came."""
    part: list[_Asked] = []
    lines = 0
    for one in asked:
        size = sum(map(one.intake.lines, one.sent.facts.values()))
        lines += size
        if part and lines > MAX_LINES:
            yield part
            part, lines = [], size
        part.append(one)
    if part:
        yield part
