"""Make the conversion of an order that is credited to a member. It is not saved here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from offers.models import Enrollment, Terms
from tracking.models import Conversion, ConversionStatus, Evidence, Order

MAX_WHY_LENGTH = 300


def conversion_of(
    *,
    order: Order,
    enrollment: Enrollment,
    terms: Terms,
    status: ConversionStatus,
    evidence: Evidence,
    why: str,
    claims: Iterable[dict[str, Any]],
    refunded_minor: int,
    promo_code: str = "",
) -> Conversion:
    """The conversion of `order` for `enrollment` under `terms`, payable when the hold is over.

    `why` says in words why this member; `claims` is all the evidence there was, the winner first;
    `promo_code` is the code that won, if one did.
    """
    return Conversion(
        order=order,
        enrollment=enrollment,
        offer_id=enrollment.offer_id,
        member_id=enrollment.member_id,
        terms=terms,
        promo_code=promo_code,
        status=status,
        evidence=evidence,
        why=why[:MAX_WHY_LENGTH],
        claims=list(claims),
        occurred_at=order.ordered_at,
        payable_at=order.ordered_at + timedelta(days=terms.hold_days),
        currency=order.currency,
        sale_minor=order.total_minor,
        refunded_minor=refunded_minor,
    )
