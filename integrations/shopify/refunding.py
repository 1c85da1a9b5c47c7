"""What a refund takes from a sale. Pure.

The commission follows what was refunded of each line, without tax. Shipping never lowers the sale.
Money that was paid back without lines, or for lines worth nothing, lowers it in proportion.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from core.money import Money, exponent, round_half_up, to_minor
from integrations.shopify.facts import ShopRefund

# A shop rounds each amount once: this much of the smallest unit is no disagreement.
TOLERANCE_PER_AMOUNT = Decimal("0.5")
NOTHING = Decimal(0)


def parts_of(refund: ShopRefund) -> list[dict[str, Any]]:
    """Return what a refund takes from each line, in our API's JSON; empty if its lines are worth 0.

    Documentation leaves open whether `subtotal` holds the tax in shops whose prices include it. The
    money that was paid back tells: it agrees with one of both readings. If it agrees with neither,
    for example because none was paid back, the quantity counts: our side takes its share of what
    the line is worth without tax. So a refund says the same alone and inside its order.
    """
    worth = [line for line in refund.lines if line.subtotal > 0]
    if not worth:
        return []
    has_tax_in_subtotal = _has_tax_in_subtotal(refund)
    parts = []
    for line in worth:
        part: dict[str, Any] = {"line_id": line.line_id}
        if has_tax_in_subtotal is None and line.quantity:
            part["quantity"] = format(line.quantity, "f")
        else:
            net = line.subtotal - (line.tax if has_tax_in_subtotal else NOTHING)
            part["amount"] = _plain(max(net, NOTHING), refund.currency)
        parts.append(part)
    return parts


def _has_tax_in_subtotal(refund: ShopRefund) -> bool | None:
    """Σ(subtotal + tax) + shipping - discrepancy = money, or the same without the tax."""
    tax = sum((line.tax for line in refund.lines), NOTHING)
    if not tax:
        return False
    if refund.money is None:
        return None
    subtotal = sum((line.subtotal for line in refund.lines), NOTHING)
    without = subtotal + refund.shipping - refund.discrepancy
    off = {False: abs(without + tax - refund.money), True: abs(without - refund.money)}
    unit = Decimal(1) / 10 ** exponent(refund.currency)
    allowed = unit * TOLERANCE_PER_AMOUNT * (2 + 2 * len(refund.lines))
    agreeing = [reading for reading, difference in off.items() if difference <= allowed]
    return agreeing[0] if len(agreeing) == 1 else None


def paid_back_without_lines(refund: ShopRefund) -> Decimal:
    """Return the money that was paid back for no line, without shipping; with tax.

    The discrepancy stands for it where the money is not known: it is negative when more was paid
    back than the lines say. What settles lines of earlier refunds has lowered the sale already.
    """
    tax_of_lines = sum((line.tax for line in refund.lines), NOTHING)
    if refund.money:
        return max(refund.money - refund.shipping - tax_of_lines - refund.settled, NOTHING)
    return max(-refund.discrepancy - refund.settled, NOTHING)


def in_proportion(
    paid_back: Decimal, lines: Sequence[tuple[Decimal, Decimal]], currency: str
) -> str:
    """Return what money with tax takes from a sale without tax, "" for nothing.

    `lines` are net and tax of each line. £12.00 of an order of £100.00 and £20.00 tax lower the
    sale by £10.00. It is never more than the sale.
    """
    net = sum((to_minor(net, currency) for net, _ in lines), 0)
    gross = net + sum((to_minor(tax, currency) for _, tax in lines), 0)
    if not net:
        return ""
    taken = min(round_half_up(to_minor(paid_back, currency) * net, gross), net)
    return Money(taken, currency).plain() if taken else ""


def refunded_quantity(refunds: Sequence[ShopRefund], line_id: str) -> Decimal:
    """Return how many pieces of a line the refunds name."""
    return sum(
        (line.quantity for refund in refunds for line in refund.lines if line.line_id == line_id),
        NOTHING,
    )


def _plain(amount: Decimal, currency: str) -> str:
    return Money(to_minor(amount, currency), currency).plain()
