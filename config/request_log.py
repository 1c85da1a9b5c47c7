"""Every request gets an id, and a line in the access log.

The id is made here and never taken from a header: a client could give two requests the same id. It
is in every log line of the request and of the tasks that it enqueues. The response has it as
X-Request-Id, so that people can name it when they report an error.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponseBase

from core.clients import network_of
from core.log_context import REQUEST_ID, begin

HEADER = "X-Request-Id"
MAX_REFUSALS_LOGGED = 20  # a second: a line costs more than the refusal; the metric counts all
logger = logging.getLogger("access")
Handler = Callable[[HttpRequest], HttpResponseBase]


def log_requests(get_response: Handler) -> Handler:
    """Outermost middleware: give the request an id, and log it when its response begins."""

    def serve(request: HttpRequest) -> HttpResponseBase:
        name = new_id()
        begin(user_id=partial(_user_id, request), **{REQUEST_ID: name})
        begun = time.perf_counter()
        response = get_response(request)
        response[HEADER] = name
        if logger.isEnabledFor(logging.INFO):
            logger.info(
                "request", extra=_line(request, response.status_code, time.perf_counter() - begun)
            )
        return response

    return serve


def new_id() -> str:
    return uuid.uuid4().hex


def log_answered(name: str, line: dict[str, object]) -> None:
    """Log a request that was answered without middleware, by its id."""
    if logger.isEnabledFor(logging.INFO):
        begin(user_id=None, **{REQUEST_ID: name})
        logger.info("request", extra=line)


class Refusals:
    """How many refusals were logged in the second that is running."""

    def __init__(self) -> None:
        self._second, self._logged = 0, 0

    def may_log(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._logged = second, 0
        self._logged += 1
        return self._logged <= MAX_REFUSALS_LOGGED


refusals = Refusals()


def log_refused(request: HttpRequest, status: int) -> str:
    """Log a request that was refused before any middleware; return its new id.

    At most MAX_REFUSALS_LOGGED are logged in a second.
    """
    name = new_id()
    if logger.isEnabledFor(logging.INFO) and refusals.may_log():
        begin(user_id=None, **{REQUEST_ID: name})
        logger.info("request", extra=_line(request, status, 0.0))
    return name


def _user_id(request: HttpRequest) -> int | None:
    """Return the logged-in user's id, if AuthenticationMiddleware has loaded the user already."""
    return getattr(getattr(request, "_cached_user", None), "pk", None)


def _line(request: HttpRequest, status: int, seconds: float) -> dict[str, object]:
    return line_of(str(request.method), request.path, status, seconds, network_of(request))


def line_of(method: str, path: str, status: int, seconds: float, client: str) -> dict[str, object]:
    """Return the fields of the access log's line: the path without its query, and others."""
    return {
        "method": method,
        "path": path,
        "status": status,
        "milliseconds": round(seconds * 1000, 1),
        "client": client,
    }
