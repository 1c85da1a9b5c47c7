"""Payments, payment runs, what is due, and postings by hand, as they are shown and sent."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from api.schemas.ids import (
    ConversionId,
    EnrollmentId,
    MemberId,
    OfferId,
    PayoutId,
    RunId,
    asked_id,
)
from api.schemas.members import MemberShown
from api.schemas.parts import (
    MAX_PAGE,
    Amount,
    Asked,
    AskedPage,
    AskedWhole,
    AskedWholePage,
    Currency,
    MomentShown,
    MoneyShown,
    NoNul,
    Reason,
    Sent,
    Shown,
)
from core.public_ids import IdKind

Reference = Annotated[str, NoNul, Field(max_length=120)]
State = Literal["pending_info", "processing", "paid", "failed", "cancelled"]
RunState = Literal["draft", "processing", "paid", "failed", "cancelled"]
ComeBack = Literal["failed", "cancelled"]
EntryName = Literal["commission", "adjustment", "write_off", "payout", "payout_returned"]
Confirmation = Annotated[uuid.UUID, BeforeValidator(lambda text: uuid.UUID(str(text)))]


class EntryShown(Shown):
    """A posting to a member's account, positive in their favour."""

    enrollment: EnrollmentId
    kind: EntryName
    amount: MoneyShown
    conversion: ConversionId | None
    note: str
    posted_at: MomentShown
    available_at: MomentShown = Field(description="From when it may be paid.")


class PayoutShown(Shown):
    """A payment to one member. `pending_info` waits until the member shares payout details."""

    id: PayoutId
    run: RunId | None
    member: MemberId | MemberShown
    amount: MoneyShown
    state: State
    reference: str
    reason: str
    created_at: MomentShown
    created_by: str
    settled_at: MomentShown | None


class PayoutWhole(PayoutShown):
    """A payment with the entries that it pays."""

    entries: list[EntryShown]


class AskedPayouts(AskedWholePage):
    search: str = Field(
        "",
        max_length=200,
        description="A part of the member's name or address, or of the reference.",
    )
    member: str = asked_id(IdKind.MEMBER)
    state: State | Literal[""] = ""


class AskedPayout(Asked):
    pass


class NewPayout(Sent):
    """A payment that you made. `amount` is all that is due, as you read it from `/due`."""

    member: MemberId
    amount: Amount
    currency: Currency
    reference: Reference = ""


class MarkedPaid(Sent):
    reference: Reference = ""


class Returned(Sent):
    """`failed`: the money came back. `cancelled`: none was sent."""

    state: ComeBack
    reason: Reason = Field(description="The member reads it.")


class AskedDue(Asked):
    member: MemberId = Field(description="Whose.")


class DueShown(Shown):
    """What a member is due now in one currency, and the entries that a payment would pay.

    Of many entries the first 2,000 are shown: corrections that lower it, then the oldest.
    """

    amount: MoneyShown
    entries: list[EntryShown]
    is_cut: bool


class EveryDue(Shown):
    member: MemberId
    data: list[DueShown]


class AskedDueToAll(BaseModel):
    """The query of what is due to all members."""

    currency: Currency | Literal[""] = ""
    limit: AskedWhole = Field(50, ge=1, le=MAX_PAGE, description="How many members.")
    cursor: str = Field("", max_length=400, description="The `next_cursor` of the page before.")


class DueToMember(Shown):
    """What a member is due now, in each currency. What is negative is carried over."""

    member: MemberId
    due: list[MoneyShown]


class NewAdjustment(Sent):
    """A bonus, or with a minus before the amount a correction, in the offer's currency."""

    enrollment: EnrollmentId
    amount: Amount
    note: Reason = Field(description="The member reads it.")
    confirmation: Confirmation | None = Field(None, description="The same one posts once.")


class NewWriteOff(Sent):
    """Give up what a member was paid too much. `amount` is the debt, as you saw it."""

    enrollment: EnrollmentId
    amount: Amount
    note: Reason = Field(description="The member reads it.")
    confirmation: Confirmation | None = Field(None, description="The same one posts once.")


class BalanceShown(Shown):
    """What a member has in one offer. `due` may be paid now; below zero it is carried over."""

    enrollment: EnrollmentId
    offer: OfferId
    earned: MoneyShown
    due: MoneyShown
    held: MoneyShown
    on_the_way: MoneyShown
    paid: MoneyShown
    debt: MoneyShown


class RunShown(Shown):
    """Payments to many members. A draft pays nothing until it is confirmed."""

    id: RunId
    state: RunState
    is_drafted: bool = Field(description="Whether its lines are complete.")
    is_worked_on: bool = Field(description="Whether a worker is drafting or changing it now.")
    amount: MoneyShown
    minimum: MoneyShown
    payments: int
    reference: str
    reason: str
    created_at: MomentShown
    created_by: str
    confirmed_at: MomentShown | None
    confirmed_by: str
    settled_at: MomentShown | None


class RunWhole(RunShown):
    """A run with the sum of its payments that are on the way: what is marked paid together.

    Once a file for the bank has payments of the run, only those are.
    """

    to_mark_paid: MoneyShown


class MarkedRunPaid(Sent):
    """`amount` is `to_mark_paid`, as you read it."""

    amount: Amount
    reference: Reference = ""


class AskedRuns(AskedPage):
    search: str = Field(
        "", max_length=200, description="The reference, or who drafted or confirmed it."
    )
    state: RunState | Literal[""] = ""


class RunLineShown(Shown):
    """A member in a run, with what they were due when it was drafted."""

    member: MemberId
    due: MoneyShown
    is_left_out: bool = Field(description="Below the minimum: stays due.")


class RunLines(Shown):
    """The members of a run, the largest amount first. Of many, the first 1,000."""

    data: list[RunLineShown]
    is_cut: bool


class RunMembersDue(Shown):
    """The members of a draft to whom less is due now than it says, with what is due now."""

    members: list[DueToMember]


class NewRun(Sent):
    """Without `members`, everybody who is due in this currency."""

    currency: Currency
    minimum: Amount = "0"
    members: Annotated[list[MemberId], Field(min_length=1, max_length=1_000)] | None = None
    confirmation: Confirmation | None = Field(None, description="The same one drafts once.")


class RunReturned(Returned):
    pass
