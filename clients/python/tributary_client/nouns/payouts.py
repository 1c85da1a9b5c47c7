"""Payouts. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NotRequired, TypedDict, Unpack

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    MemberShown,
    MoneyShown,
)


class BalanceShown(TypedDict):
    """What a member has in one offer. `due` may be paid now; below zero it is carried over."""

    enrollment: str
    offer: str
    earned: MoneyShown
    due: MoneyShown
    held: MoneyShown
    on_the_way: MoneyShown
    paid: MoneyShown
    debt: MoneyShown


class DueShown(TypedDict):
    """What a member is due now in one currency, and the entries that a payment would pay. Of
    many entries the first 2,000 are shown: corrections that lower it, then the oldest.
    """

    amount: MoneyShown
    entries: list[EntryShown]
    is_cut: bool


class DueToMember(TypedDict):
    """What a member is due now, in each currency. What is negative is carried over."""

    member: str
    due: list[MoneyShown]


class EntryShown(TypedDict):
    """A posting to a member's account, positive in their favour."""

    enrollment: str
    kind: Literal["commission", "adjustment", "write_off", "payout", "payout_returned"]
    amount: MoneyShown
    conversion: str | None
    note: str
    posted_at: str
    available_at: str


class EveryDue(TypedDict):
    member: str
    data: list[DueShown]


class MarkedPaid(TypedDict):
    reference: NotRequired[str]


class NewAdjustment(TypedDict):
    """A bonus, or with a minus before the amount a correction, in the offer's currency."""

    enrollment: str
    amount: str | float
    note: str
    confirmation: NotRequired[str | None]


class NewPayout(TypedDict):
    """A payment that you made. `amount` is all that is due, as you read it from `/due`."""

    member: str
    amount: str | float
    currency: str
    reference: NotRequired[str]


class NewWriteOff(TypedDict):
    """Give up what a member was paid too much. `amount` is the debt, as you saw it."""

    enrollment: str
    amount: str | float
    note: str
    confirmation: NotRequired[str | None]


class PayoutShown(TypedDict):
    """A payment to one member. `pending_info` waits until the member shares payout details."""

    id: str
    run: str | None
    member: str | MemberShown
    amount: MoneyShown
    state: Literal["pending_info", "processing", "paid", "failed", "cancelled"]
    reference: str
    reason: str
    created_at: str
    created_by: str
    settled_at: str | None


class PayoutWhole(TypedDict):
    """A payment with the entries that it pays."""

    id: str
    run: str | None
    member: str | MemberShown
    amount: MoneyShown
    state: Literal["pending_info", "processing", "paid", "failed", "cancelled"]
    reference: str
    reason: str
    created_at: str
    created_by: str
    settled_at: str | None
    entries: list[EntryShown]


class Returned(TypedDict):
    """`failed`: the money came back. `cancelled`: none was sent."""

    state: Literal["failed", "cancelled"]
    reason: str


class Payouts(Caller):
    """The operations on payouts."""

    def list_payouts(
        self,
        *,
        expand: str | None = None,
        created_since: str | None = None,
        created_before: str | None = None,
        search: str | None = None,
        member: str | None = None,
        state: Literal["pending_info", "processing", "paid", "failed", "cancelled"] | None = None,
    ) -> Iterator[PayoutShown]:
        """GET /api/v1/payouts: Return payments, the newest first."""
        return self.pages(
            "/api/v1/payouts",
            asked={
                "expand": expand,
                "created_since": created_since,
                "created_before": created_before,
                "search": search,
                "member": member,
                "state": state,
            },
        )

    def record_payout(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[NewPayout],
    ) -> PayoutWhole:
        """POST /api/v1/payouts: Record that you paid a member all that is due to them in this
        currency.
        """
        answer: PayoutWhole = self.call(
            "POST",
            "/api/v1/payouts",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_due(
        self,
        *,
        expand: str | None = None,
        member: str | None = None,
    ) -> EveryDue:
        """GET /api/v1/due: Return what a member is due now, in each currency: what a payment
        would pay.
        """
        answer: EveryDue = self.call(
            "GET",
            "/api/v1/due",
            asked={
                "expand": expand,
                "member": member,
            },
        )
        return answer

    def list_due(
        self,
        *,
        currency: str | None = None,
    ) -> Iterator[DueToMember]:
        """GET /api/v1/due/members: Return what all members are due now, those added last first.
        Who is due nothing is left out. One payment run of all who are due something is drafted
        by `POST /payout-runs`.
        """
        return self.pages(
            "/api/v1/due/members",
            asked={
                "currency": currency,
            },
        )

    def post_adjustment(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[NewAdjustment],
    ) -> EntryShown:
        """POST /api/v1/adjustments: Post a bonus or a correction for a member in an offer."""
        answer: EntryShown = self.call(
            "POST",
            "/api/v1/adjustments",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def write_off_debt(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[NewWriteOff],
    ) -> EntryShown:
        """POST /api/v1/write-offs: Write off what a member was paid too much in an offer."""
        answer: EntryShown = self.call(
            "POST",
            "/api/v1/write-offs",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_payout(
        self,
        payout: str,
        *,
        expand: str | None = None,
    ) -> PayoutWhole:
        """GET /api/v1/payouts/{payout}: Return one payment with the entries that it pays."""
        answer: PayoutWhole = self.call(
            "GET",
            f"/api/v1/payouts/{quoted(payout)}",
            asked={
                "expand": expand,
            },
        )
        return answer

    def mark_payout_paid(
        self,
        payout: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[MarkedPaid],
    ) -> PayoutWhole:
        """POST /api/v1/payouts/{payout}/paid: Mark a payment that is on the way, or waits for
        details, as paid.
        """
        answer: PayoutWhole = self.call(
            "POST",
            f"/api/v1/payouts/{quoted(payout)}/paid",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def return_payout(
        self,
        payout: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[Returned],
    ) -> PayoutWhole:
        """POST /api/v1/payouts/{payout}/return: Mark a payment as failed or cancelled: its
        entries are due again.
        """
        answer: PayoutWhole = self.call(
            "POST",
            f"/api/v1/payouts/{quoted(payout)}/return",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_balance(
        self,
        enrollment: str,
    ) -> BalanceShown:
        """GET /api/v1/enrollments/{enrollment}/balance: Return what a member has in an offer:
        earned, due, held, on the way and paid.
        """
        answer: BalanceShown = self.call(
            "GET",
            f"/api/v1/enrollments/{quoted(enrollment)}/balance",
        )
        return answer
