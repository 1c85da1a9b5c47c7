"""Notice an order that came from another source before, so that it is not credited twice.

A brand can have the same order from its connected shop and from a file. Their identities differ:
they have the same number, as one of them shows it, the same currency and amount, and were placed
at about the same time. Two shops of a brand can have the same numbers, but hardly all of that.
A page that reports an order often has another amount, with tax and shipping: there the number and
the time are enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.kept_queries import kept_query
from core.tenancy import current_brand_id
from tracking.models import Conversion, ConversionStatus, Evidence, Order
from tracking.models.orders import NUMBER_FORWARDS, SHOWN_NUMBER
from tracking.orders.facts import OrderFacts
from tracking.orders.sources import SCRIPT

MAY_BE_SAME = "may be the same order as "  # how the reason of such an order begins
MAX_TIME_APART = timedelta(days=2)  # files may have the day alone, in any time zone
AnyOrder = OrderFacts | Order


@dataclass(frozen=True, slots=True)
class SameOrder:
    """A credited order, by what another statement of it would have too."""

    source: str
    external_id: str
    numbers: frozenset[str]
    by_script: bool  # one of the two was reported by a page
    currency: str
    total_minor: int
    ordered_at: datetime
    order_pk: int
    is_given: bool  # staff chose who is credited

    @property
    def gives_way(self) -> bool:
        """Whether only a browser has reported it so far: it stands in the way of no other one."""
        return self.source == SCRIPT and not self.is_given

    def is_also(self, order: AnyOrder) -> bool:
        """Whether `order`, of another source, may be the same."""
        amounts = (self.currency, self.total_minor) == (order.currency, order.total_minor)
        return (
            (amounts or self.by_script)
            and abs(self.ordered_at - order.ordered_at) <= MAX_TIME_APART
            and not self.numbers.isdisjoint(numbers_of(order.external_id, order.number))
        )

    @property
    def words(self) -> str:
        return f"{MAY_BE_SAME}{self.external_id} of {self.source}, which is credited"


def numbers_of(external_id: str, number: str) -> frozenset[str]:
    """The names of an order, in capitals and without the "#" that some shops show before them."""
    plain = {text.strip().lstrip("#").upper() for text in (external_id, number)}
    return frozenset(plain - {""})


def number_locks(orders: Iterable[OrderFacts]) -> list[str]:
    """Return the names of the locks of orders that could be credited, by their numbers."""
    brand = current_brand_id()
    return [
        f"number:{brand}:{number}"
        for order in orders
        if order.promo_codes or order.click_id
        for number in numbers_of(order.external_id, order.number)
    ]


def credited_elsewhere(orders: Sequence[AnyOrder], *, source: str) -> list[SameOrder]:
    """Return the credited orders of other sources that have the number of one of these."""
    numbers = {n for order in orders for n in numbers_of(order.external_id, order.number)}
    if not numbers:
        return []
    named = sorted({*numbers, *(f"#{number}" for number in numbers)})
    return [
        SameOrder(
            other,
            external_id,
            numbers_of(external_id, number),
            SCRIPT in (source, other),
            *rest,
        )
        for other, external_id, number, *rest in _credited(source=source, named=named)
    ]


@kept_query
def _credited(*, source: str, named: list[str]) -> QuerySet[Order, tuple[object, ...]]:
    counting = Conversion.objects.filter(order=OuterRef("pk"), share_bp__gt=0).exclude(
        status=ConversionStatus.REJECTED
    )
    rows = Order.objects.alias(forwards=NUMBER_FORWARDS, shown=SHOWN_NUMBER)
    rows = rows.filter(Q(forwards__among=named) | ~Q(number="") & Q(shown__among=named))
    rows = rows.exclude(source=source).filter(Exists(counting)).order_by("pk")
    given = counting.filter(~Q(share_reason="") | Q(evidence=Evidence.BY_HAND))
    return rows.annotate(given=Exists(given)).values_list(
        "source", "external_id", "number", "currency", "total_minor", "ordered_at", "pk", "given"
    )
