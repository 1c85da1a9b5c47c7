"""Revise: a shop states anew what an order is now.

Each statement that says something else is kept as a revision. Of two, the newer one by the shop's
clock is the order's state; an older one that comes late is kept and changes nothing. Commission
follows by settling. A credited order keeps its member, its terms, its tier and its day; while
nobody is credited, each new statement is looked at for evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import update_rows
from tracking.commissions.new_customers import decide_again, lock_customers
from tracking.commissions.settlement import changing
from tracking.commissions.shares import set_amounts
from tracking.commissions.status import shop_rejects
from tracking.models import Conversion, ConversionStatus, Order, OrderLine, OrderRevision
from tracking.orders.applying import apply_refunds
from tracking.orders.as_sent import order_as_sent
from tracking.orders.attribution import Attribution, attribute, load_evidence
from tracking.orders.conversions import credit_by_evidence
from tracking.orders.exchange import Rates
from tracking.orders.facts import FieldProblem, OrderFacts
from tracking.orders.giving_way import decide_about_others, give_way, note_rejected
from tracking.orders.looking_again import (
    credit_later_orders,
    parts_to_credit,
    sequence_matters,
)
from tracking.orders.lookup import revision_of
from tracking.orders.results import RecordingResult, RecordingStatus
from tracking.orders.same_order import is_for_another, was_noticed
from tracking.orders.saving import STATED_FIELDS, save_lines, save_revisions, state_order


@dataclass(slots=True)
class _Known:
    """Recorded orders by external id, their revisions by order, and which of them have a member."""

    orders: dict[str, Order]
    revisions: dict[int, list[OrderRevision]]
    conversions: dict[int, list[int]]  # their ids by order id, the largest share first
    for_another: set[int]  # the ids of orders that were rejected as they may be another one
    lines: dict[int, list[OrderLine]]  # of the orders that were stated once
    new_revisions: list[OrderRevision] = field(default_factory=list)

    @classmethod
    def of(cls, source: str, external_ids: Iterable[str]) -> _Known:
        rows = Order.objects.filter(source=source, external_id__in=set(external_ids))
        orders = {row.external_id: row for row in rows}
        ids = [row.pk for row in orders.values()]
        revisions: dict[int, list[OrderRevision]] = defaultdict(list)
        for revision in OrderRevision.objects.filter(order__in=ids).order_by("number"):
            revisions[revision.order_id].append(revision)
        credited: dict[int, list[int]] = defaultdict(list)
        for_another: set[int] = set()
        conversions = Conversion.objects.filter(order__in=ids).order_by("-share_bp", "pk")
        for order_id, pk, reason in conversions.values_list("order_id", "pk", "decision_reason"):
            credited[order_id].append(pk)
            for_another |= {order_id} if is_for_another(reason) else set()
        stated_once = [pk for pk in ids if pk not in revisions]
        lines: dict[int, list[OrderLine]] = defaultdict(list)
        for line in OrderLine.objects.filter(order__in=stated_once).order_by("position"):
            lines[line.order_id].append(line)
        return cls(orders, revisions, credited, for_another, lines)

    def keep(self, order: Order, facts: OrderFacts, *, updated_at: datetime, now: datetime) -> int:
        """Keep a statement, and before the second one the first; return its number."""
        revisions = self.revisions[order.pk]
        if not revisions:
            self._add(revision_of(order, self.lines[order.pk]))
        number = revisions[-1].number + 1
        self._add(
            OrderRevision(
                order=order,
                number=number,
                contents=order_as_sent(facts, facts.lines),
                digest=facts.digest(),
                updated_at=updated_at,
                received_at=now,
            )
        )
        return number

    def credit(self, rows: Iterable[Conversion]) -> None:
        """Note that these orders have a member now. Some of them are not among `orders`."""
        for row in rows:
            order = self.orders.get(row.order.external_id)
            if order is not None:
                order.unattributed = ""
                self.conversions[order.pk].append(row.pk)

    def is_credited(self, order: Order) -> bool:
        return order.pk in self.conversions

    def _add(self, revision: OrderRevision) -> None:
        self.revisions[revision.order_id].append(revision)
        self.new_revisions.append(revision)


@dataclass(slots=True)
class _Group:
    """Statements of different orders that become their state at once: their positions, and those.

    First the credited orders are settled, then evidence is looked for in the others.
    """

    changed: list[tuple[int, Order, OrderFacts]] = field(default_factory=list)
    orders: set[int] = field(default_factory=set)
    may_credit: bool = False  # an order that nobody is credited for so far

    def add(self, index: int, order: Order, facts: OrderFacts, *, is_credited: bool) -> None:
        self.changed.append((index, order, facts))
        self.orders.add(order.pk)
        if not is_credited:
            self.may_credit |= bool(facts.promo_codes or facts.click_id or facts.customer_ref)


@dataclass(slots=True)
class _Changes:
    """What changes in orders, by their ids. `moments` is when each was changed."""

    has_new_customer: set[int]
    has_new_currency: set[int]
    was_void: set[int]  # cancelled, voided or a test
    moments: dict[int, datetime] = field(default_factory=dict)


def revise(
    *, source: str, orders: Sequence[OrderFacts], by: Actor, now: datetime
) -> list[RecordingResult]:
    """State recorded orders anew, in sequence; returns one result each.

    The caller holds the orders' locks, in a transaction. Refused is a statement from the future,
    and one that moves a credited order to a currency from which there is no rate to the offer's.
    """
    if not orders:
        return []
    known = _Known.of(source, (order.external_id for order in orders))
    before = {(source, order.customer_ref) for order in known.orders.values()}
    lock_customers(before)
    results: list[RecordingResult | None] = [None] * len(orders)
    for group in _groups(known, orders, results, now=now):
        changed = [(order, facts) for _, order, facts in group.changed]
        attributions = _change(known, source, changed, by=by, now=now)
        for index, order, facts in group.changed:
            results[index] = RecordingResult(
                facts.external_id,
                RecordingStatus.REVISED,
                problems=() if known.is_credited(order) else attributions[order.pk].reasons,
                conversion_id=next(iter(known.conversions.get(order.pk, [])), None),
            )
        _audit([order for order, _ in changed], by=by, now=now)
    save_revisions(known.new_revisions)
    decide_again(list(known.orders.values()), before=before, now=now)
    return [result for result in results if result is not None]


def _groups(
    known: _Known,
    orders: Sequence[OrderFacts],
    results: list[RecordingResult | None],
    *,
    now: datetime,
) -> Iterator[_Group]:
    """Part the statements that change an order into groups, so that the result is as one by one.

    Change the orders of each group before you ask for the next. Writes the results of the other
    statements to `results`.
    """
    in_sequence = len(orders) > 1 and sequence_matters()
    group = _Group()
    for index in range(len(orders)) if in_sequence else _first_statements_first(orders):
        facts = orders[index]
        order = known.orders[facts.external_id]
        is_late = in_sequence and group.may_credit and known.is_credited(order)
        if is_late or order.pk in group.orders:
            yield group
            group = _Group()
        results[index] = _without_effect(known, order, facts, now=now)
        if results[index] is None:
            is_credited = known.is_credited(order)
            group.add(index, order, facts, is_credited=is_credited)
            if in_sequence and _may_win_others(order, facts, is_credited=is_credited):
                yield group
                group = _Group()
    if group.changed:
        yield group


def _first_statements_first(orders: Sequence[OrderFacts]) -> list[int]:
    """The positions of the first statements of all orders, of their second ones, and so on."""
    seen: dict[str, int] = defaultdict(int)
    numbers: list[int] = []
    for order in orders:
        numbers.append(seen[order.external_id])
        seen[order.external_id] += 1
    return sorted(range(len(orders)), key=numbers.__getitem__)


def _may_win_others(order: Order, facts: OrderFacts, *, is_credited: bool) -> bool:
    """Whether this statement may give its member other orders of its customer."""
    if not facts.customer_ref:
        return False
    if is_credited:
        return facts.customer_ref != order.customer_ref or bool(shop_rejects(order))
    return bool(facts.promo_codes or facts.click_id)


def _without_effect(
    known: _Known, order: Order, facts: OrderFacts, *, now: datetime
) -> RecordingResult | None:
    """The result of a statement that changes nothing; None for one that is the order's state."""
    problem = facts.future_problem(now=now)
    if problem is not None:
        return RecordingResult(facts.external_id, RecordingStatus.REFUSED, problems=(problem,))
    digest = facts.digest()
    if digest == order.digest:
        if facts.updated_at is not None and facts.updated_at > order.updated_at:
            order.updated_at = facts.updated_at
            order.save(update_fields=["updated_at"])
        return RecordingResult(facts.external_id, RecordingStatus.DUPLICATE)
    updated_at = facts.updated_at
    if updated_at is not None and updated_at <= order.updated_at:
        said = known.revisions[order.pk]
        if any(one.digest == digest and one.updated_at == updated_at for one in said):
            return RecordingResult(facts.external_id, RecordingStatus.DUPLICATE)
        if updated_at < order.updated_at:
            known.keep(order, facts, updated_at=updated_at, now=now)
            return RecordingResult(facts.external_id, RecordingStatus.SUPERSEDED)
    problem = _currency_problem(order, facts) if known.is_credited(order) else None
    if problem is None:
        return None
    return RecordingResult(facts.external_id, RecordingStatus.REFUSED, problems=(problem,))


def _currency_problem(order: Order, facts: OrderFacts) -> FieldProblem | None:
    """Why an order can't be in another currency now: what it earns could not be converted.

    One that is cancelled or voided earns nothing, and is asked about once it is restored.
    """
    has_new_currency = facts.currency != order.currency
    if shop_rejects(facts) or not (has_new_currency or shop_rejects(order)):
        return None
    rows = Conversion.objects.filter(order=order, share_bp__gt=0).select_related("offer")
    stated = replace(facts, ordered_at=order.ordered_at)
    rates = Rates.for_orders([stated])
    missing = [
        rates.missing(stated, row.offer) for row in rows if has_new_currency or row.rate is None
    ]
    for why in filter(None, missing):
        return FieldProblem("currency", "no_rate", f"order {order.external_id} {why}")
    return None


def _change(
    known: _Known,
    source: str,
    changed: Sequence[tuple[Order, OrderFacts]],
    *,
    by: Actor,
    now: datetime,
) -> dict[int, Attribution]:
    """Make each statement its order's state, and settle. Returns new attributions by order id."""
    changes = _Changes(
        has_new_customer={
            order.pk for order, facts in changed if facts.customer_ref != order.customer_ref
        },
        has_new_currency={order.pk for order, facts in changed if facts.currency != order.currency},
        was_void={order.pk for order, _ in changed if shop_rejects(order)},
    )
    for order, facts in changed:
        # Without a time it is what the shop says now, even if its clock is ahead of ours.
        updated_at = facts.updated_at or max(now, order.updated_at)
        order.revision = known.keep(order, facts, updated_at=updated_at, now=now)
        ordered_at = order.ordered_at
        state_order(order, facts, updated_at=updated_at)
        if known.is_credited(order):
            order.ordered_at = ordered_at
        changes.moments[order.pk] = min(updated_at, now)
    orders = [order for order, _ in changed]
    update_rows(orders, STATED_FIELDS)
    OrderLine.objects.filter(order__in=orders).delete()
    save_lines(changed)
    refunded = apply_refunds(orders)
    won = _settle(known, orders, refunded, changes, now=now)
    known.credit(credit_later_orders(won, by=by, now=now))
    waiting = [(order, facts) for order, facts in changed if not known.is_credited(order)]
    return _attribute(known, source, waiting, refunded, by=by, now=now)


def _settle(
    known: _Known,
    orders: Sequence[Order],
    refunded: dict[int, int],
    changes: _Changes,
    *,
    now: datetime,
) -> list[Conversion]:
    """Settle the conversions of these orders; return those that may have won their customers now.

    These were rejected before, or their orders had another customer.
    """
    happened_at = {
        pk: changes.moments[order.pk]
        for order in orders
        for pk in known.conversions.get(order.pk, [])
    }
    restored = [
        order
        for order in orders
        if order.pk in changes.was_void and not shop_rejects(order) and known.is_credited(order)
    ]
    asked = [*restored, *(order for order in orders if order.pk in known.for_another)]
    in_the_way = give_way(asked, now=now)
    to_convert = changes.has_new_currency | {order.pk for order in restored}
    rates = Rates.for_orders([order for order in orders if order.pk in to_convert])
    with changing(happened_at, now=now, happened_at=happened_at) as conversions:
        may_win = [
            row
            for row in conversions
            if row.status == ConversionStatus.REJECTED or row.order_id in changes.has_new_customer
        ]
        for row in conversions:
            is_new = row.order_id in changes.has_new_currency
            if is_new or (row.rate is None and row.order_id in to_convert):
                found = rates.at(row.order, row.currency)
                row.rate, row.rate_on = (found.rate, found.day) if found else (None, None)
        noted = decide_about_others(conversions, in_the_way)
        set_amounts(conversions, refunded)
    note_rejected(noted, now=now)
    return may_win


def _attribute(
    known: _Known,
    source: str,
    orders: Sequence[tuple[Order, OrderFacts]],
    refunded: dict[int, int],
    *,
    by: Actor,
    now: datetime,
) -> dict[int, Attribution]:
    """Look for evidence in orders that nobody is credited for, and credit those that have some."""
    if not orders:
        return {}
    evidence = load_evidence([facts for _, facts in orders], source=source)
    attributions = {
        order.pk: attribute(facts, evidence, is_noticed=was_noticed(order))
        for order, facts in orders
    }
    for order, _ in orders:
        order.unattributed = attributions[order.pk].unattributed
    update_rows([order for order, _ in orders], ["unattributed"])
    for part in parts_to_credit([(order, attributions[order.pk]) for order, _ in orders]):
        conversions = credit_by_evidence(part, refunded, now=now)
        known.credit(conversions + credit_later_orders(conversions, by=by, now=now))
    return attributions


def _audit(orders: Sequence[Order], *, by: Actor, now: datetime) -> None:
    audit.record_many(
        action="order.revised",
        targets=[
            (order, {"order_id": order.external_id, "revision": order.revision}) for order in orders
        ],
        by=by,
        now=now,
    )
