"""Make the conversions of orders that are credited to members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from offers.models import Approval, Enrollment, Terms
from offers.selectors import TermsHistory, terms_histories
from tracking.commissions.new_customers import mark_new_customers
from tracking.commissions.settlement import settle_new
from tracking.commissions.shares import set_amounts
from tracking.models import Conversion, ConversionStatus, Evidence, Order
from tracking.orders.attribution import Attribution
from tracking.orders.exchange import DatedRate
from tracking.orders.giving_way import reject_replaced
from tracking.orders.sources import SCRIPT

MAX_WHY_LENGTH = 300
NO_RATES: Mapping[int, DatedRate] = {}


def conversion_of(
    *,
    order: Order,
    enrollment: Enrollment,
    terms: Terms,
    decision: ConversionStatus,
    evidence: Evidence,
    why: str,
    claims: Iterable[dict[str, Any]],
    refunded_minor: int,
    promo_code: str = "",
    rate: DatedRate | None = None,
) -> Conversion:
    """The unsaved conversion of `order` for `enrollment`, payable when the hold of `terms` is over.

    `decision` is what staff or the terms decided; its status follows when it is settled.
    `why` says in words why this member; `claims` is all the evidence there was, the winner first;
    `promo_code` is the code that won, if one did; `rate` is needed where the order is in another
    currency than the offer.
    """
    conversion = Conversion(
        order=order,
        enrollment=enrollment,
        offer_id=enrollment.offer_id,
        member_id=enrollment.member_id,
        terms=terms,
        promo_code=promo_code,
        decision=decision,
        evidence=evidence,
        why=why[:MAX_WHY_LENGTH],
        claims=list(claims),
        occurred_at=order.ordered_at,
        payable_at=order.ordered_at + timedelta(days=terms.hold_days),
        currency=rate.to if rate else order.currency,
        rate=rate.rate if rate else None,
        rate_on=rate.day if rate else None,
    )
    set_amounts([conversion], {order.pk: refunded_minor})
    return conversion


def credit_by_evidence(
    orders: Iterable[tuple[Order, Attribution]],
    refunded: Mapping[int, int],
    *,
    rates: Mapping[int, DatedRate] = NO_RATES,
    is_trusted: bool = False,
    now: datetime,
) -> list[Conversion]:
    """Save the conversions of the orders that their own evidence credits to a member, and settle.

    What a browser reported waits for review, unless `is_trusted`; and what it reported of an order
    that now comes from elsewhere is rejected. If that was accepted, the same member's new one is.

    `refunded` is what is refunded of the lines that earn commission, in minor units by order id;
    `rates` is by order id too.
    """
    credited = [(order, found) for order, found in orders if found.winner]
    accepted = reject_replaced(
        ((order_id, order) for order, found in credited for order_id in found.replaces), now=now
    )
    histories = terms_histories(found.evidence[0].enrollment.offer_id for _, found in credited)
    conversions = [
        _by_evidence(
            order,
            found,
            histories,
            refunded.get(order.pk, 0),
            rates.get(order.pk),
            needs_review=order.source == SCRIPT and not is_trusted,
        )
        for order, found in credited
    ]
    for row in conversions:
        if (row.order_id, row.enrollment_id) in accepted:
            row.decision = ConversionStatus.ACCEPTED
    mark_new_customers(conversions)
    settle_new(conversions, now=now, histories=histories)
    return conversions


def _by_evidence(
    order: Order,
    found: Attribution,
    histories: Mapping[int, TermsHistory],
    refunded_minor: int,
    rate: DatedRate | None,
    *,
    needs_review: bool,
) -> Conversion:
    winner = found.evidence[0]
    terms = histories[winner.enrollment.offer_id].at(order.ordered_at)
    by_hand = needs_review or terms.approval == Approval.BY_HAND
    return conversion_of(
        order=order,
        enrollment=winner.enrollment,
        terms=terms,
        decision=ConversionStatus.PENDING if by_hand else ConversionStatus.ACCEPTED,
        evidence=winner.kind,
        why=found.why,
        claims=[each.as_json() for each in found.evidence],
        refunded_minor=refunded_minor,
        promo_code=winner.facts.get("code", ""),
        rate=rate,
    )
