"""Tracking links in `make dev`, whose server runs WSGI applications: see config.asgi and edge."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.conf import settings

from config.forwarding import Application, seen_through
from edge.starting import Edge

ANSWER_SECONDS = 30.0


def links_first(application: Application) -> Application:
    """Return `application` with tracking links answered before it, by an event loop in a thread."""
    edge, loop = Edge(forwarding=seen_through(settings.TRUSTED_PROXIES)), asyncio.new_event_loop()
    edge.start()
    threading.Thread(target=loop.run_forever, name="links", daemon=True).start()

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        scope = scope_of(environ)
        if not edge.redirects.takes(scope):
            return application(environ, start_response)
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        answering = edge.redirects(scope, no_body, send)
        asyncio.run_coroutine_threadsafe(answering, loop).result(ANSWER_SECONDS)
        begin, body = sent
        status = HTTPStatus(begin["status"])
        headers = [(name.decode(), value.decode()) for name, value in begin["headers"]]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body["body"]]

    return serve


async def no_body() -> dict[str, Any]:
    return {"type": "http.disconnect"}


def scope_of(environ: dict[str, Any]) -> dict[str, Any]:
    """Return what the redirect reads of an ASGI scope."""
    headers = [
        (name.removeprefix("HTTP_").replace("_", "-").lower().encode(), value.encode("latin-1"))
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    return {
        "type": "http",
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "headers": headers,
        "client": (environ["REMOTE_ADDR"], 0),
    }
