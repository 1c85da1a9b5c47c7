"""Things that happen in a brand, so that the outbox has something to tell."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from tests.cast import SYSTEM, order
from tracking.models import Conversion
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.recording import record_orders
from webhooks.dispatching import dispatch_waiting
from webhooks.models import Delivery, Endpoint


def sell(*numbers: str, **changes: Any) -> None:
    """Orders with Mara's code: each is recorded and credited."""
    orders = [order(one, **changes) for one in numbers]
    record_orders(source="shop", orders=orders, by=SYSTEM, now=timezone.now())


def reject(number: str) -> None:
    ids = [Conversion.objects.get(order__external_id=number).pk]
    reject_conversions(conversion_ids=ids, reason="No", by=SYSTEM, now=timezone.now())


def accept(number: str) -> None:
    ids = [Conversion.objects.get(order__external_id=number).pk]
    accept_conversions(conversion_ids=ids, by=SYSTEM, now=timezone.now())


def dispatch() -> int:
    return dispatch_waiting(now=timezone.now())


def of(endpoint: Endpoint, *events: str) -> list[Delivery]:
    """The endpoint's deliveries, oldest first."""
    found = Delivery.objects.filter(endpoint=endpoint).order_by("pk")
    return list(found.filter(event__in=events) if events else found)


def later(**parts: float) -> datetime:
    return timezone.now() + timedelta(**parts)
