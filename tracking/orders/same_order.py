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
        return self.has_number_of(order) and _are_alike(
            self, order, by_script=self.by_script, is_noticed=is_noticed
        )

    @property
    def words(self) -> str:
        became = "rejected" if self.status == ConversionStatus.REJECTED else "credited"
        return f"{MAY_BE_SAME}{self.external_id} of {self.source}, which is {became}"


def _are_alike(
    one: SameOrder | Order, other: AnyOrder, *, by_script: bool, is_noticed: bool = False
) -> bool:
    apart = abs(one.ordered_at - other.ordered_at)
    amounts = (one.currency, one.total_minor) == (other.currency, other.total_minor)
    near = MAX_TIME_APART if amounts or is_noticed else CLOSE_IN_TIME
    return (amounts or is_noticed or by_script) and apart <= near


def may_be_one(one: Order, other: Order) -> bool:
    """Whether two orders, of different sources, may be the same."""
    numbers = numbers_of(one.external_id, one.number) & numbers_of(other.external_id, other.number)
    by_script = SCRIPT in (one.source, other.source)
    return (
        one.source != other.source and bool(numbers) and _are_alike(one, other, by_script=by_script)
    )


def numbers_of(external_id: str, number: str) -> frozenset[str]:
    """The names of an order, in capitals and without the "#" that some shops show before them."""
    plain = {text.strip().lstrip("#").upper() for text in (external_id, number)}
    return frozenset(plain - {""})


def counting_elsewhere(orders: Iterable[Order]) -> dict[int, list[SameOrder]]:
    """By id, the orders of other sources that are credited, if one of these may be the same."""
    of_source: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        of_source[order.source].append(order)
    found: dict[int, list[SameOrder]] = {}
    for source, listed in of_source.items():
        others = credited_elsewhere(listed, source=source, that_count=True)
        for order in listed:
            if same := [one for one in others if one.is_also(order)]:
                found[order.pk] = same
    return found


def reason_of(other: SameOrder) -> str:
    """Say to the member why an order is rejected that may be the same as another one."""
    return f"It {other.words}."


def is_for_another(reason: str) -> bool:
    """Whether this is a reason of `reason_of`."""
    return reason.startswith(f"It {MAY_BE_SAME}")


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
