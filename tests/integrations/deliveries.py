"""Make a connection, deliver to it over HTTP, and have a worker work on what arrived."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.test import Client

from integrations.connections import connect, subscribe
from integrations.credentials import secret_of
from integrations.models import Connection, Event
from integrations.working import work_events
from tests.answers import Answer
from tests.cast import NOW, SYSTEM
from tests.integrations.made_up_shop import KIND, signed

STORE = "juniper.example"
ENTERED = {"store": f"https://{STORE}/", "token": "right"}


def connected(*, now: datetime = NOW, **changes: str) -> Connection:
    """A new connection whose webhooks are made."""
    made = connect(kind=KIND, entered=ENTERED | changes, by=SYSTEM, now=now)
    subscribe(connection=made, by=SYSTEM, now=now)
    return Connection.objects.get(pk=made.pk)


def body_of(contents: dict[str, Any]) -> bytes:
    return json.dumps(contents).encode()


def deliver(
    connection: Connection,
    contents: dict[str, Any] | bytes,
    *,
    topic: str = "order",
    secret: str | None = None,
    path: str = "",
    **headers: str,
) -> Answer:
    """Post a delivery as the shop does; `secret` signs it instead of the connection's own."""
    body = contents if isinstance(contents, bytes) else body_of(contents)
    key = secret_of(connection) if secret is None else secret
    return Client(raise_request_exception=False).post(
        f"/webhooks/{connection.public_id}/{path}",
        body,
        content_type="application/json",
        headers={**signed(body, key, topic), **headers},
    )


def work(connection: Connection, *, now: datetime | None = None) -> int:
    """Work on all that waits, at a moment when all that was delivered is due."""
    if now is None:
        newest = Event.objects.order_by("-try_again_at").values_list("received_at", flat=True)
        now = max([NOW, *newest[:1]])
    return work_events(connection_id=connection.pk, now=now, clock=lambda: now)


def only_event() -> Event:
    return Event.objects.select_related("connection").get()


def again(connection: Connection) -> Connection:
    """The connection as it is now."""
    return Connection.objects.get(pk=connection.pk)
