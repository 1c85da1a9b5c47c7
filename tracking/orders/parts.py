"""Part a batch of new orders and known ones that change, so that the result is as one by one.

In a part, the new orders are recorded first, and then the known ones are stated anew. So a new
order begins another part if it follows a changed one that may matter to it: one of a member whose
tier it may count for, or one of its customer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db.models import QuerySet

from core.kept_queries import kept_query
from tracking.commissions.tier_progress import has_tiers
from tracking.links import click_ids
from tracking.links.code_text import normal_code
from tracking.models import Conversion, Order, PaymentStatus
from tracking.models.orders import NOT_CREDITED
from tracking.orders.attribution import BatchEvidence, load_evidence
from tracking.orders.facts import OrderFacts
from tracking.orders.looking_again import sequence_matters


@dataclass(frozen=True, slots=True)
class StateBefore:
    """A known order as it was before the batch."""

    digest: str
    payment_status: str
    unattributed: str
    customer_ref: str

    def differs(self, order: OrderFacts) -> bool:
        """Whether what is stated now may matter to other orders.

        That a credited order is paid does not: pending ones count as much for tiers and customers.
        """
        if order.digest() == self.digest:
            return False
        as_before = replace(order, payment_status=self.payment_status)
        is_voided = PaymentStatus.VOIDED in (order.payment_status, self.payment_status)
        return bool(self.unattributed) or is_voided or as_before.digest() != self.digest


States = Mapping[str, StateBefore]  # by external id


@dataclass(frozen=True, slots=True)
class _Reach:
    """The enrollments whose tiers an order may count for, and its customers."""

    enrollments: frozenset[int] = frozenset()
    customers: frozenset[str] = frozenset()

    def __or__(self, other: _Reach) -> _Reach:
        return _Reach(self.enrollments | other.enrollments, self.customers | other.customers)

    def meets(self, other: _Reach) -> bool:
        return bool(self.enrollments & other.enrollments or self.customers & other.customers)


def states_before(source: str, orders: Sequence[OrderFacts]) -> dict[str, StateBefore]:
    """The orders of the batch that are known, as they are. One query."""
    rows = _known(source=source, external_ids=[order.external_id for order in orders])
    return {external_id: StateBefore(*rest) for external_id, *rest in rows}


@kept_query
def _known(*, source: str, external_ids: list[str]) -> QuerySet[Order, Any]:
    rows = Order.objects.filter(source=source, external_id__among=external_ids)
    return rows.values_list(
        "external_id", "digest", "payment_status", "unattributed", "customer_ref"
    )


def parts_to_record(
    source: str, orders: Sequence[OrderFacts], before: States, *, now: datetime
) -> list[Sequence[OrderFacts]]:
    """Part a batch, of which the caller holds the locks."""
    if not _has_new_after_changed(orders, before, now=now) or not sequence_matters():
        return [orders]
    reaches = _reaches(source, orders, before)
    starts, stated, changed = [0], dict[str, _Reach](), _Reach()
    for index, order in enumerate(orders):
        if order.future_problem(now=now) is not None:
            continue  # it is refused, and the next one of this id may be the first
        reach = reaches[index]
        if order.external_id in stated:
            changed |= reach | stated[order.external_id]
        elif order.external_id in before:
            changed |= reach if before[order.external_id].differs(order) else _Reach()
        elif changed.meets(reach):
            starts.append(index)
            changed = _Reach()
        stated[order.external_id] = stated.get(order.external_id, _Reach()) | reach
    return [orders[start:end] for start, end in pairwise([*starts, len(orders)])]


def _has_new_after_changed(orders: Sequence[OrderFacts], before: States, *, now: datetime) -> bool:
    stated, is_changed = set[str](), False
    for order in orders:
        if order.future_problem(now=now) is not None:
            continue
        if order.external_id in stated:
            is_changed = True
        elif order.external_id in before:
            is_changed |= before[order.external_id].differs(order)
        elif is_changed:
            return True
        stated.add(order.external_id)
    return False


def _reaches(source: str, orders: Sequence[OrderFacts], before: States) -> list[_Reach]:
    """What each order may matter to. At most ten queries."""
    customers = [_customers(order, before) for order in orders]
    if not has_tiers():
        return [_Reach(customers=refs) for refs in customers]
    waiting = _waiting(source, frozenset[str]().union(*customers))
    evidence = load_evidence([*orders, *waiting], source=source)
    credited: dict[str, set[int]] = defaultdict(set)
    rows = Conversion.objects.filter(order__source=source, order__external_id__in=list(before))
    for external_id, enrollment_id in rows.values_list("order__external_id", "enrollment_id"):
        credited[external_id].add(enrollment_id)
    own = [credited[order.external_id] | _who_may_win(order, evidence) for order in orders]
    # One order of a customer may win the others, and those that wait.
    of_customer: dict[str, set[int]] = defaultdict(set)
    for order in waiting:
        of_customer[order.customer_ref] |= _who_may_win(order, evidence)
    for refs, enrollments in zip(customers, own, strict=True):
        for ref in refs:
            of_customer[ref] |= enrollments
    return [
        _Reach(frozenset(enrollments.union(*(of_customer[ref] for ref in refs))), refs)
        for refs, enrollments in zip(customers, own, strict=True)
    ]


def _waiting(source: str, customers: Collection[str]) -> list[Order]:
    """The orders of these customers that nobody is credited for."""
    if not customers:
        return []
    found = Order.objects.filter(NOT_CREDITED, source=source, customer_ref__in=customers)
    return list(found)


def _customers(order: OrderFacts, before: States) -> frozenset[str]:
    """The order's customer, and the one that it had."""
    known = before.get(order.external_id)
    return frozenset([order.customer_ref, known.customer_ref if known else ""]) - {""}


def _who_may_win(order: OrderFacts | Order, evidence: BatchEvidence) -> set[int]:
    """The enrollments that any evidence of the order speaks for, whether or not it counts.

    Also those who lose what a page reported of it.
    """
    codes = map(normal_code, order.promo_codes)
    found = {row.enrollment_id for code in codes for row in evidence.codes.get(code, [])}
    click = click_ids.read(order.click_id) if order.click_id else None
    if click is not None and click.link_id in evidence.links:
        found.add(evidence.links[click.link_id].enrollment_id)
    for offer_id in evidence.remembering:
        won = evidence.customers.get((offer_id, order.customer_ref), [])
        found |= {enrollment.pk for _, _, enrollment in won}
    replaced = [one for one in evidence.elsewhere if one.gives_way and one.has_number_of(order)]
    return found | {one.enrollment_id for one in replaced}
