"""Connect a real kind of shop, receive what it sends as the web server does, and work on it."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.test import Client

from integrations import connections
from integrations.models import Connection, Event
from integrations.working import work_events
from payouts.models import LedgerEntry
from tests.cast import SYSTEM
from tests.integrations.real.outbox import Posted
from tests.integrations.real.shops import RealShop


def now() -> datetime:
    return datetime.now(UTC)


def post(posted: Posted) -> int:
    """As the web server receives it."""
    answer = Client(raise_request_exception=False).post(
        urlsplit(posted.url).path,
        posted.body,
        content_type=posted.headers.get("content-type", "application/json"),
        headers={n: v for n, v in posted.headers.items() if n.lower() != "content-type"},
    )
    return answer.status_code


def connected(shop: RealShop) -> Connection:
    made = connections.connect(kind=shop.kind, entered=shop.entered, by=SYSTEM, now=now())
    findings = connections.subscribe(connection=made, by=SYSTEM, now=now())
    assert all(one.is_ok for one in findings), findings
    return again(made)


def again(connection: Connection) -> Connection:
    return Connection.objects.get(pk=connection.pk)


def work(connection: Connection) -> None:
    work_events(connection_id=connection.pk, now=now())
    assert set(Event.objects.values_list("state", "reason")) <= {("done", "")}


def commission() -> int:
    return sum(LedgerEntry.objects.values_list("amount_minor", flat=True))
