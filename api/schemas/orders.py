"""Orders, their statements and refunds, as lists show them. What shops send: tracking.orders."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.ids import OrderId, RefundId, RevisionId, asked_id
from api.schemas.parts import AskedPage, AskedYesNo, MomentShown, MoneyShown, Shown
from background.running import MAX_ROWS_RUN_AT_ONCE
from core.public_ids import IdKind

Orders = Annotated[list[OrderId], Field(min_length=1, max_length=MAX_ROWS_RUN_AT_ONCE)]
Source = Annotated[str, Field(max_length=60)]


class OrderListed(Shown):
    """An order as it is now. `/orders/{source}/{order_id}` shows whom it is credited to."""

    id: OrderId
    order_id: str
    source: str
    number: str
    ordered_at: MomentShown
    received_at: MomentShown
    updated_at: MomentShown
    revision: int
    total: MoneyShown
    payment_status: Literal["pending", "paid", "voided"]
    cancelled_at: MomentShown | None
    is_test: bool
    promo_codes: list[str]
    unattributed: str | None = Field(description="Why no member is credited for it.")


class AskedOrders(AskedPage):
    """The newest received first; of unattributed orders, those placed last."""

    unattributed: AskedYesNo = Field(False, description="Those that no member is credited for.")
    search: str = Field(
        "",
        max_length=120,
        description="With unattributed: the beginning or the end of a number, or a part of a code.",
    )
    source: Source = Field("", description="With unattributed.")
    brought: Literal["", "code", "click", "nothing", "currency", "same", "test"] = Field(
        "", description="With unattributed: the evidence that they have."
    )


class RevisionShown(Shown):
    """One statement of an order, in the words in which it was sent."""

    id: RevisionId
    order: OrderId
    number: int
    contents: dict[str, Any]
    updated_at: MomentShown
    received_at: MomentShown


class AskedRevisions(AskedPage):
    order: OrderId


class RefundedLineShown(Shown):
    """What was asked for a line. An amount of null: the quantity's share, or all that is left."""

    line_id: str
    sku: str
    quantity: int | str | None
    amount: str | None


class RefundListed(Shown):
    """A refund; `amount` is what it takes from its order, `reason` says why that is less."""

    id: RefundId
    refund_id: str
    source: str
    order_id: str
    order: OrderId | None
    amount: MoneyShown
    asked: MoneyShown | None = Field(description="Of the whole order; null: all that is left.")
    lines: list[RefundedLineShown]
    refunded_at: MomentShown
    received_at: MomentShown
    state: Literal["parked", "applied", "undone"]
    reason: str


class AskedRefunds(AskedPage):
    order: str = asked_id(IdKind.ORDER)
    to_check: AskedYesNo = Field(False, description="Those that wait, or took less than was asked.")
    search: str = Field("", max_length=120, description="With to_check: a part of a number.")
    source: Source = Field("", description="With to_check.")
    outcome: Literal["", "waiting", "in-part", "not-at-all"] = Field(
        "", description="With to_check: what came of it."
    )
