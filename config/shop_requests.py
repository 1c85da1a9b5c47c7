"""Answer the requests with orders and refunds of a shop together, without Django's middleware.

Django's handling of a request costs more than recording an order. What of it matters for such an
answer is done here, for a group at once where that can be: the client's address, the Host, the
language, connections to PostgreSQL, the headers, the id, the access log and the metrics. A request
that is not answered here gets None, and is answered by Django alone.
"""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from django.urls import resolve
from django.utils.log import log_response

from api.metrics import count_request, observe_pool
from api.together import Arrived, answer_together
from config.arriving import Environ, Headers, Whole
from config.content_policy import ContentPolicy
from config.forwarding import name_client
from config.request_log import HEADER, line_of, log_answered, new_id
from core.languages import ENGLISH, speaking
from core.log_context import REQUEST_ID, begin

HOSTS_KEPT = 256
MAX_HOST = 300  # characters with a port; a longer one is left to Django, and not remembered


def answer_at_once(environs: Sequence[Environ]) -> list[Whole | None]:
    """Return status, headers and body of the answer to each request; the environs stay as they are.

    None is an answer that only Django gives.
    """
    begun = time.perf_counter()
    named = [_named(environ) for environ in environs]
    ids = [new_id() for _ in named]
    places = [place for place, environ in enumerate(named) if environ is not None]
    begin(user_id=None, **{REQUEST_ID: ids[places[0]] if places else ""})
    close_old_connections()
    try:
        with speaking(ENGLISH):
            arrived = [_arrived(environ) for environ in named if environ is not None]
            answers = dict(zip(places, answer_together(arrived), strict=True))
    finally:
        close_old_connections()
    observe_pool()
    return [
        _whole(environ, answer, name, time.perf_counter() - begun)
        if environ is not None and (answer := answers.get(place)) is not None
        else None
        for place, (environ, name) in enumerate(zip(named, ids, strict=True))
    ]


def _named(environ: Environ) -> Environ | None:
    """The request of a client that is known, over TLS if it has to be, to a host that is ours."""
    if settings.DEBUG:  # config.local.loopback looks at each request
        return None
    named = dict(environ)
    name_client(named, proxies=settings.TRUSTED_PROXIES, port=settings.PUBLIC_PORT)
    if settings.SECURE_SSL_REDIRECT and named["wsgi.url_scheme"] != "https":
        return None
    if len(named.get("HTTP_HOST") or "") > MAX_HOST:
        return None
    if named["QUERY_STRING"] or "HTTP_IF_MATCH" in named:  # the API refuses both
        return None
    host = (named.get("HTTP_HOST"), named["SERVER_NAME"], named["SERVER_PORT"])
    return named if _is_ours(*host, named["wsgi.url_scheme"]) else None


@lru_cache(maxsize=HOSTS_KEPT)
def _is_ours(host: str | None, server_name: str, server_port: str, scheme: str) -> bool:
    named = {} if host is None else {"HTTP_HOST": host}
    try:
        _request(scheme, SERVER_NAME=server_name, SERVER_PORT=server_port, **named).get_host()
    except DisallowedHost:
        return False
    return True


def _request(scheme: str, **meta: str) -> WSGIRequest:
    return WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "wsgi.url_scheme": scheme,
            "wsgi.input": io.BytesIO(),
            **meta,
        }
    )


def _arrived(environ: Environ) -> Arrived:
    body = environ["wsgi.input"]
    sent = body.read()
    body.seek(0)
    return Arrived(
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"],
        content_type=environ.get("CONTENT_TYPE", ""),
        authorization=environ.get("HTTP_AUTHORIZATION", ""),
        address=environ["REMOTE_ADDR"],
        idempotency_key=environ.get("HTTP_IDEMPOTENCY_KEY"),
        body=sent,
    )


def _whole(environ: Environ, answer: HttpResponse, name: str, seconds: float) -> Whole:
    method, path, status = environ["REQUEST_METHOD"], environ["PATH_INFO"], answer.status_code
    body = answer.content
    headers = [
        *answer.items(),
        *_common_headers(environ["wsgi.url_scheme"]),
        ("Content-Length", str(len(body))),
        (HEADER, name),
    ]
    count_request(method=method, route=_route(path), status=status, seconds=seconds)
    log_answered(name, line_of(method, path, status, seconds, environ["REMOTE_ADDR"]))
    if status >= HTTPStatus.BAD_REQUEST:
        log_response(
            "%s: %s", answer.reason_phrase, path, response=answer, request=WSGIRequest(environ)
        )
    return status, headers, body


@cache
def _common_headers(scheme: str) -> Headers:
    """What the middleware of the settings adds to any answer of the API."""
    request, answer = _request(scheme), HttpResponse()
    del answer["Content-Type"]
    adding: tuple[Any, ...] = (SecurityMiddleware, ContentPolicy, XFrameOptionsMiddleware)
    for middleware in adding:
        middleware(lambda request: answer).process_response(request, answer)
    return list(answer.items())


@lru_cache(maxsize=HOSTS_KEPT)
def _route(path: str) -> str:
    return str(resolve(path).route)
