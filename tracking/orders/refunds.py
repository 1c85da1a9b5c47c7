"""Record refunds: apply each to its order, or let it wait until the order comes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import lock_identities, retried_transaction, update_rows
from core.kept_queries import kept_query
from core.money import Money
from core.tenancy import current_brand_id
from tracking.commissions.settlement import changing
from tracking.commissions.shares import set_amounts
from tracking.models import Conversion, Order, Refund, RefundState
from tracking.orders.applying import apply_refunds
from tracking.orders.as_sent import refund_as_sent
from tracking.orders.facts import FieldProblem, RefundFacts, future_problem
from tracking.orders.identity import order_identity
from tracking.orders.results import RecordingResult, RecordingStatus

STATED_FIELDS = [
    "order", "order_external_id", "parts", "asked_minor", "amount_minor", "currency",
    "refunded_at", "state", "reason", "digest",
]  # fmt: skip


def record_refund(*, source: str, refund: RefundFacts, by: Actor, now: datetime) -> RecordingResult:
    """Record one refund, as `record_refunds` does."""
    return record_refunds(source=source, refunds=[refund], by=by, now=now)[0]


@retried_transaction
def record_refunds(
    *,
    source: str,
    refunds: Sequence[RefundFacts],
    by: Actor,
    now: datetime,
    replacing: bool = False,
) -> list[RecordingResult]:
    """Record refunds of one source, each once, and settle the conversions of their orders.

    Returns one result per refund. A refund whose order is unknown waits for it. What exceeds what
    is left of the order is recorded too, and the result says how much was applied and why. With
    `replacing`, a refund that is recorded with other contents is replaced, also one of another
    order; otherwise that is a conflict, and one that was undone stays undone: its result says so.
    Refused is a refund from the future.
    """
    names = {refund.order_external_id for refund in refunds}
    known = _lock(source, [refund.external_id for refund in refunds], names)
    results: list[RecordingResult] = []
    for part in _each_once(refunds):
        results += _record(source, part, known, replacing=replacing, by=by, now=now)
    return results


def _each_once(refunds: Sequence[RefundFacts]) -> Iterator[Sequence[RefundFacts]]:
    """Part the refunds so that none comes twice in a part."""
    part: dict[str, RefundFacts] = {}
    for refund in refunds:
        if refund.external_id in part:
            yield list(part.values())
            part = {}
        part[refund.external_id] = refund
    yield list(part.values())


def _record(
    source: str,
    refunds: Sequence[RefundFacts],
    known: dict[str, Refund],
    *,
    replacing: bool,
    by: Actor,
    now: datetime,
) -> list[RecordingResult]:
    """Record refunds of which none comes twice. `known` are those recorded, by external id."""
    names = {refund.order_external_id for refund in refunds}
    orders = _orders(source, names | {row.order_external_id for row in known.values()})
    left = set[int]()  # orders that a refund moves away from
    outcomes: list[RecordingResult | tuple[Refund, RecordingStatus]] = []
    changed: dict[str, Refund] = {}
    before: dict[str, dict[str, Any]] = {}
    for refund in refunds:
        row = known.get(refund.external_id)
        outcome = _without_effect(refund, row, replacing=replacing, now=now)
        if outcome is None:
            status = RecordingStatus.REPLACED if row else RecordingStatus.RECORDED
            if row is not None:
                before[row.external_id] = refund_as_sent(row)
                if row.order_id is not None:
                    left.add(row.order_id)
            row = row or Refund(source=source, external_id=refund.external_id, received_at=now)
            _state(row, refund, orders.get(refund.order_external_id))
            known[refund.external_id] = changed[refund.external_id] = row
            outcomes.append((row, status))
        else:
            outcomes.append(outcome)
    _save(list(changed.values()), left, orders.values(), now=now)
    _audit(changed.values(), before, by=by, now=now)
    return [one if isinstance(one, RecordingResult) else _result(*one) for one in outcomes]


@retried_transaction
def undo_refund(*, source: str, external_id: str, by: Actor, now: datetime) -> bool:
    """Take a refund back, as if it had never been; its facts stay. False if there is none.

    Undoing it again changes nothing.
    """
    if "\x00" in source + external_id:
        return False  # PostgreSQL can't store a null character
    found = _lock(source, [external_id], set()).get(external_id)
    if found is None:
        return False
    if found.state == RefundState.UNDONE:
        return True
    found.state, found.amount_minor, found.reason = RefundState.UNDONE, 0, ""
    found.save(update_fields=["state", "amount_minor", "reason"])
    if found.order_id is not None:
        _settle(apply_refunds([found.order]), {found.order_id: now}, now=now)
    audit.record(action="refund.undone", target=found, by=by, now=now, refund_id=found.external_id)
    return True


@kept_query
def _parked(*, sources: list[str], order_ids: list[str]) -> QuerySet[Refund]:
    """The refunds that wait for orders, locked."""
    rows = Refund.objects.select_for_update().filter(state=RefundState.PARKED)
    return rows.filter(source__among=sources, order_external_id__among=order_ids).order_by("pk")


def apply_parked(orders: Sequence[Order]) -> dict[int, int]:
    """Apply the refunds that waited for these new orders.

    Returns by order id what is refunded of the lines that earn commission, in minor units.
    """
    if not orders:
        return {}
    by_identity = {(order.source, order.external_id): order for order in orders}
    waiting = _parked(
        sources=sorted({order.source for order in orders}),
        order_ids=[order.external_id for order in orders],
    )
    if not waiting:
        return {}
    for refund in waiting:
        refund.order = by_identity[refund.source, refund.order_external_id]
        refund.state = RefundState.APPLIED
    refunded = apply_refunds(
        {refund.order.pk: refund.order for refund in waiting}.values(), changed=waiting
    )
    update_rows(waiting, ["order", "state", "amount_minor", "reason"])
    return refunded


def _lock(source: str, refund_ids: Sequence[str], names: set[str]) -> dict[str, Refund]:
    """Lock refunds, the orders that they are of, and those of these `names`.

    Returns the recorded refunds by external id.
    """
    rows = Refund.objects.filter(source=source, external_id__in=refund_ids)
    lock_identities(
        [order_identity(source, name) for name in names.union(_orders_of(rows))]
        + [_refund_identity(source, refund_id) for refund_id in refund_ids]
    )
    # One that moved in between: its order too. It can't move on while its own lock is held.
    lock_identities(order_identity(source, name) for name in _orders_of(rows))
    return {row.external_id: row for row in rows.select_related("order")}


def _orders_of(rows: QuerySet[Refund]) -> set[str]:
    return set(rows.values_list("order_external_id", flat=True))


def _refund_identity(source: str, external_id: str) -> str:
    return f"refund:{current_brand_id()}:{source}:{external_id}"


def _orders(source: str, external_ids: Iterable[str]) -> dict[str, Order]:
    rows = Order.objects.filter(source=source, external_id__in=set(external_ids))
    return {row.external_id: row for row in rows}


def _without_effect(
    refund: RefundFacts, row: Refund | None, *, replacing: bool, now: datetime
) -> RecordingResult | None:
    """The result of a repeat, a conflict or a refused refund; None for one to be recorded."""
    if row is not None and row.digest == refund.digest():
        if row.state != RefundState.UNDONE:
            return RecordingResult(refund.external_id, RecordingStatus.DUPLICATE)
        if not replacing:
            return _still_undone(row)
    elif row is not None and not replacing:
        return _conflict(refund, row)
    problem = future_problem("refunded_at", refund.refunded_at, now=now)
    if problem is None:
        return None
    return RecordingResult(refund.external_id, RecordingStatus.REFUSED, problems=(problem,))


def _still_undone(row: Refund) -> RecordingResult:
    return RecordingResult(
        row.external_id,
        RecordingStatus.DUPLICATE,
        problems=(FieldProblem("refund_id", "undone", "was undone; PUT states it anew"),),
        applied=Money.zero(row.currency),
    )


def _conflict(refund: RefundFacts, row: Refund) -> RecordingResult:
    return RecordingResult(
        refund.external_id,
        RecordingStatus.CONFLICT,
        problems=(
            FieldProblem(
                "refund_id",
                "recorded_differently",
                f"refund {refund.external_id} is recorded already with other contents",
            ),
        ),
        recorded=refund_as_sent(row),
        received=refund_as_sent(refund),
    )


def _state(row: Refund, refund: RefundFacts, order: Order | None) -> None:
    """Set what a shop states of a refund. It is not saved."""
    row.order_external_id, row.order = refund.order_external_id, order
    row.parts = [part.as_json() for part in refund.parts]
    row.asked_minor, row.currency = refund.amount_minor, refund.currency
    row.refunded_at, row.digest = refund.refunded_at, refund.digest()
    row.state = RefundState.APPLIED if order else RefundState.PARKED
    row.amount_minor, row.reason = 0, ""


def _save(
    changed: Sequence[Refund], left: Collection[int], orders: Iterable[Order], *, now: datetime
) -> None:
    """Apply and save changed refunds, and settle the conversions of their orders.

    `left` are the ids of the orders that they had before.
    """
    moments: dict[int, datetime] = defaultdict(lambda: datetime.min.replace(tzinfo=now.tzinfo))
    for row in changed:
        if row.order_id is not None:
            # What is taken back is due at once, even if the shop's clock is ahead of ours.
            moments[row.order_id] = min(max(row.refunded_at, moments[row.order_id]), now)
    for order_id in left:
        moments.setdefault(order_id, now)
    refunded = apply_refunds([order for order in orders if order.pk in moments], changed=changed)
    new = {row.pk for row in Refund.objects.bulk_create([row for row in changed if not row.pk])}
    update_rows([row for row in changed if row.pk not in new], STATED_FIELDS)
    _settle(refunded, moments, now=now)


def _settle(refunded: dict[int, int], moments: dict[int, datetime], *, now: datetime) -> None:
    """Set what is refunded of each conversion, by order id, and settle it."""
    touched = dict(
        Conversion.objects.filter(order__in=list(refunded)).values_list("pk", "order_id")
    )
    happened_at = {pk: moments[order_id] for pk, order_id in touched.items()}
    with changing(touched, now=now, happened_at=happened_at) as conversions:
        set_amounts(conversions, refunded)


def _result(row: Refund, status: RecordingStatus) -> RecordingResult:
    if row.order_id is None and status in {RecordingStatus.RECORDED, RecordingStatus.REPLACED}:
        status = RecordingStatus.PARKED
    problems = (FieldProblem("amount", "not_left", row.reason),) if row.reason else ()
    return RecordingResult(
        row.external_id, status, problems=problems, applied=row.given_back if row.order_id else None
    )


def _audit(
    changed: Iterable[Refund], before: Mapping[str, dict[str, Any]], *, by: Actor, now: datetime
) -> None:
    """`before` is what was known of the refunds that were replaced, by external id."""
    targets = [(row, {"refund_id": row.external_id, "state": row.state}) for row in changed]
    new = [target for target in targets if target[0].external_id not in before]
    replaced = [
        (row, {**details, "before": before[row.external_id]})
        for row, details in targets
        if row.external_id in before
    ]
    audit.record_many(action="refund.recorded", targets=new, by=by, now=now)
    audit.record_many(action="refund.replaced", targets=replaced, by=by, now=now)
