"""Let staff credit a recorded order that no evidence attributed to a member."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import lock_identities
from core.text import one_line
from offers.models import Enrollment
from offers.selectors import terms_of
from tracking.commissions.new_customers import mark_new_customers
from tracking.commissions.settlement import settle_new
from tracking.models import Conversion, ConversionStatus, Evidence, Order, OrderLine
from tracking.orders.conversions import MAX_WHY_LENGTH, conversion_of
from tracking.orders.identity import order_identity

MAX_REASON_LENGTH = 300


class AttributionError(ValueError):
    """The order can't be credited by hand; the message tells staff why."""


@transaction.atomic
def attribute_order_by_hand(
    *, order_id: int, enrollment: Enrollment, reason: str, by: Actor, now: datetime
) -> Conversion:
    """Credit an unattributed order to `enrollment`, under the terms in force when it was placed.

    The conversion is accepted at once, even if the terms ask for approval, because staff decided.
    Earlier refunds are subtracted. Raises AttributionError when the order does not exist, is
    credited already, has another currency than the offer, or `reason` is empty.
    """
    if not reason.strip():
        raise AttributionError("Say why: the member reads it.")
    order = _locked(order_id)
    _check(order, enrollment)
    conversion = _conversion(order, enrollment, one_line(reason))
    mark_new_customers([conversion])
    settle_new([conversion], now=now)
    before, order.unattributed = order.unattributed, ""
    order.save(update_fields=["unattributed"])
    audit.record(
        action="conversion.added_by_hand",
        target=conversion,
        by=by,
        now=now,
        order_id=order.external_id,
        reason=reason.strip(),
        was_unattributed=before,
    )
    return conversion


def _locked(order_id: int) -> Order:
    """The order. Takes the lock that recording its refunds takes, so that none is missed."""
    found = Order.objects.filter(pk=order_id).first()
    if found is None:
        raise AttributionError("There is no such order.")
    lock_identities([order_identity(found.source, found.external_id)])
    return found


def _check(order: Order, enrollment: Enrollment) -> None:
    earlier = Conversion.objects.filter(order=order).select_related("member").first()
    if earlier is not None:
        raise AttributionError(
            f"Order {order.external_id} is credited to {earlier.member} already."
        )
    if order.is_test:
        raise AttributionError(f"Order {order.external_id} is a test: it never counts.")
    offer = enrollment.offer
    if order.currency != offer.currency:
        raise AttributionError(
            f"Order {order.external_id} is in {order.currency},"
            f" the offer {offer.name} in {offer.currency}."
        )


def _conversion(order: Order, enrollment: Enrollment, reason: str) -> Conversion:
    terms = terms_of(enrollment.offer).at(order.ordered_at)
    words = f"the brand added it by hand: {reason}"[:MAX_WHY_LENGTH]
    earning = OrderLine.objects.filter(order=order, is_commissionable=True)
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
        refunded_minor=earning.aggregate(total=Sum("refunded_minor"))["total"] or 0,
    )
