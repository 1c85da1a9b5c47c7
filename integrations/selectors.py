"""Read connections, their health, their events, what was refused, and what staff should look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Max, Q, QuerySet, Sum

from accounts.selectors import current_brand
from integrations.masking import readable_body
from integrations.models import (
    Connection,
    ConnectionState,
    DataRequest,
    Event,
    EventOrigin,
    EventState,
    RefusedDelivery,
)
from tracking.models import Conversion, Order
from tracking.orders.lookup import conversions_of_orders

RECENT = timedelta(days=7)
LOOKED_AT_PER_ORDER = 4  # deliveries: a shop sends several of each order
WHY_REFUSED = "the signature is wrong, or the delivery is too large."
HEARD_SINCE = (
    "Good ones have come since, so the secret is right. Somebody else may know the address, or the"
    " shop has an older webhook, with another secret: remove that one there."
)
NOT_HEARD_SINCE = (
    "The shop sends, but we can't be sure that it is the shop: check the secret that it signs with."
)
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
    waiting: int
    failed: int
    refused: int
    refused_at: datetime | None  # the last of them
    currency: str  # the brand's

    @property
    def is_heard_since(self) -> bool:
        """Whether a delivery that was signed right came after the last one that was refused."""
        heard_at, refused_at = self.connection.last_event_at, self.refused_at
        return heard_at is not None and refused_at is not None and heard_at > refused_at

    @property
    def notices(self) -> tuple[Notice, ...]:
        return tuple(_notices(self))


def connection_health(*, now: datetime) -> list[ConnectionHealth]:
    """Each connection with its health, newest first, in a fixed number of queries.

    A store that was never connected, because it was given up before, is left out.
    """
    given_up = Q(state=ConnectionState.DISCONNECTED, connected_at=None, last_event_at=None)
    return _health(connections().exclude(given_up), now=now)


def health_of(connection: Connection, *, now: datetime) -> ConnectionHealth:
    """The health of one connection."""
    [health] = _health(Connection.objects.filter(pk=connection.pk), now=now)
    return health


def live_health(*, now: datetime) -> list[ConnectionHealth]:
    """The live connections with their health, newest first."""
    return _health(live_connections(), now=now)


def notices_of(health: Iterable[ConnectionHealth]) -> list[Notice]:
    """All that staff should look at in these connections."""
    return [notice for one in health for notice in one.notices]


def _health(rows: QuerySet[Connection], *, now: datetime) -> list[ConnectionHealth]:
    """Counts what waits or failed alone, which has an index: a busy shop has millions of others."""
    found = list(rows)
    if not found:
        return []
    since, ids = now - RECENT, [one.pk for one in found]
    is_new = Q(state=EventState.FAILED, received_at__gte=since)
    counted = {
        row["connection"]: row
        for row in Event.objects.filter(is_new | Q(state=EventState.WAITING), connection__in=ids)
        .filter(state__in=[EventState.WAITING, EventState.FAILED])
        .order_by()
        .values("connection")
        .annotate(
            waiting=Count("pk", filter=Q(state=EventState.WAITING)),
            failed=Count("pk", filter=Q(state=EventState.FAILED)),
        )
    }
    refused = {
        pk: (number, last_at)
        for pk, number, last_at in RefusedDelivery.objects.filter(
            hour__gte=since, connection__in=ids
        )
        .order_by()
        .values_list("connection")
        .annotate(number=Sum("number"), last=Max("last_at"))
    }
    currency = current_brand().currency
    none = {"waiting": 0, "failed": 0}
    return [
        ConnectionHealth(
            connection=one,
            waiting=counted.get(one.pk, none)["waiting"],
            failed=counted.get(one.pk, none)["failed"],
            refused=refused.get(one.pk, (0, None))[0],
            refused_at=refused.get(one.pk, (0, None))[1],
            currency=currency,
        )
        for one in found
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
        what = "1 delivery" if health.failed == 1 else f"{health.failed:,} deliveries"
        text = f"{what} of the last 7 days could not be recorded."
        found.append(Notice(NoticeKind.FAILED, one, text))
    if health.refused:
        what = "1 delivery" if health.refused == 1 else f"{health.refused:,} deliveries"
        was = "was" if health.refused == 1 else "were"
        text = f"{what} of the last 7 days {was} refused: {WHY_REFUSED} "
        text += HEARD_SINCE if health.is_heard_since else NOT_HEARD_SINCE
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


@dataclass(frozen=True, slots=True)
class ArrivedOrder:
    """An order that a shop sent, and whom it is credited to: nobody, a member, or several."""

    order: Order
    conversions: tuple[Conversion, ...]
    received_at: datetime


def latest_orders(connection: Connection, *, limit: int) -> list[ArrivedOrder]:
    """The orders of the deliveries that came last, newest first. Test orders are left out."""
    came = (
        Event.objects.filter(connection=connection, state=EventState.DONE)
        .exclude(origin=EventOrigin.TEST)
        .order_by("-received_at", "-pk")
        .values_list("order_ids", "received_at")
    )
    received: dict[str, datetime] = {}
    for ids, received_at in came[: LOOKED_AT_PER_ORDER * limit]:
        for order_id in ids:
            received.setdefault(order_id, received_at)
    wanted = list(received)[: LOOKED_AT_PER_ORDER * limit]
    rows = Order.objects.filter(source=connection.source, external_id__in=wanted, is_test=False)
    orders = {row.external_id: row for row in rows}
    shown = [orders[one] for one in wanted if one in orders][:limit]
    credited = conversions_of_orders(shown)
    return [ArrivedOrder(one, credited.get(one.pk, ()), received[one.external_id]) for one in shown]


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
