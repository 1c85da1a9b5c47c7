"""Answer 503 while PostgreSQL is away or the server is overloaded.

A request that may be repeated is first retried once on a fresh connection. The response says that
nothing was saved only if that is certain.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import get_template, render_to_string
from django.urls import get_resolver
from django.views import defaults

from api.idempotency import is_done_once
from api.problems import INTERNAL_ERROR, unavailable
from api.problems import refuse as refuse_in_json
from config import limits
from config.languages import IN_ENGLISH
from config.request_log import HEADER, log_refused
from core.languages import ENGLISH, speaking, tag_for
from core.postgres import Outage, outage_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FOR_PROGRAMS = ("/api/", "/webhooks/")
# A request of the API may be repeated where it is done once, however often it is sent, and where
# nothing of it can have been saved.
REPEATABLE = "/api/"
READS = ("SELECT", "SET", "SHOW", "DECLARE", "FETCH", "CLOSE", "SAVEPOINT", "RELEASE")
SELF_CONTAINED = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address may be a link that opens a dashboard
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'self'; base-uri 'none'",
}
GetResponse = Callable[[HttpRequest], HttpResponseBase]
logger = logging.getLogger(__name__)


def commits_sent() -> int:
    """Return how many COMMITs this thread has sent so far; see core.postgres.base."""
    sent: int = connection.commits  # type: ignore[attr-defined]
    return sent


class Writes:
    """Whether PostgreSQL may have saved something of this request already."""

    def __init__(self) -> None:
        self._commits_before = commits_sent()
        self._outside_transaction = False

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        """Django's execute_wrapper: a statement outside a transaction is saved at once."""
        if not connection.in_atomic_block and not sql.lstrip().upper().startswith(READS):
            self._outside_transaction = True
        return execute(sql, params, many, context)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note the statements of the block.

        Requests that are answered together share a connection, and end in another sequence than
        Django's execute_wrapper allows.
        """
        noting = connection.execute_wrappers
        noting.append(self)
        try:
            yield
        finally:
            noting.remove(self)

    @property
    def may_be_kept(self) -> bool:
        return self._outside_transaction or commits_sent() > self._commits_before


def retry_once(get_response: GetResponse) -> GetResponse:
    """Middleware: retry a repeatable request once when its connection to PostgreSQL was lost."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        writes = Writes()
        request.writes = writes  # type: ignore[attr-defined]
        with writes.noted():
            response = get_response(request)
        outage: Outage | None = getattr(response, "outage", None)
        if outage and outage.is_retryable and _may_repeat(request, outage, writes):
            response.close()
            connection.close()
            response = get_response(request)
        return response

    return respond


def _may_repeat(request: HttpRequest, outage: Outage, writes: Writes) -> bool:
    if connection.in_atomic_block:  # of a test, which the fresh connection would not see
        return False
    if not request.path.startswith(REPEATABLE):
        return request.method in SAFE_METHODS
    return is_done_once(request) or not (outage.is_unknown or writes.may_be_kept)


def server_error(request: HttpRequest) -> HttpResponse:
    """Handle an uncaught exception: 503 for an outage, 500 for a defect."""
    outage = outage_of(sys.exc_info()[1])
    if outage is None and request.path.startswith(REPEATABLE):
        return refuse_in_json(INTERNAL_ERROR)
    if outage is None:
        return defaults.server_error(request, template_name="errors/500.html")
    writes: Writes | None = getattr(request, "writes", None)
    is_unknown = outage.is_unknown or writes is None or writes.may_be_kept
    response = _answer(request, is_unknown=is_unknown)
    response.outage = outage  # type: ignore[attr-defined]
    # Log one line instead of a stack for every request during an outage.
    response._has_been_logged = True  # type: ignore[attr-defined]
    logger.warning("503 for %s %s: %s", request.method, request.path, outage.reason)
    return response


def _answer(request: HttpRequest, *, is_unknown: bool) -> HttpResponse:
    if request.path.startswith(FOR_PROGRAMS):
        is_once = not request.path.startswith(REPEATABLE) or is_done_once(request)
        response = refuse_in_json(
            unavailable(
                is_unknown=is_unknown, retry_after=limits.WEB_RETRY_AFTER, is_done_once=is_once
            )
        )
    else:
        kept = "" if request.method in SAFE_METHODS else "unknown" if is_unknown else "nothing"
        response = HttpResponse(
            render_to_string("errors/503.html", {"kept": kept}), status=503, headers=SELF_CONTAINED
        )
        response.headers["Retry-After"] = str(limits.WEB_RETRY_AFTER)
    return response


def refuse(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A WSGI application for requests that the gate refused before Django."""
    request = WSGIRequest(environ)
    path, method = request.path, environ.get("REQUEST_METHOD", "GET")
    tag = ENGLISH if path.startswith(IN_ENGLISH) else tag_for(request)
    status, headers, body = _refusal(
        is_for_program=path.startswith(FOR_PROGRAMS), is_safe=method in SAFE_METHODS, tag=tag
    )
    start_response(status, [*headers, (HEADER, log_refused(request, 503))])
    return [b"" if method == "HEAD" else body]


def warm_up() -> None:
    """Load every view, template and language, so that the first request is not slow."""
    get_resolver()._populate()
    for folder in settings.TEMPLATES[0]["DIRS"]:
        for path in folder.rglob("*.html"):
            get_template(str(path.relative_to(folder)))
    for tag, _name in settings.LANGUAGES:
        for is_safe in (True, False):
            _refusal(is_for_program=False, is_safe=is_safe, tag=tag)


@lru_cache(maxsize=256)
def _refusal(
    *, is_for_program: bool, is_safe: bool, tag: str
) -> tuple[str, tuple[tuple[str, str], ...], bytes]:
    request = HttpRequest()
    request.path = FOR_PROGRAMS[0] if is_for_program else "/"
    request.method = "GET" if is_safe else "POST"
    with speaking(tag):
        response = _answer(request, is_unknown=False)
    headers = (*response.items(), ("Content-Length", str(len(response.content))))
    return f"503 {response.reason_phrase}", headers, response.content
