"""Credit a recorded order to a member by the brand's own decision, where no evidence did."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from accounts import audit
from accounts.actors import Actor
from core.db import lock_identities
from offers.models import Enrollment
from offers.selectors import terms_of
from tracking.commissions.new_customers import tell_customers
from tracking.commissions.settlement import settle_new
from tracking.models import Conversion, ConversionStatus, Evidence, Order, Refund, RefundState
from tracking.orders.conversions import MAX_WHY_LENGTH, conversion_of
from tracking.orders.identity import order_identity

MAX_REASON_LENGTH = 300


class AttributionError(ValueError):
    """An order can't be credited by hand; the message says why, for staff."""


@transaction.atomic
def attribute_order_by_hand(
    *, order_id: int, enrollment: Enrollment, reason: str, by: Actor, now: datetime
) -> Conversion:
    """Credit an unattributed order to `enrollment`, under the terms in force when it was placed.

    It is accepted at once, also where orders wait for approval: this is a person's decision. What
    was refunded already counts. Raises AttributionError when there is no such order, it is credited
    to somebody, its currency isn't the offer's, or no reason is given.
    """
    if not reason.strip():
        raise AttributionError("Say why: the member reads it.")
    order = _locked(order_id)
    _check(order, enrollment)
    conversion = _conversion(order, enrollment, " ".join(reason.split()))
    tell_customers([conversion])
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
    """The order, with what its refunds lock too, so that none slips in between."""
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
    offer = enrollment.offer
    if order.currency != offer.currency:
        raise AttributionError(
            f"Order {order.external_id} is in {order.currency},"
            f" the offer {offer.name} in {offer.currency}."
        )


def _conversion(order: Order, enrollment: Enrollment, reason: str) -> Conversion:
    terms = terms_of(enrollment.offer).at(order.ordered_at)
    words = f"the brand added it by hand: {reason}"[:MAX_WHY_LENGTH]
    refunds = Refund.objects.filter(order=order, state=RefundState.APPLIED)
    claim = {
        "evidence": Evidence.BY_HAND.value,
        "enrollment": enrollment.pk,
        "words": words,
        "reason": reason[:MAX_REASON_LENGTH],
    }
    return conversion_of(
        order=order,
        enrollment=enrollment,
        terms=terms,
        status=ConversionStatus.ACCEPTED,
        evidence=Evidence.BY_HAND,
        why=words,
        claims=[claim],
        refunded_minor=refunds.aggregate(total=Sum("amount_minor"))["total"] or 0,
    )
