"""What came of a delivery: the orders that it stated, and whom they are credited to. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from core.money import Money
from integrations.masking import readable_headers
from integrations.models import Event
from tracking.models import Conversion, Order, Refund
from tracking.orders.lookup import conversions_of_orders

MAX_SHOWN_ORDERS = 50


@dataclass(frozen=True, slots=True)
class EventOrder:
    """An order as it is recorded now. `order` is None if it never was recorded."""

    external_id: str
    order: Order | None
    conversions: tuple[Conversion, ...]

    @property
    def total(self) -> Money | None:
        return Money(self.order.total_minor, self.order.currency) if self.order else None


def orders_of_event(event: Event) -> list[EventOrder]:
    """Return the orders that the delivery stated, or stated a refund of; at most a few dozen."""
    source = event.connection.source
    refunded = Refund.objects.filter(source=source, external_id__in=event.refund_ids)
    ids = list(
        dict.fromkeys([*event.order_ids, *refunded.values_list("order_external_id", flat=True)])
    )
    ids = ids[:MAX_SHOWN_ORDERS]
    rows = {
        row.external_id: row for row in Order.objects.filter(source=source, external_id__in=ids)
    }
    credited = conversions_of_orders(rows.values())
    return [
        EventOrder(name, rows.get(name), credited.get(rows[name].pk, ()) if name in rows else ())
        for name in ids
    ]


def headers_of(event: Event) -> list[tuple[str, str]]:
    """The event's headers for staff, without secrets and networks; none if they are gone."""
    row = Event.objects.only("headers").get(pk=event.pk)
    return readable_headers(row.headers)
