"""Orders. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypedDict

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    OrderListed,
    RefundListed,
)


class AttributionShown(TypedDict):
    """The credited member; `claims` is all evidence of the order, the winner first."""

    evidence: str
    member: str
    offer: str
    claims: list[ClaimShown]


class ClaimShown(TypedDict):
    evidence: str
    words: str


class CommissionShown(TypedDict):
    """The commission of the order, net of refunds; `reason` says why it was rejected."""

    amount: str
    sale: str
    refunded: str
    payable_at: str
    reason: str


class OrderShown(TypedDict):
    """An order with its attribution, commission and refunds."""

    id: str
    order_id: str
    source: str
    ordered_at: str
    received_at: str
    updated_at: str
    revision: int
    currency: str
    payment_status: Literal["pending", "paid", "voided"]
    cancelled_at: str | None
    is_test: bool
    total: str
    status: Literal["pending", "accepted", "rejected", "unattributed"]
    why: str
    attribution: AttributionShown | None
    commission: CommissionShown | None
    shares: list[ShareShown]
    refunds: list[RefundShown]


class RefundShown(TypedDict):
    """`amount` is what was applied; `reason` says why that is less than was asked."""

    refund_id: str
    amount: str
    refunded_at: str
    state: Literal["parked", "applied", "undone"]
    reason: str
    lines: list[RefundedLine]


class RefundUndone(TypedDict):
    refund_id: str
    source: str
    outcome: Literal["undone"]


class RefundedLine(TypedDict):
    """What was asked for a line. An amount of null is the quantity's share, or all that is left."""

    line_id: str
    sku: str
    quantity: int | str | None
    amount: str | None


class ShareShown(TypedDict):
    """A member's part of the order, in basis points, and their commission for it."""

    member: str
    offer: str
    share_bp: int
    status: Literal["pending", "accepted", "rejected"]
    amount: str
    currency: str
    rate: str | None
    rate_on: str | None


class Orders(Caller):
    """The operations on orders."""

    def list_orders(
        self,
        *,
        created_since: str | None = None,
        created_before: str | None = None,
        unattributed: bool | None = None,
        search: str | None = None,
        source: str | None = None,
        brought: Literal["", "code", "click", "nothing", "currency", "same", "test"] | None = None,
    ) -> Iterator[OrderListed]:
        """GET /api/v1/orders: Return orders, those received last first; unattributed ones by the
        time of the order.
        """
        return self.pages(
            "/api/v1/orders",
            asked={
                "created_since": created_since,
                "created_before": created_before,
                "unattributed": unattributed,
                "search": search,
                "source": source,
                "brought": brought,
            },
        )

    def show_order_of_source(
        self,
        source: str,
        order_id: str,
    ) -> OrderShown:
        """GET /api/v1/orders/{source}/{order_id}: Return an order of any source. Use this with
        "api" for an order_id with a slash.
        """
        answer: OrderShown = self.call(
            "GET",
            f"/api/v1/orders/{quoted(source)}/{quoted(order_id)}",
        )
        return answer

    def list_refunds(
        self,
        *,
        created_since: str | None = None,
        created_before: str | None = None,
        order: str | None = None,
        to_check: bool | None = None,
        search: str | None = None,
        source: str | None = None,
        outcome: Literal["", "waiting", "in-part", "not-at-all"] | None = None,
    ) -> Iterator[RefundListed]:
        """GET /api/v1/refunds: Return refunds, those received last first."""
        return self.pages(
            "/api/v1/refunds",
            asked={
                "created_since": created_since,
                "created_before": created_before,
                "order": order,
                "to_check": to_check,
                "search": search,
                "source": source,
                "outcome": outcome,
            },
        )

    def undo_refund(
        self,
        source: str,
        refund_id: str,
    ) -> RefundUndone:
        """DELETE /api/v1/refunds/{source}/{refund_id}: Take a refund back: its order earns as if
        the refund had never been. Safe to repeat.
        """
        answer: RefundUndone = self.call(
            "DELETE",
            f"/api/v1/refunds/{quoted(source)}/{quoted(refund_id)}",
        )
        return answer

    def show_order(
        self,
        order_id: str,
    ) -> OrderShown:
        """GET /api/v1/orders/{order_id}: Return an order with its attribution, commission and
        refunds. `order_id` is that of an order of the source "api", or else the `id` (ord_…) of
        any order, as lists and webhooks have it.
        """
        answer: OrderShown = self.call(
            "GET",
            f"/api/v1/orders/{quoted(order_id)}",
        )
        return answer
