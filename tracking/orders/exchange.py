"""Exchange rates: keep them, and find the one for an order in another currency than its offer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.selectors import current_zone
from core.db import lock_identities
from core.money import MAX_AMOUNT_MINOR, convert
from core.tenancy import current_brand_id
from offers.models import Offer
from tracking.models import ExchangeRate, Order
from tracking.orders.facts import OrderFacts

MAX_AGE = timedelta(days=31)  # an older rate says nothing about an order


@dataclass(frozen=True, slots=True)
class DatedRate:
    """What one unit of `currency` was worth in `to` on a day."""

    day: date
    currency: str
    to: str
    rate: Decimal


@dataclass(slots=True)
class Rates:
    """The brand's rates for some orders."""

    known: dict[tuple[str, str], list[tuple[date, Decimal]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    @classmethod
    def for_orders(cls, orders: Iterable[OrderFacts | Order]) -> Rates:
        """Read the rates of the days of these orders, and of those before. One query."""
        days = [_day(order.ordered_at) for order in orders]
        rates = cls()
        if not days:
            return rates
        rows = ExchangeRate.objects.filter(
            currency__in={order.currency for order in orders},
            day__range=(min(days) - MAX_AGE, max(days)),
        ).order_by("day")
        for row in rows:
            rates.known[row.currency, row.to].append((row.day, row.rate))
        return rates

    def at(self, order: OrderFacts | Order, to: str) -> DatedRate | None:
        """The newest rate on the order's day or before, at most `MAX_AGE` old.

        None without one, and for one so wrong that it makes an impossible amount of the order.
        """
        day = _day(order.ordered_at)
        known = self.known.get((order.currency, to), [])
        fitting = [(on, rate) for on, rate in known if day - MAX_AGE <= on <= day]
        if not fitting:
            return None
        on, rate = fitting[-1]
        minor = convert(order.total_minor, rate, order.currency, to)
        return DatedRate(on, order.currency, to, rate) if minor <= MAX_AMOUNT_MINOR else None

    def missing(self, order: OrderFacts | Order, offer: Offer) -> str:
        """Why an order can't be converted, as the end of a sentence about it; "" if it can."""
        if order.currency == offer.currency or self.at(order, offer.currency):
            return ""
        return (
            f"is in {order.currency}, the offer {offer.name} in {offer.currency}, and there is"
            " no exchange rate for its day"
        )


def plain_rate(rate: Decimal) -> str:
    """Return a rate as people write it: 0.790000000 is "0.79"."""
    return f"{rate.normalize():f}"


def exchange_rates(*, search: str = "") -> QuerySet[ExchangeRate]:
    """Return the brand's rates, the newest first."""
    rows = ExchangeRate.objects.order_by("-day", "currency", "pk")
    return rows.filter(Q(currency__iexact=search) | Q(to__iexact=search)) if search else rows


@transaction.atomic
def save_rates(rates: Sequence[DatedRate], *, by: Actor, now: datetime) -> int:
    """Keep rates, each instead of the one for the same day and currencies; return how many changed.

    What is credited already keeps its rate.
    """
    lock_identities([f"rates:{current_brand_id()}"])
    changed: list[tuple[ExchangeRate, dict[str, str]]] = []
    for rate in rates:
        row = ExchangeRate.objects.filter(
            currency=rate.currency, to=rate.to, day=rate.day
        ).first() or ExchangeRate(currency=rate.currency, to=rate.to, day=rate.day)
        if row.rate == rate.rate:
            continue
        before = "" if row.rate is None else plain_rate(row.rate)
        row.rate = rate.rate
        row.save()
        words = f"{rate.currency} to {rate.to} on {rate.day.isoformat()}"
        value = plain_rate(rate.rate)
        changed.append((row, {"rate": words, "value": value, "before": before}))
    audit.record_many(action="rate.set", targets=changed, by=by, now=now)
    return len(changed)


def _day(moment: datetime) -> date:
    return moment.astimezone(current_zone()).date()
