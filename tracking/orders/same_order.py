"""Notice an order that came from another source before, so that it is not credited twice.

A brand can have the same order from its connected shop and from a file. Their identities differ:
they have the same number, as one of them shows it, the same currency and amount, and were placed
at about the same time. Two shops of a brand can have the same numbers, but hardly all of that.
A page that reports an order often has another amount, with tax and shipping: there the number is
enough where the times are close. What was noticed once stays noticed, whatever its amount becomes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from core.kept_queries import kept_query
from core.tenancy import current_brand_id
from tracking.models import Conversion, ConversionStatus, Evidence, Order
from tracking.models.orders import NUMBER_FORWARDS, SHOWN_NUMBER
from tracking.orders.facts import OrderFacts
from tracking.orders.sources import SCRIPT

MAY_BE_SAME = "may be the same order as "  # how the reason of such an order begins
MAX_TIME_APART = timedelta(days=2)  # files may have the day alone, in any time zone
CLOSE_IN_TIME = timedelta(hours=1)  # a page reports an order when it is placed
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
    enrollment_id: int  # who is credited; of several, one
    evidence: str
    status: str

    @property
    def gives_way(self) -> bool:
        """Whether only a browser has reported it so far: it stands in the way of no other one."""
        return self.source == SCRIPT and not self.is_given

    def gives_way_to(self, evidence: Evidence) -> bool:
        """Whether an order with this evidence takes its place.

        What was accepted gives way to no weaker evidence: a page can know the code or the click of
        an order of which the shop says the customer alone.
        """
        is_weaker = evidence is Evidence.CUSTOMER and self.evidence != Evidence.CUSTOMER
        return self.gives_way and not (is_weaker and self.status == ConversionStatus.ACCEPTED)

    def has_number_of(self, order: AnyOrder) -> bool:
        return not self.numbers.isdisjoint(numbers_of(order.external_id, order.number))

    def is_also(self, order: AnyOrder, *, is_noticed: bool = False) -> bool:
        """Whether `order`, of another source, may be the same; `is_noticed`: it seemed so."""
        apart = abs(self.ordered_at - order.ordered_at)
        amounts = (self.currency, self.total_minor) == (order.currency, order.total_minor)
        near = MAX_TIME_APART if amounts or is_noticed else CLOSE_IN_TIME
        is_alike = amounts or is_noticed or self.by_script
        return is_alike and apart <= near and self.has_number_of(order)

    @property
    def words(self) -> str:
        became = "rejected" if self.status == ConversionStatus.REJECTED else "credited"
        return f"{MAY_BE_SAME}{self.external_id} of {self.source}, which is {became}"


def numbers_of(external_id: str, number: str) -> frozenset[str]:
    """The names of an order, in capitals and without the "#" that some shops show before them."""
    plain = {text.strip().lstrip("#").upper() for text in (external_id, number)}
    return frozenset(plain - {""})


def in_the_way_of(orders: Iterable[Order]) -> dict[int, SameOrder]:
    """By id, the order of another source that is credited, if one of these may be the same."""
    found: dict[int, SameOrder] = {}
    of_source: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        of_source[order.source].append(order)
    for source, same in of_source.items():
        others = credited_elsewhere(same, source=source, that_count=True)
        for order in same:
            in_way = [one for one in others if one.is_also(order) and not one.gives_way]
            if in_way:
                found[order.pk] = in_way[0]
    return found


def was_noticed(order: Order) -> bool:
    """Whether nobody is credited for the order because it may be one that is credited already."""
    return order.unattributed.startswith(MAY_BE_SAME)


def number_locks(orders: Iterable[AnyOrder]) -> list[str]:
    """Return the names of the locks of orders by their numbers, of whatever source."""
    brand = current_brand_id()
    return [
        f"number:{brand}:{number}"
        for order in orders
        for number in numbers_of(order.external_id, order.number)
    ]


def credited_elsewhere(
    orders: Sequence[AnyOrder], *, source: str, that_count: bool = False
) -> list[SameOrder]:
    """Return the credited orders of other sources that have the number of one of these.

    A page's report meets rejected ones too, unless only those `that_count` are asked for: what the
    shop said of its order stands.
    """
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
        for other, external_id, number, *rest in _credited(
            source=source,
            named=named,
            but=None if source == SCRIPT and not that_count else ConversionStatus.REJECTED.value,
        )
    ]


@kept_query
def _credited(
    *, source: str, named: list[str], but: str | None
) -> QuerySet[Order, tuple[object, ...]]:
    counting = Conversion.objects.filter(order=OuterRef("pk"), share_bp__gt=0)
    if but is not None:
        counting = counting.exclude(status=but)
    rows = Order.objects.alias(forwards=NUMBER_FORWARDS, shown=SHOWN_NUMBER)
    rows = rows.filter(Q(forwards__among=named) | ~Q(number="") & Q(shown__among=named))
    rows = rows.exclude(source=source).filter(Exists(counting)).order_by("pk")
    given = counting.filter(~Q(share_reason="") | Q(evidence=Evidence.BY_HAND))
    first = counting.order_by("pk")
    return rows.annotate(
        given=Exists(given),
        credited=Subquery(first.values("enrollment")[:1]),
        evidence=Subquery(first.values("evidence")[:1]),
        status=Subquery(first.values("status")[:1]),
    ).values_list(
        "source", "external_id", "number", "currency", "total_minor", "ordered_at", "pk", "given",
        "credited", "evidence", "status",
    )  # fmt: skip
