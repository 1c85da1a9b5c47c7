"""What came of one order: whom it is credited to and why, and what it earns now."""

from __future__ import annotations

from dataclasses import dataclass

from core.money import Money
from tracking.models import Conversion, Order, Refund
from tracking.selectors import refunds_of


@dataclass(frozen=True, slots=True)
class Standing:
    """An order with its conversion, if it has one, and its refunds, oldest first."""

    order: Order
    conversion: Conversion | None
    refunds: tuple[Refund, ...]

    @property
    def total(self) -> Money:
        return Money(self.order.total_minor, self.order.currency)

    @property
    def why(self) -> str:
        """Why the winner won, or why nobody is credited."""
        return self.conversion.why if self.conversion else self.order.unattributed


def standing_of(*, source: str, external_id: str) -> Standing | None:
    """The standing of an order of the brand acted for; None when there is no such order."""
    if "\x00" in source + external_id:
        return None  # PostgreSQL knows no such text
    order = Order.objects.filter(source=source, external_id=external_id).first()
    if order is None:
        return None
    return Standing(
        order=order,
        conversion=Conversion.objects.select_related("member", "offer").filter(order=order).first(),
        refunds=tuple(refunds_of(order.pk)),
    )
