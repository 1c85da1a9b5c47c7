"""Conversions and members' questions about missing sales, as they are shown and sent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.enrollments import EnrollmentShown
from api.schemas.ids import (
    ConversionId,
    EnrollmentId,
    MemberId,
    OfferId,
    OrderId,
    QuestionId,
    TermsId,
    asked_id,
)
from api.schemas.members import MemberShown
from api.schemas.offers import OfferShown
from api.schemas.orders import OrderListed, Orders
from api.schemas.parts import (
    ORDER_OR_MEMBER,
    Asked,
    AskedWholePage,
    DayShown,
    MomentShown,
    MoneyShown,
    NoNul,
    Reason,
    Sent,
    Shown,
)
from background.running import MAX_ROWS_RUN_AT_ONCE
from core.public_ids import IdKind
from tracking.models.questions import MAX_ANSWER_LENGTH
from tracking.orders.sharing import MAX_MEMBERS

Conversions = Annotated[list[ConversionId], Field(min_length=1, max_length=MAX_ROWS_RUN_AT_ONCE)]
Status = Literal["pending", "accepted", "rejected"]
EvidenceName = Literal["code", "click", "customer", "by_hand"]
State = Literal["open", "attributed", "explained", "refused"]


class FoundShown(Shown):
    """One piece of evidence of the order."""

    evidence: str
    words: str


class ConversionShown(Shown):
    """An order that is credited to a member, whole or by share.

    `decision` is what staff or the terms decided; the state of the order can stand above it, and
    `status` is what counts. `share_bp` are basis points of the order; 0: it went to others.
    """

    id: ConversionId
    order: OrderId | OrderListed
    member: MemberId | MemberShown
    offer: OfferId | OfferShown
    enrollment: EnrollmentId | EnrollmentShown
    terms: TermsId
    status: Status
    reason: str
    is_held: bool = Field(description="Whether a flag holds it for review.")
    decision: Status
    evidence: EvidenceName
    why: str
    found: list[FoundShown] = Field(description="All evidence of the order, the winner first.")
    share_bp: int
    share_reason: str
    occurred_at: MomentShown
    payable_at: MomentShown
    sale: MoneyShown
    refunded: MoneyShown
    commission: MoneyShown
    earnable: MoneyShown = Field(description="What it earns or would earn if it is accepted.")
    rate: str | None = Field(description="Of the order's currency, where the offer's is another.")
    rate_on: DayShown | None


class AskedConversions(AskedWholePage):
    """`created_since` and `created_before` are times of the orders."""

    search: str = ORDER_OR_MEMBER
    status: Literal["", "pending", "accepted", "rejected", "undecided"] = ""
    offer: str = asked_id(IdKind.OFFER)
    member: str = asked_id(IdKind.MEMBER)
    enrollment: str = asked_id(IdKind.ENROLLMENT)
    evidence: EvidenceName | Literal[""] = ""


class AskedConversion(Asked):
    pass


class ChosenConversions(Sent):
    conversions: Conversions


class Rejected(Sent):
    conversions: Conversions
    reason: Reason = Field(description="The members read it.")


class Credited(Sent):
    """Orders that nobody is credited for go to this member, each under the terms of its day."""

    orders: Orders
    enrollment: EnrollmentId
    reason: Reason = Field(description="The member reads it.")


class LookedAgain(Sent):
    orders: Orders


class NotCreditedShown(Shown):
    """An order that you named and that stays as it is, and why, in a sentence."""

    order: OrderId
    why: str


class CreditingShown(Shown):
    """The new conversions, and the orders that stay as they are."""

    data: list[ConversionShown]
    not_credited: list[NotCreditedShown]


class ShareSent(Sent):
    enrollment: EnrollmentId
    share_bp: Annotated[int, Field(ge=1, le=10_000)]


class Sharing(Sent):
    """Basis points that add up to 10000. `seen` are the shares that you read, if you did."""

    shares: Annotated[list[ShareSent], Field(min_length=1, max_length=MAX_MEMBERS)]
    reason: Reason = Field(description="The members read it.")
    seen: Annotated[list[ShareSent], Field(max_length=2 * MAX_MEMBERS)] | None = Field(
        None, description="Refuse with 409 if they are others by now."
    )


class ShareHeld(Shown):
    enrollment: EnrollmentId
    share_bp: int


class SharesHeld(Shown):
    """The shares of an order as they are now, as `seen` takes them."""

    shares: list[ShareHeld]


class SharesShown(Shown):
    """The conversions that have a share, the largest first."""

    data: list[ConversionShown]


class QuestionShown(Shown):
    """A member's question about a missing sale. It is answered once."""

    id: QuestionId
    enrollment: EnrollmentId | EnrollmentShown
    order_reference: str
    ordered_on: DayShown
    note: str
    asked_at: MomentShown
    state: State
    answer: str
    answered_by: str
    answered_at: MomentShown | None
    conversion: ConversionId | None


class AskedQuestions(AskedWholePage):
    search: str = Field(
        "",
        max_length=200,
        description="A part of the order's number, or of the member's name or address.",
    )
    state: State | Literal[""] = ""
    member: str = asked_id(IdKind.MEMBER)


class AskedQuestion(Asked):
    pass


class Answer(Sent):
    """`attribute` credits the order to the member; the others say why it is not theirs."""

    kind: Literal["attribute", "explain", "refuse"]
    answer: Annotated[str, NoNul, Field(min_length=1, max_length=MAX_ANSWER_LENGTH)] = Field(
        description="The member reads it."
    )
    order: OrderId | None = Field(None, description="Which order, with attribute.")
