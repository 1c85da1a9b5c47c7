"""The facts of an order and of a refund, whichever way they came in. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong: `field` is a path such as "lines.2.quantity"."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class LineFacts:
    sku: str
    product: str
    quantity: int
    net_minor: int
    collections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """A well-formed order. Line amounts are net of discounts, without tax and shipping.

    `customer_is_new` is the shop's own word; None where it says nothing.
    """

    external_id: str
    ordered_at: datetime
    currency: str
    customer_ref: str
    promo_code: str
    click_id: str
    lines: tuple[LineFacts, ...]
    customer_is_new: bool | None = None

    @property
    def total_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    def digest(self) -> str:
        """SHA-256 of everything the order says."""
        lines = [
            (line.sku, line.product, line.collections, line.quantity, line.net_minor)
            for line in self.lines
        ]
        return _digest(
            self.external_id,
            self.ordered_at.isoformat(),
            self.currency,
            self.customer_ref,
            self.promo_code,
            self.click_id,
            self.customer_is_new,
            lines,
        )


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """A well-formed refund, of all lines of one sku in one order together."""

    external_id: str
    order_external_id: str
    refunded_at: datetime
    currency: str
    sku: str
    quantity: int
    amount_minor: int

    def digest(self) -> str:
        """SHA-256 of everything the refund says."""
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
