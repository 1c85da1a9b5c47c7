"""Apply refunds: what each takes from the lines of its order. Always worked out from all facts.

The refunds of an order are applied in the sequence in which they happened, each up to what is left.
So the result does not depend on when the shop sent which, or whether lines changed in between.

Units that come back one by one are rounded together: all three units of £10.00 are £10.00, and not
three times £3.33.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Sum

from core.db import update_rows
from core.money import Money, spread
from tracking.models import Order, OrderLine, Refund, RefundState
from tracking.orders.facts import RefundPart

MAX_REASON_LENGTH = 300
# How many units earlier refunds gave back by quantity, by the ids of the lines that they named.
UnitsReturned = MutableMapping[tuple[str, ...], Decimal]


@dataclass(frozen=True, slots=True)
class Applied:
    """What a refund took, in minor units, and why that is less than was asked, if it is."""

    amount_minor: int
    reason: str = ""


def apply_to_lines(
    lines: Sequence[OrderLine],
    parts: Sequence[RefundPart],
    *,
    asked_minor: int | None,
    currency: str,
    returned: UnitsReturned,
) -> Applied:
    """Take one refund from the lines of its order.

    `returned` is what the refunds of the order that happened before have left there; empty for the
    first one.
    """
    if not parts:
        left = sum(line.left_minor for line in lines)
        asked = left if asked_minor is None else asked_minor
        parts_of_lines = spread(min(asked, left), [line.left_minor for line in lines])
        for line, minor in zip(lines, parts_of_lines, strict=True):
            line.refund(minor)
        return Applied(min(asked, left), _too_large(asked, left, "the order", currency))
    taken, reasons = 0, []
    for part in parts:
        applied = _apply_part(lines, part, currency, returned)
        taken += applied.amount_minor
        reasons += [applied.reason] if applied.reason else []
    return Applied(taken, "; ".join(reasons)[:MAX_REASON_LENGTH])


def _apply_part(
    lines: Sequence[OrderLine], part: RefundPart, currency: str, returned: UnitsReturned
) -> Applied:
    name = part.line_id or part.sku
    meant = [line for line in lines if name == (line.line_id if part.line_id else line.sku)]
    if not meant:
        return Applied(0, f"the order has no line {name}")
    left = sum(line.left_minor for line in meant)
    asked = _asked(meant, part, left, returned)
    rest = asked
    for line in meant:
        rest -= line.refund(rest)
    return Applied(asked - rest, _too_large(asked, left, name, currency))


def _asked(meant: Sequence[OrderLine], part: RefundPart, left: int, returned: UnitsReturned) -> int:
    """What a part asks for: its amount, else its quantity's share, else all that is left."""
    if part.amount_minor is not None:
        return part.amount_minor
    sold = sum((line.quantity for line in meant), Decimal(0))
    if part.quantity is None or not sold:
        return left
    net = sum(line.net_minor for line in meant)
    names = tuple(line.line_id for line in meant)
    before = returned.get(names, Decimal(0))
    returned[names] = after = before + min(part.quantity, sold)
    return _worth(after, sold, net) - _worth(before, sold, net)


def _worth(units: Decimal, sold: Decimal, net: int) -> int:
    """What so many of the units sold are worth. More than `sold` are worth more than `net`."""
    return int((net * units / sold).quantize(Decimal(1), ROUND_HALF_UP))


def _too_large(asked: int, left: int, name: str, currency: str) -> str:
    if asked <= left:
        return ""
    return f"{Money(asked, currency)} is more than the {Money(left, currency)} left on {name}"


def apply_refunds(orders: Iterable[Order], *, changed: Sequence[Refund] = ()) -> dict[int, int]:
    """Work out what the refunds of these orders take, and save it on their lines and refunds.

    `changed` are refunds, new ones too, that count as they are here; the caller saves them. Returns
    by order id what is refunded of the lines that earn commission, in minor units. The caller holds
    the orders' locks.
    """
    by_id = {order.pk: order for order in orders}
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=list(by_id)).order_by("order_id", "position"):
        lines[line.order_id].append(line)
    applied = Refund.objects.filter(order__in=list(by_id), state=RefundState.APPLIED)
    known = list(applied.exclude(pk__in=[row.pk for row in changed if row.pk is not None]))
    refunds: dict[int | None, list[Refund]] = defaultdict(list)
    for refund in [*known, *changed]:
        refunds[refund.order_id].append(refund)
    before = [(line, line.refunded_minor) for of_order in lines.values() for line in of_order]
    earlier = [(refund, (refund.amount_minor, refund.reason)) for refund in known]
    for pk, order in by_id.items():
        _apply_in_sequence(order, lines[pk], refunds[pk])
    update_rows([line for line, was in before if line.refunded_minor != was], ["refunded_minor"])
    update_rows(
        [refund for refund, was in earlier if (refund.amount_minor, refund.reason) != was],
        ["amount_minor", "reason"],
    )
    return {
        pk: sum(line.refunded_minor for line in lines[pk] if line.is_commissionable) for pk in by_id
    }


def refunded_of(orders: Iterable[Order]) -> dict[int, int]:
    """What is refunded of the lines that earn commission, in minor units by order id."""
    earning = OrderLine.objects.filter(order__in=list(orders), is_commissionable=True)
    summed = earning.values("order_id").annotate(total=Sum("refunded_minor"))
    return dict(summed.values_list("order_id", "total"))


def _apply_in_sequence(order: Order, lines: Sequence[OrderLine], refunds: list[Refund]) -> None:
    for line in lines:
        line.refunded_minor = 0
    returned: UnitsReturned = {}
    for refund in sorted(refunds, key=lambda one: (one.refunded_at, one.external_id)):
        if refund.currency == order.currency:
            applied = apply_to_lines(
                lines,
                [RefundPart.from_json(part) for part in refund.parts],
                asked_minor=refund.asked_minor,
                currency=order.currency,
                returned=returned,
            )
        else:
            applied = Applied(0, f"it is in {refund.currency}, the order in {order.currency}")
        refund.amount_minor, refund.reason = applied.amount_minor, applied.reason
