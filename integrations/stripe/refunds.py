"""Turn what Stripe knows of a payment's refunds and disputes into refunds of its order. Pure.

Stripe's events of refunds say too little (a refund's amount holds tax and shipping, its order is
not named) and may come in any order. So an event only says that something changed: the refunds and
disputes of the payment are asked for, and stated whole. The last event to be worked on then gives
the same result, whichever it is. A refund that failed, or a dispute that was won, is not in the
list, and is so undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.money import exponent, round_half_up
from integrations.shop import NotUnderstoodError, Statements
from integrations.stripe import payload
from integrations.stripe.mapping import Sale
from integrations.stripe.payload import Object

TOPICS = (
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
)
# https://docs.stripe.com/api/refunds/object: money that stays with the shop after all.
UNDONE_REFUNDS = ("failed", "canceled")
# https://docs.stripe.com/api/disputes/object: the bank took the money. An inquiry ("warning_…")
# takes none; a won or prevented dispute gives it back.
TAKING_DISPUTES = (
    "needs_response", "under_review", "lost", "appeal_needs_response", "appeal_under_review",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """Money that went back to the shopper, in Stripe's units, with tax and shipping."""

    id: str
    at: datetime
    amount: int


def refunds_of(sale: Sale, *, refunds: Sequence[Object], disputes: Sequence[Object]) -> Statements:
    """Return all refunds of a sale, each in proportion: amount times net, by total.

    Stripe does not say which lines a refund is for, nor how much of it was tax or shipping. The
    parts are rounded so that together they never differ from the whole; what reaches the whole
    payment takes all that is left of the order. Raises NotUnderstoodError.
    """
    taken = sorted(
        [*_given_back(sale, refunds), *_disputed(sale, disputes)], key=lambda one: (one.at, one.id)
    )
    stated: list[dict[str, Any]] = []
    before = 0
    for one in taken:
        after = min(before + one.amount, sale.total)
        share = _net_of(after, sale) - _net_of(before, sale)
        if share > 0:
            stated.append(_refund(one, sale, None if after == sale.total else share))
        before = after
    return Statements(refunds=tuple(stated), whole_refunds_of=(sale.order_id,))


def _given_back(sale: Sale, refunds: Sequence[Object]) -> list[Taken]:
    found = [one for one in refunds if payload.text(one, "status") not in UNDONE_REFUNDS]
    for one in found:
        if payload.currency(one) != sale.currency:
            raise NotUnderstoodError(
                f"Refund {payload.own_id(one)} is in another currency than its order."
            )
    return [_taken(one, payload.units(one, "amount")) for one in found]


def _disputed(sale: Sale, disputes: Sequence[Object]) -> list[Taken]:
    """A dispute in the card's currency, not the order's, counts as one of the whole payment."""
    return [
        _taken(
            one,
            payload.units(one, "amount") if payload.currency(one) == sale.currency else sale.total,
        )
        for one in disputes
        if payload.text(one, "status") in TAKING_DISPUTES
    ]


def _taken(found: Object, amount: int) -> Taken:
    return Taken(payload.own_id(found), payload.moment(found), max(amount, 0))


def _net_of(taken: int, sale: Sale) -> int:
    """Return what a refund of `taken` takes off the net amount, in whole units that can be paid."""
    if sale.total <= 0:
        return 0
    step: int = 10 ** max(payload.decimals(sale.currency) - exponent(sale.currency), 0)
    return round_half_up(taken * sale.net, sale.total * step) * step


def _refund(one: Taken, sale: Sale, share: int | None) -> dict[str, Any]:
    stated = {
        "refund_id": one.id,
        "order_id": sale.order_id,
        "refunded_at": one.at.isoformat(),
        "currency": sale.currency,
    }
    return stated if share is None else {**stated, "amount": payload.amount(share, sale.currency)}
