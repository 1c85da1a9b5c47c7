"""A brand's currency and time zone, which can be changed until its first order.

Each order counts on a day of the time zone, and figures are shown in the currency. A trigger
refuses to change them once there is an order, also a test order.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import available_timezones

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import Brand
from core.money import exponent
from tracking.models import Order


class BasicsError(ValueError):
    """The currency or the time zone can't be changed; `field` says which is wrong, if one is."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def are_basics_open() -> bool:
    """Whether the brand acted for has no order yet."""
    return not Order.objects.exists()


@transaction.atomic
def change_basics(
    *, brand: Brand, currency: str, time_zone: str, by: Actor, now: datetime
) -> Brand:
    """Change the currency and the time zone of a brand without orders.

    With another currency, the minimum payment is none again. Locks the brand, so an order that is
    recorded at the same moment comes wholly before or after. Raises BasicsError if there is an
    order or no such time zone, and core.money.UnknownCurrencyError.
    """
    exponent(currency)
    if time_zone not in available_timezones():
        raise BasicsError("there is no such time zone", field="time_zone")
    row = Brand.objects.select_for_update().get(pk=brand.pk)
    wanted: dict[str, str | int] = {"currency": currency, "time_zone": time_zone}
    if currency != row.currency:
        wanted["minimum_payout_minor"] = 0
    changed = {field: value for field, value in wanted.items() if getattr(row, field) != value}
    if not changed:
        return row
    if not are_basics_open():
        raise BasicsError("the brand has an order by now, so both are fixed")
    for field, value in changed.items():
        setattr(row, field, value)
    row.version += 1
    row.save(update_fields=[*changed, "version"])
    audit.record(action="brand.changed", target=row, by=by, now=now, **changed)
    return row
