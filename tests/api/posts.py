"""Requests of shops to the ASGI application, as the web server passes them on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from config import wsgi
from config.arriving import sender_of
from config.asgi import Server
from config.gate import Places
from tests.api.shop import ORDERS
from tests.event_loop import run


class Post:
    """One request of a shop, on a separate connection."""

    def __init__(
        self,
        body: Any,
        secret: str,
        *,
        path: str = ORDERS,
        method: str = "POST",
        host: str = "testserver",
        content_type: str = "application/json",
        parts: int = 1,
        **headers: str,
    ) -> None:
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.parts = parts
        path, _, query = path.partition("?")
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "http_version": "1.1",
            "headers": [
                (b"host", host.encode()),
                (b"authorization", f"Bearer {secret}".encode()),
                (b"content-type", content_type.encode()),
                (b"content-length", str(len(self.body)).encode()),
                *(
                    (name.replace("_", "-").encode(), text.encode())
                    for name, text in headers.items()
                ),
            ],
            "client": ("127.0.0.1", 1),
        }
        self.status, self.answer, self.headers = 0, b"", dict[str, str]()

    async def receive(self) -> dict[str, Any]:
        """The body, in as many parts."""
        self.parts -= 1
        part = self.body if self.parts <= 0 else self.body[: len(self.body) // 2]
        self.body = self.body[len(part) :]
        return {"type": "http.request", "body": part, "more_body": self.parts > 0}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.answer += message["body"]

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.answer)
        return found


def send(posts: Sequence[Post], *, at_once: Callable[..., Any] = wsgi.answer_at_once) -> None:
    """Send all at the same moment to one web process."""
    server = Server(
        wsgi.application,
        refuse=wsgi.refuse,
        places=Places(4, queue=16, seconds=60),
        sender_of=sender_of,
        at_once=at_once,
    )

    async def ask() -> None:
        await asyncio.gather(*(server(post.scope, post.receive, post.send) for post in posts))

    run(ask())
    assert server.places.taken == 0
