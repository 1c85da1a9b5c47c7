"""Read connections, their health, their events, what was refused, and what staff should look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Q, QuerySet, Sum

from accounts.selectors import current_brand
from integrations.masking import readable_body
from integrations.models import (
    Connection,
    ConnectionState,
    DataRequest,
    Event,
    EventState,
    RefusedDelivery,
)

RECENT = timedelta(days=7)
GONE = "The contents are kept for 90 days, and were deleted."


def connections() -> QuerySet[Connection]:
    """The connections of the brand, newest first; ended ones too."""
    return Connection.objects.order_by("-created_at", "-pk")


def live_connections() -> QuerySet[Connection]:
    """Those that orders may come from, newest first."""
    return Connection.objects.live().order_by("-created_at", "-pk")


def has_first_order() -> bool:
    """Whether a shop has sent an order: only then is a shop connected."""
    return Connection.objects.live().filter(last_order_at__isnull=False).exists()


class NoticeKind(StrEnum):
    ACCESS = "access"
    PROBLEM = "problem"
    SILENT = "silent"
    FAILED = "failed"
    REFUSED = "refused"
    CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that staff should look at, in a sentence."""

    kind: NoticeKind
    connection: Connection
    text: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConnectionHealth:
    """A connection, with the numbers of the last 7 days, and of all that wait."""

    connection: Connection
    events: int
    waiting: int
    failed: int
    refused: int
    currency: str  # the brand's

    @property
    def notices(self) -> tuple[Notice, ...]:
        return tuple(_notices(self))


def connection_health(*, now: datetime) -> list[ConnectionHealth]:
    """Each connection with its health, newest first, in a fixed number of queries."""
    since = now - RECENT
    counted = {
        row["connection"]: row
        for row in Event.objects.filter(Q(received_at__gte=since) | Q(state=EventState.WAITING))
        .order_by()
        .values("connection")
        .annotate(
            events=Count("pk", filter=Q(received_at__gte=since)),
            waiting=Count("pk", filter=Q(state=EventState.WAITING)),
            failed=Count("pk", filter=Q(state=EventState.FAILED)),
        )
    }
    refused = dict(
        RefusedDelivery.objects.filter(hour__gte=since)
        .order_by()
        .values_list("connection")
        .annotate(number=Sum("number"))
    )
    currency = current_brand().currency
    none = {"events": 0, "waiting": 0, "failed": 0}
    return [
        ConnectionHealth(
            connection=one,
            events=counted.get(one.pk, none)["events"],
            waiting=counted.get(one.pk, none)["waiting"],
            failed=counted.get(one.pk, none)["failed"],
            refused=refused.get(one.pk, 0),
            currency=currency,
        )
        for one in connections()
    ]


def notices(*, now: datetime) -> list[Notice]:
    """All that staff should look at, over the live connections."""
    return [
        notice
        for health in connection_health(now=now)
        if health.connection.is_live
        for notice in health.notices
    ]


def _notices(health: ConnectionHealth) -> list[Notice]:
    one = health.connection
    found = []
    if one.problem:
        is_refused = one.state == ConnectionState.REFUSED
        kind = NoticeKind.ACCESS if is_refused else NoticeKind.PROBLEM
        found.append(Notice(kind, one, one.problem, one.problem_at))
    if one.silent_since is not None:
        text = "No order has come for much longer than usual. Check whether the shop still sends."
        found.append(Notice(NoticeKind.SILENT, one, text, one.silent_since))
    if health.failed:
        text = f"{health.failed:,} deliveries of the last 7 days could not be recorded."
        found.append(Notice(NoticeKind.FAILED, one, text))
    if health.refused:
        text = (
            f"{health.refused:,} deliveries of the last 7 days were refused: their signature is"
            " wrong, or they are too large. Check the secret that the shop signs with."
        )
        found.append(Notice(NoticeKind.REFUSED, one, text))
    if one.currencies and one.currencies[-1] != health.currency:
        text = (
            f"Its orders are in {one.currencies[-1]}, and the brand's currency is"
            f" {health.currency}. Orders in another currency than their offer's need a rate."
        )
        found.append(Notice(NoticeKind.CURRENCY, one, text))
    return found


def events(
    *,
    connection: Connection | int | None = None,
    state: str = "",
    origin: str = "",
    search: str = "",
    first: datetime | None = None,
    last: datetime | None = None,
) -> QuerySet[Event]:
    """The events, newest first, without bodies and headers; received from `first` to before `last`.

    `search` finds an order's id, an event's id, and topics by their beginning.
    """
    found = Event.objects.select_related("connection").defer("body", "headers")
    if connection is not None:
        found = found.filter(connection=connection)
    if state:
        found = found.filter(state=state)
    if origin:
        found = found.filter(origin=origin)
    if first is not None:
        found = found.filter(received_at__gte=first)
    if last is not None:
        found = found.filter(received_at__lt=last)
    if text := search.strip().replace("\x00", ""):
        found = found.filter(
            Q(order_ids__contains=[text]) | Q(event_id=text) | Q(topic__istartswith=text)
        )
    return found.order_by("-received_at", "-pk")


def body_of(event: Event) -> str:
    """The event's body for staff, with personal data masked; a sentence if it is gone."""
    row = Event.objects.only("body").get(pk=event.pk)
    return readable_body(bytes(row.body)) if row.body is not None else GONE


def has_body(event: Event) -> bool:
    return Event.objects.filter(pk=event.pk, body__isnull=False).exists()


def refused_deliveries(
    *, now: datetime, connection: Connection | int | None = None
) -> QuerySet[RefusedDelivery]:
    """What was refused in the last 7 days, by hour and reason, newest first."""
    found = RefusedDelivery.objects.filter(hour__gte=now - RECENT).select_related("connection")
    if connection is not None:
        found = found.filter(connection=connection)
    return found.order_by("-hour", "-pk")


def data_requests(
    *, only_open: bool = False, state: str = "", search: str = ""
) -> QuerySet[DataRequest]:
    """What shoppers asked to know; the one that is due first comes first.

    `state` is "open" or "answered"; `search` finds a customer or an order by the whole id.
    """
    found = DataRequest.objects.select_related("connection").order_by("due_at", "pk")
    if only_open or state == "open":
        found = found.filter(answered_at=None)
    elif state == "answered":
        found = found.filter(answered_at__isnull=False)
    if text := search.strip().replace("\x00", ""):
        found = found.filter(Q(customer_ref=text) | Q(order_ids__contains=[text]))
    return found
