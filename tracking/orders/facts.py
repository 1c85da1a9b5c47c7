"""Orders and refunds as values, the same for every source. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tracking.models import PaymentStatus

MAX_PROBLEMS = 100  # of one order or refund that an answer names


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: `field` is a path such as "lines.2.quantity"."""

    field: str
    code: str
    message: str


class Problems:
    """Collects what is wrong in one object; `prefix` says where that lies in the whole.

    After MAX_PROBLEMS nothing more is added: a body of a few megabytes can hold a million.
    """

    __slots__ = ("found", "prefix")

    def __init__(self, prefix: str = "", found: list[FieldProblem] | None = None) -> None:
        self.prefix = prefix
        self.found: list[FieldProblem] = [] if found is None else found

    def add(self, field: str, code: str, message: str) -> None:
        if not self.is_full:
            self.found.append(FieldProblem(f"{self.prefix}{field}", code, message))

    @property
    def is_full(self) -> bool:
        return len(self.found) >= MAX_PROBLEMS

    def inside(self, prefix: str) -> Problems:
        """The same list, for what is wrong in a part of the object."""
        return Problems(f"{self.prefix}{prefix}", self.found)


MAX_AHEAD = timedelta(hours=1)  # that the clock of a shop may be ahead of ours


def future_problem(field: str, moment: datetime, *, now: datetime) -> FieldProblem | None:
    """What is wrong with a time that has not come yet; None if nothing is."""
    if moment <= now + MAX_AHEAD:
        return None
    return FieldProblem(field, "in_the_future", f"{moment.isoformat()} has not come yet")


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line, net of its discounts. `line_id` is the shop's own, or else its place, from 1."""

    line_id: str
    sku: str
    product: str
    quantity: Decimal
    net_minor: int
    collections: tuple[str, ...] = ()
    is_commissionable: bool = True


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What a shop states of an order. Line amounts are net, without tax and shipping.

    `customer_is_new` is what the shop says; None when it says nothing. `updated_at` is when the
    shop last changed the order, None when it does not say. `number` is what the shop shows where
    that is not the id. `customer_email` is never stored: see tracking.orders.customer_digest.
    """

    external_id: str
    ordered_at: datetime
    currency: str
    customer_ref: str
    promo_codes: tuple[str, ...]
    click_id: str
    lines: tuple[LineFacts, ...]
    customer_is_new: bool | None = None
    payment_status: str = PaymentStatus.PAID
    cancelled_at: datetime | None = None
    is_test: bool = False
    updated_at: datetime | None = None
    number: str = ""
    customer_email: str = field(default="", repr=False)
    referrer_host: str = ""

    @property
    def total_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    @property
    def commissionable_minor(self) -> int:
        """The total of the lines that earn commission."""
        return sum(line.net_minor for line in self.lines if line.is_commissionable)

    def digest(self) -> str:
        """Return the SHA-256 of what is stated of the sale.

        That is all but `updated_at`, `number`, the customer's address and the referrer.
        """
        return _digest(
            self.external_id,
            self.ordered_at.isoformat(),
            self.currency,
            self.customer_ref,
            self.promo_codes,
            self.click_id,
            self.customer_is_new,
            self.payment_status,
            self.cancelled_at.isoformat() if self.cancelled_at else None,
            self.is_test,
            [
                (
                    line.line_id, line.sku, line.product, line.collections,
                    plain_quantity(line.quantity), line.net_minor, line.is_commissionable,
                )
                for line in self.lines
            ],
        )  # fmt: skip

    def future_problem(self, *, now: datetime) -> FieldProblem | None:
        """What is wrong with the first of its times that has not come yet; None if all have."""
        times = (
            ("ordered_at", self.ordered_at),
            ("updated_at", self.updated_at),
            ("cancelled_at", self.cancelled_at),
        )
        problems = (future_problem(name, at, now=now) for name, at in times if at is not None)
        return next(filter(None, problems), None)


@dataclass(frozen=True, slots=True)
class RefundPart:
    """What is given back for one line, named by `line_id` or, for all its lines, by `sku`.

    With an amount (minor units) that is it, whatever the quantity. Without one, the quantity's
    share of the line; without both, all that is left of the line.
    """

    line_id: str
    sku: str
    quantity: Decimal | None
    amount_minor: int | None

    def as_json(self) -> dict[str, Any]:
        quantity = None if self.quantity is None else plain_quantity(self.quantity)
        return {
            "line_id": self.line_id,
            "sku": self.sku,
            "quantity": quantity,
            "amount_minor": self.amount_minor,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> RefundPart:
        quantity = kept["quantity"]
        return cls(
            line_id=kept["line_id"],
            sku=kept["sku"],
            quantity=None if quantity is None else Decimal(str(quantity)),
            amount_minor=kept["amount_minor"],
        )


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """A refund of some lines, or of the order as a whole where there are no `parts`.

    `amount_minor` is what the whole order gives back; None: all that is left, or what the parts
    say.
    """

    external_id: str
    order_external_id: str
    refunded_at: datetime
    currency: str
    parts: tuple[RefundPart, ...] = ()
    amount_minor: int | None = None

    @property
    def asked_minor(self) -> int | None:
        """What it asks for; None where that depends on what is left of the order."""
        if not self.parts:
            return self.amount_minor
        amounts = [part.amount_minor for part in self.parts]
        return None if None in amounts else sum(amount or 0 for amount in amounts)

    def digest(self) -> str:
        """Return the SHA-256 of all fields."""
        return _digest(
            self.external_id,
            self.order_external_id,
            self.refunded_at.isoformat(),
            self.currency,
            [part.as_json() for part in self.parts],
            self.amount_minor,
        )


def plain_quantity(quantity: Decimal) -> int | str:
    """A quantity as JSON has it: 2, or "1.5"."""
    whole = int(quantity)
    return whole if whole == quantity else f"{quantity.normalize():f}"


def _digest(*contents: Any) -> str:
    text = json.dumps(contents, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
