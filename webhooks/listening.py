"""A receiver for trying out webhooks on this machine: it prints each delivery and checks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

MAX_BODY_BYTES = 1_000_000
READ_SECONDS = 10.0
WEBHOOK_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
RIGHT, WRONG = "the signature is right", "the signature is wrong"


class Listener(HTTPServer):
    """Answers `status` on a port of this machine, or 401 where the signature is wrong.

    `secrets` returns what may have signed; port 0 picks a free one. One delivery at a time.
    """

    def __init__(
        self,
        *,
        port: int,
        status: int,
        secrets: Callable[[], Sequence[str]],
        say: Callable[[str], object],
    ) -> None:
        self.status, self.secrets, self.say = status, secrets, say
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def receive(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Print a delivery; return the status of the answer."""
        is_right = is_signed(body, headers, secrets=self.secrets())
        status = self.status if is_right else 401
        at, verdict = f"{datetime.now(tz=UTC):%H:%M:%S}", RIGHT if is_right else WRONG
        self.say(f"{at}  {headers['webhook-id']}  {verdict}, answered {status}")
        self.say(_readable(body))
        return status


def is_signed(body: bytes, headers: Mapping[str, str], *, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets signed it, in the last five minutes."""
    for secret in secrets:
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            continue
        return True
    return False


class _Handler(BaseHTTPRequestHandler):
    server: Listener
    timeout = READ_SECONDS

    def do_POST(self) -> None:
        """Take a delivery, and answer."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or int(length) > MAX_BODY_BYTES:
            self._answer(413)
            return
        body = self.rfile.read(int(length))
        headers = {name: self.headers.get(name, "") for name in WEBHOOK_HEADERS}
        self._answer(self.server.receive(body, headers))

    def _answer(self, status: int) -> None:
        self.send_response_only(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has
        """Say nothing: each delivery is printed already."""


def _readable(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body.decode("utf-8", "replace")
