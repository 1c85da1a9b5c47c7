"""Takes what stand-ins post to webhooks, in place of the network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import httpx


@dataclass(frozen=True, slots=True)
class Posted:
    """What a stand-in sends to a webhook."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Outbox:
    """Takes what stand-ins post. `send` passes it on and returns the status of the answer."""

    send: Callable[[Posted], int]
    is_holding: bool = False  # what is posted is kept and not sent
    kept: list[Posted] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def post(
        self, url: str, *, content: Any, headers: Mapping[str, str], **_: Any
    ) -> httpx.Response:
        if threading.current_thread() is not threading.main_thread():
            return httpx.Response(200)  # WooCommerce's ping, in the middle of another request
        body = content.encode() if isinstance(content, str) else content
        posted = Posted(url, dict(headers), body)
        if self.is_holding:
            self.kept.append(posted)
            return httpx.Response(200)
        status = self.send(posted)
        self.statuses.append(status)
        return httpx.Response(status)

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Whatever stand-ins of this process post comes here."""
        with patch("httpx.post", self.post):
            yield
