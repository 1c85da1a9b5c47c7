"""Let staff credit recorded orders that no evidence attributed to a member."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import lock_identities, retried_transaction
from core.refused import RefusedError
from core.text import one_line
from offers.models import Enrollment, EnrollmentStatus, Terms
from offers.selectors import terms_of
from tracking.commissions.new_customers import lock_customers, mark_new_customers
from tracking.commissions.settlement import settle_new
from tracking.models import Conversion, ConversionStatus, Evidence, Order
from tracking.orders.applying import refunded_of
from tracking.orders.conversions import MAX_WHY_LENGTH, conversion_of
from tracking.orders.exchange import DatedRate, Rates
from tracking.orders.giving_way import give_way
from tracking.orders.identity import order_identity
from tracking.orders.looking_again import credit_later_orders, look_again, sequence_matters
from tracking.orders.same_order import number_locks

MAX_REASON_LENGTH = 300


class AttributionError(RefusedError):
    """The order can't be credited by hand; the message tells staff why."""


@dataclass(frozen=True, slots=True)
class NotCredited:
    """An order that was not credited. `why` ends the sentence that `subject` begins."""

    order: Order
    why: str

    @property
    def subject(self) -> str:
        return f"Order {self.order.external_id}"

    def __str__(self) -> str:
        return f"{self.subject} {self.why}."


@dataclass(frozen=True, slots=True)
class CreditingResult:
    """The new conversions, by the time of their orders, and the orders that stay as they are."""

    conversions: Sequence[Conversion]
    not_credited: Sequence[NotCredited]


def attribute_order_by_hand(
    *, order_id: int, enrollment: Enrollment, reason: str, by: Actor, now: datetime
) -> Conversion:
    """Credit one unattributed order to `enrollment`, as `credit_orders_by_hand` does.

    Raises AttributionError when the order does not exist, is credited already, has another
    currency than the offer, or `reason` is empty.
    """
    result = credit_orders_by_hand(
        order_ids=[order_id], enrollment=enrollment, reason=reason, by=by, now=now
    )
    for problem in result.not_credited:
        raise AttributionError(str(problem), "order")
    if not result.conversions:
        raise AttributionError("There is no such order.", "order")
    return result.conversions[0]


@retried_transaction
def credit_orders_by_hand(
    *, order_ids: Iterable[int], enrollment: Enrollment, reason: str, by: Actor, now: datetime
) -> CreditingResult:
    """Credit unattributed orders to `enrollment`, each under the terms in force when it was placed.

    The conversions are accepted at once, even if the terms ask for approval, because staff decided.
    Earlier refunds are subtracted. An order in another currency than the offer is converted by the
    rate of its day. One without a rate, or that is credited already, stays as it is, is reported,
    and does not stop the others. Ids of no order are ignored. Raises AttributionError when `reason`
    is empty, or the member was removed from the offer.
    """
    if not reason.strip():
        raise AttributionError("Say why: the member reads it.", "reason")
    if enrollment.status == EnrollmentStatus.REMOVED:
        message = f"{enrollment.member} was removed from {enrollment.offer.name}."
        raise AttributionError(message, "enrollment")
    found = locked_orders(order_ids)
    rates = Rates.for_orders(found)
    orders, not_credited = _creditable(found, enrollment, rates)
    conversions = _conversions(orders, enrollment, one_line(reason), rates)
    give_way(orders, now=now)
    mark_new_customers(conversions)
    settle_new(conversions, now=now)
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(unattributed="")
    credit_later_orders(conversions, by=by, now=now)
    _audit(conversions, reason.strip(), by=by, now=now)
    return CreditingResult(conversions, not_credited)


@retried_transaction
def credit_by_own_evidence(
    *, order_ids: Iterable[int], by: Actor, now: datetime
) -> CreditingResult:
    """Look again whom the codes, clicks and customers of unattributed orders speak for.

    An order in another currency than the offer is converted by the rate of its day. What still
    speaks for nobody keeps its reason, a new one if that changed, and is reported, as is one that
    is credited already.
    """
    found = locked_orders(order_ids)
    before = _credited(found)
    waiting = [order for order in found if order.pk not in before]
    conversions: list[Conversion] = []
    for part in _parts_to_look_at(waiting):
        won = look_again(part, rates=Rates.for_orders(part), now=now)
        credit_later_orders(won, by=by, now=now)
        conversions += won
    _audit(conversions, "their own evidence was looked at again", by=by, now=now)
    fresh = Order.objects.exclude(unattributed="").in_bulk([order.pk for order in waiting])
    why = before | {pk: f"stays: {order.unattributed}" for pk, order in fresh.items()}
    left = [NotCredited(order, why[order.pk]) for order in found if order.pk in why]
    return CreditingResult(conversions, left)


def _parts_to_look_at(orders: Sequence[Order]) -> Iterator[Sequence[Order]]:
    """All at once, or one by one where one of them may matter to the next.

    Then those come without that were credited meanwhile, as one before won their customer.
    """
    is_together = len({order.source for order in orders}) < 2 and not sequence_matters()
    if is_together:
        yield orders
        return
    for order in orders:
        if not Conversion.objects.filter(order=order).exists():
            yield [order]


def _credited(orders: Sequence[Order]) -> dict[int, str]:
    """By id, say of the orders that are credited to whom they are."""
    rows = Conversion.objects.filter(order__in=orders).select_related("member")
    return {
        row.order_id: f"is credited to {row.member} already"
        for row in rows.order_by("share_bp", "-pk")
    }


def _audit(conversions: Sequence[Conversion], reason: str, *, by: Actor, now: datetime) -> None:
    audit.record_many(
        action="conversion.added_by_hand",
        targets=[
            (
                conversion,
                {
                    "order_id": conversion.order.external_id,
                    "reason": reason,
                    "was_unattributed": conversion.order.unattributed,
                },
            )
            for conversion in conversions
        ],
        by=by,
        now=now,
    )


def locked_orders(order_ids: Iterable[int]) -> list[Order]:
    """The orders by time, locked as recording them, their refunds and later orders locks them.

    So no refund is missed, and no order of a customer who is won in this transaction.
    """
    rows = Order.objects.filter(pk__in=list(order_ids)).order_by("ordered_at", "pk")
    found = list(rows)
    lock_identities(
        [*(order_identity(one.source, one.external_id) for one in found), *number_locks(found)]
    )
    orders = list(rows.all())
    lock_customers((order.source, order.customer_ref) for order in orders)
    return orders


def _creditable(
    orders: Sequence[Order], enrollment: Enrollment, rates: Rates
) -> tuple[list[Order], list[NotCredited]]:
    """Part the orders that can be credited from those that can't."""
    offer = enrollment.offer
    credited = _credited(orders)
    creditable: list[Order] = []
    not_credited: list[NotCredited] = []
    for order in orders:
        if order.pk in credited:
            why = credited[order.pk]
        elif order.is_test:
            why = "is a test: it never counts"
        elif missing := rates.missing(order, offer):
            why = missing
        else:
            creditable.append(order)
            continue
        not_credited.append(NotCredited(order, why))
    return creditable, not_credited


def _conversions(
    orders: Sequence[Order], enrollment: Enrollment, reason: str, rates: Rates
) -> list[Conversion]:
    history = terms_of(enrollment.offer)
    refunded = refunded_of(orders)
    return [
        by_hand(
            order,
            enrollment,
            reason,
            terms=history.at(order.ordered_at),
            refunded_minor=refunded.get(order.pk, 0),
            rate=rates.at(order, enrollment.offer.currency),
        )
        for order in orders
    ]


def by_hand(
    order: Order,
    enrollment: Enrollment,
    reason: str,
    *,
    terms: Terms,
    refunded_minor: int,
    rate: DatedRate | None,
) -> Conversion:
    """An unsaved conversion that staff credit to a member, accepted, with their reason."""
    words = f"the brand added it by hand: {reason}"[:MAX_WHY_LENGTH]
    evidence = {
        "evidence": Evidence.BY_HAND.value,
        "enrollment": enrollment.pk,
        "words": words,
        "reason": reason[:MAX_REASON_LENGTH],
    }
    return conversion_of(
        order=order,
        enrollment=enrollment,
        terms=terms,
        decision=ConversionStatus.ACCEPTED,
        evidence=Evidence.BY_HAND,
        why=words,
        claims=[evidence],
        refunded_minor=refunded_minor,
        rate=rate,
    )
