"""Every request has an id, and a line in the access log.

The id is made here and never taken from outside: whoever sends one could make two requests look
like one. It stands in every line that the request leads to, also in the worker's, and in the
answer's header X-Request-Id, for who reports what went wrong.
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
logger = logging.getLogger("access")
Handler = Callable[[HttpRequest], HttpResponseBase]


def log_requests(get_response: Handler) -> Handler:
    """Middleware, the outermost: name the request, and log it once its answer begins."""

    def serve(request: HttpRequest) -> HttpResponseBase:
        name = uuid.uuid4().hex
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


def log_refused(request: HttpRequest, status: int) -> str:
    """Name and log a request that was turned away before any middleware; returns its id."""
    name = uuid.uuid4().hex
    begin(user_id=None, **{REQUEST_ID: name})
    if logger.isEnabledFor(logging.INFO):
        logger.info("request", extra=_line(request, status, 0.0))
    return name


def _user_id(request: HttpRequest) -> int | None:
    """Who is logged in, if anybody has asked: AuthenticationMiddleware keeps the answer here."""
    return getattr(getattr(request, "_cached_user", None), "pk", None)


def _line(request: HttpRequest, status: int, seconds: float) -> dict[str, object]:
    """What the access log says: the path without its query, as config.logs redacts it."""
    return {
        "method": request.method,
        "path": request.path,
        "status": status,
        "milliseconds": round(seconds * 1000, 1),
        "client": network_of(request),
    }
