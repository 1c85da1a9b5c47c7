"""Orders and refunds as values, the same for every source. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: `field` is a path such as "lines.2.quantity"."""

    field: str
    code: str
    message: str


MAX_AHEAD = timedelta(hours=1)  # that the clock of a shop may be ahead of ours


def future_problem(field: str, moment: datetime, *, now: datetime) -> FieldProblem | None:
    """What is wrong with a time that has not come yet; None if nothing is."""
    if moment <= now + MAX_AHEAD:
        return None
    return FieldProblem(field, "in_the_future", f"{moment.isoformat()} has not come yet")


@dataclass(frozen=True, slots=True)
class LineFacts:
    sku: str
    product: str
    quantity: int
    net_minor: int
    collections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """A valid order. Line amounts are net of discounts, without tax and shipping.

    `customer_is_new` is what the shop says; None when it says nothing.
    """

    external_id: str
    ordered_at: datetime
    currency: str
    customer_ref: str
    promo_codes: tuple[str, ...]
    click_id: str
    lines: tuple[LineFacts, ...]
    customer_is_new: bool | None = None

    @property
    def total_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    def digest(self) -> str:
        """Return the SHA-256 of all fields."""
        lines = [
            (line.sku, line.product, line.collections, line.quantity, line.net_minor)
            for line in self.lines
        ]
        return _digest(
            self.external_id,
            self.ordered_at.isoformat(),
            self.currency,
            self.customer_ref,
            # A list only where there are several, as orders had a single text before.
            self.promo_codes if len(self.promo_codes) > 1 else "".join(self.promo_codes),
            self.click_id,
            self.customer_is_new,
            lines,
        )


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """A valid refund of one sku in one order, over all lines with that sku."""

    external_id: str
    order_external_id: str
    refunded_at: datetime
    currency: str
    sku: str
    quantity: int
    amount_minor: int

    def digest(self) -> str:
        """Return the SHA-256 of all fields."""
        return _digest(
            self.external_id,
            self.order_external_id,
            self.refunded_at.isoformat(),
            self.currency,
            self.sku,
            self.quantity,
            self.amount_minor,
        )


def _digest(*contents: Any) -> str:
    text = json.dumps(contents, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
