"""Read endpoints, their deliveries and the attempts at them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from core.tenancy import current_brand_id
from webhooks.models import (
    WAITING_STATES,
    Attempt,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
)
from webhooks.naming import target_of

RECENT = timedelta(days=7)
MISSED = (DeliveryState.GIVEN_UP, DeliveryState.SKIPPED)


def endpoints() -> QuerySet[Endpoint]:
    """The endpoints of the brand, newest first, without deleted ones."""
    found: QuerySet[Endpoint] = Endpoint.objects.kept().order_by("-created_at", "-pk")
    return found


def disabled_endpoints() -> QuerySet[Endpoint]:
    """Those that were disabled and that nobody has turned on again, newest first."""
    return endpoints().filter(state=EndpointState.DISABLED)


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """An endpoint, with what waits for it, and what it missed in the last 7 days."""

    endpoint: Endpoint
    waiting: int
    missed: int


def endpoints_and_health(*, now: datetime) -> list[EndpointHealth]:
    """Each endpoint with its numbers, newest first, in two queries."""
    return healths_of(list(endpoints()), now=now)


def health_of(endpoint: Endpoint, *, now: datetime) -> EndpointHealth:
    [health] = healths_of([endpoint], now=now)
    return health


def healths_of(rows: list[Endpoint], *, now: datetime) -> list[EndpointHealth]:
    """Return these endpoints with their numbers, in one query.

    It counts no delivered ones: a busy endpoint has millions of them.
    """
    is_new_miss = Q(state__in=MISSED, created_at__gte=now - RECENT)
    counted = {
        row["endpoint"]: row
        for row in Delivery.objects.filter(Q(state__in=WAITING_STATES) | is_new_miss)
        .filter(endpoint__in=rows)
        .exclude(state=DeliveryState.DELIVERED)
        .order_by()
        .values("endpoint")
        .annotate(
            waiting=Count("pk", filter=Q(state__in=WAITING_STATES)),
            missed=Count("pk", filter=Q(state__in=MISSED)),
        )
    }
    none = {"waiting": 0, "missed": 0}
    return [
        EndpointHealth(
            one, counted.get(one.pk, none)["waiting"], counted.get(one.pk, none)["missed"]
        )
        for one in rows
    ]


def deliveries(
    *,
    endpoint: Endpoint | int | None = None,
    state: str = "",
    event: str = "",
    search: str = "",
    first: datetime | None = None,
    last: datetime | None = None,
) -> QuerySet[Delivery]:
    """The deliveries, newest first, without bodies; made from `first` to before `last`.

    `search` finds the id of an event, and a thing by the id that the API gives it.
    """
    found = Delivery.objects.select_related("endpoint").defer("body")
    found = found.exclude(endpoint__state=EndpointState.DELETED)
    if endpoint is not None:
        found = found.filter(endpoint=endpoint)
    if state:
        found = found.filter(state=state)
    if event:
        found = found.filter(event=event)
    if first is not None:
        found = found.filter(created_at__gte=first)
    if last is not None:
        found = found.filter(created_at__lt=last)
    if text := search.strip().replace("\x00", ""):
        event_id = _event_id_in(text)
        target = target_of(text, brand_id=current_brand_id())
        found = found.filter(event_id=event_id) if event_id else found.filter(target=target)
    return found.order_by("-created_at", "-pk")


def _event_id_in(text: str) -> UUID | None:
    try:
        return UUID(text.removeprefix("msg_"))
    except ValueError:
        return None


def overdue(*, now: datetime) -> QuerySet[Delivery]:
    """What could be sent for the first time now, to endpoints that don't fail."""
    healthy = Endpoint.objects.filter(state=EndpointState.ON, failing_since=None, paused_until=None)
    return Delivery.objects.filter(
        state=DeliveryState.PENDING, tries=0, next_attempt_at__lte=now, endpoint__in=healthy
    )


def latest_deliveries(endpoint: Endpoint, *, limit: int) -> list[Delivery]:
    return list(deliveries(endpoint=endpoint)[:limit])


def body_of_delivery(delivery: Delivery) -> str:
    """The body as it is sent; "" once it was deleted."""
    return Delivery.objects.only("body").get(pk=delivery.pk).body


def attempts_of(delivery: Delivery) -> QuerySet[Attempt]:
    """The attempts that are kept, the last one first."""
    return Attempt.objects.filter(delivery=delivery).order_by("-number")
