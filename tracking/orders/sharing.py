"""Let staff give a credited order to another member, or share it among several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import retried_transaction, update_rows
from core.money import BASIS_POINTS, plain_percent
from core.text import one_line
from offers.models import Enrollment
from offers.selectors import terms_histories
from tracking.commissions.new_customers import mark_new_customers
from tracking.commissions.settlement import changing, settle_new
from tracking.commissions.shares import set_amounts
from tracking.commissions.tier_progress import lock_progress
from tracking.models import Conversion, ConversionStatus, Order
from tracking.orders.applying import refunded_of
from tracking.orders.crediting import AttributionError, by_hand, locked_orders
from tracking.orders.exchange import Rates
from tracking.orders.looking_again import credit_later_orders

MAX_MEMBERS = 10
SHARES = "shares"  # the field of an error


@dataclass(frozen=True, slots=True)
class Share:
    """A member's part of an order in basis points, more than 0 and at most 10,000."""

    enrollment: Enrollment
    share_bp: int


class SharesChangedError(AttributionError):
    """The shares are others than those that were shown; `held` has them, the largest first."""

    def __init__(self, held: Sequence[Conversion]) -> None:
        told = ", ".join(f"{row.enrollment.member} {plain_percent(row.share_bp)}%" for row in held)
        super().__init__(
            f"The shares have changed since you opened this page. They are now: {told}.", "seen"
        )
        self.held = held


def shares_as_text(conversions: Iterable[Conversion]) -> str:
    """The shares of an order as a form carries them: "12:3000,30:7000", by enrollment."""
    return pairs_as_text((row.enrollment_id, row.share_bp) for row in conversions if row.share_bp)


def pairs_as_text(shares: Iterable[tuple[int, int]]) -> str:
    """The same from the enrollment's number and the basis points of each share."""
    return ",".join(f"{enrollment_id}:{share_bp}" for enrollment_id, share_bp in sorted(shares))


@retried_transaction
def share_order(
    *,
    order_id: int,
    shares: Sequence[Share],
    reason: str,
    by: Actor,
    now: datetime,
    seen: str | None = None,
) -> list[Conversion]:
    """Credit an order that is credited already to these members, by their shares.

    Each earns by the terms of their offer at the time of the order, and of that their share.
    Who had the order and is not named keeps a rejected conversion with `reason`, which all of them
    read. What was decided about the order stays: a new member's conversion waits where the others'
    do. `seen` are the shares that were shown (see `shares_as_text`), where somebody saw them.
    Returns the conversions that have a share, the largest first. Raises AttributionError where that
    is impossible; the message tells staff why. SharesChangedError is one of them.
    """
    orders = locked_orders([order_id])
    if not orders:
        raise AttributionError("There is no such order.", "order")
    [order] = orders
    known = list(Conversion.objects.filter(order=order).select_related("enrollment__member"))
    if seen is not None and seen != shares_as_text(known):
        raise SharesChangedError(_held(known))
    wanted = {share.enrollment.pk: share for share in shares}
    rates = Rates.for_orders(orders)
    _check(order, known, shares, reason, rates)
    before = {row.pk: row.share_bp for row in known}
    waits = any(row.share_bp and row.decision == ConversionStatus.PENDING for row in known)
    decision = ConversionStatus.PENDING if waits else ConversionStatus.ACCEPTED
    added = [wanted[pk] for pk in wanted.keys() - _ids(known)]
    new = _new(order, added, reason, decision, rates)
    mark_new_customers(new)
    lock_progress(_ids(known) | wanted.keys())
    with changing(before, now=now) as rows:
        # An index allows one whole share at any moment: the old ones end before the new ones begin.
        Conversion.objects.filter(order=order).update(share_bp=0)
        for row in rows:
            share = wanted.get(row.enrollment_id)
            if share is not None and not row.share_bp:
                row.decision, row.decision_reason = decision, ""
            row.share_bp = share.share_bp if share else 0
            row.share_reason = one_line(reason)
        set_amounts([*rows, *new], refunded_of([order]))
        update_rows(rows, ["share_bp", "shares_before_bp", "share_reason"])
    settle_new(new, now=now)
    returned = [row for row in rows if row.share_bp and not before[row.pk]]
    credit_later_orders([*new, *returned], by=by, now=now)
    changed = [*rows, *new]
    _audit(changed, before, reason, by=by, now=now)
    return _held(changed)


def _held(rows: Iterable[Conversion]) -> list[Conversion]:
    """Those that have a share, the largest first."""
    return sorted((row for row in rows if row.share_bp), key=lambda row: (-row.share_bp, row.pk))


def _check(
    order: Order,
    known: Sequence[Conversion],
    shares: Sequence[Share],
    reason: str,
    rates: Rates,
) -> None:
    if not reason.strip():
        raise AttributionError("Say why: the members read it.", "reason")
    if not known:
        raise AttributionError("Nobody is credited for this order yet.")
    if all(row.decision == ConversionStatus.REJECTED for row in known if row.share_bp):
        raise AttributionError("This order was rejected. Accept it first.")
    if len({share.enrollment.pk for share in shares}) < len(shares):
        raise AttributionError("A member is named twice.", SHARES)
    if len(shares) > MAX_MEMBERS:
        message = f"An order can be shared by at most {MAX_MEMBERS} members."
        raise AttributionError(message, SHARES)
    if any(share.share_bp <= 0 for share in shares):
        raise AttributionError("A share must be more than 0.", SHARES)
    if sum(share.share_bp for share in shares) != BASIS_POINTS:
        raise AttributionError("The shares must add up to 100%.", SHARES)
    for share in shares:
        if share.enrollment.pk not in _ids(known):
            _check_new(order, share.enrollment, rates)


def _check_new(order: Order, enrollment: Enrollment, rates: Rates) -> None:
    offer = enrollment.offer
    if not enrollment.is_active:
        raise AttributionError(f"{enrollment.member} is not active in {offer.name}.", SHARES)
    if missing := rates.missing(order, offer):
        raise AttributionError(f"The order {missing}.", SHARES)


def _ids(known: Sequence[Conversion]) -> set[int]:
    return {row.enrollment_id for row in known}


def _new(
    order: Order,
    shares: Sequence[Share],
    reason: str,
    decision: ConversionStatus,
    rates: Rates,
) -> list[Conversion]:
    """Unsaved conversions of members who had none of this order. Amounts are set later."""
    histories = terms_histories(share.enrollment.offer_id for share in shares)
    conversions = []
    for share in sorted(shares, key=lambda share: share.enrollment.pk):
        terms = histories[share.enrollment.offer_id].at(order.ordered_at)
        conversion = by_hand(
            order,
            share.enrollment,
            one_line(reason),
            terms=terms,
            refunded_minor=0,
            rate=rates.at(order, share.enrollment.offer.currency),
        )
        conversion.decision = decision
        conversion.share_bp, conversion.share_reason = share.share_bp, one_line(reason)
        conversions.append(conversion)
    return conversions


def _audit(
    conversions: Sequence[Conversion],
    before: Mapping[int, int],
    reason: str,
    *,
    by: Actor,
    now: datetime,
) -> None:
    audit.record_many(
        action="conversion.shared",
        targets=[
            (
                row,
                {
                    "order_id": row.order.external_id,
                    "before": f"{plain_percent(before.get(row.pk, 0))}%",
                    "share": f"{plain_percent(row.share_bp)}%",
                    "reason": reason.strip(),
                },
            )
            for row in conversions
        ],
        by=by,
        now=now,
    )
