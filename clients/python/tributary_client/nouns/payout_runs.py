"""Payout runs. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NotRequired, TypedDict, Unpack

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    MoneyShown,
)


class MarkedRunPaid(TypedDict):
    """`amount` is `to_mark_paid`, as you read it."""

    amount: str | float
    reference: NotRequired[str]


class NewRun(TypedDict):
    """Without `members`, everybody who is due in this currency."""

    currency: str
    minimum: NotRequired[str | float]
    members: NotRequired[list[str] | None]
    confirmation: NotRequired[str | None]


class RunLineShown(TypedDict):
    """A member in a run, with what they were due when it was drafted."""

    member: str
    due: MoneyShown
    is_left_out: bool


class RunLines(TypedDict):
    """The members of a run, the largest amount first. Of many, the first 1,000."""

    data: list[RunLineShown]
    is_cut: bool


class RunReturned(TypedDict):
    state: Literal["failed", "cancelled"]
    reason: str


class RunShown(TypedDict):
    """Payments to many members. A draft pays nothing until it is confirmed."""

    id: str
    state: Literal["draft", "processing", "paid", "failed", "cancelled"]
    is_drafted: bool
    is_worked_on: bool
    amount: MoneyShown
    minimum: MoneyShown
    payments: int
    reference: str
    reason: str
    created_at: str
    created_by: str
    confirmed_at: str | None
    confirmed_by: str
    settled_at: str | None


class RunWhole(TypedDict):
    """A run with the sum of its payments that are on the way: what is marked paid together. Once
    a file for the bank has payments of the run, only those are.
    """

    id: str
    state: Literal["draft", "processing", "paid", "failed", "cancelled"]
    is_drafted: bool
    is_worked_on: bool
    amount: MoneyShown
    minimum: MoneyShown
    payments: int
    reference: str
    reason: str
    created_at: str
    created_by: str
    confirmed_at: str | None
    confirmed_by: str
    settled_at: str | None
    to_mark_paid: MoneyShown


class PayoutRuns(Caller):
    """The operations on payout runs."""

    def list_runs(
        self,
        *,
        created_since: str | None = None,
        created_before: str | None = None,
        search: str | None = None,
        state: Literal["draft", "processing", "paid", "failed", "cancelled"] | None = None,
    ) -> Iterator[RunShown]:
        """GET /api/v1/payout-runs: Return payment runs, the newest first."""
        return self.pages(
            "/api/v1/payout-runs",
            asked={
                "created_since": created_since,
                "created_before": created_before,
                "search": search,
                "state": state,
            },
        )

    def draft_new_run(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[NewRun],
    ) -> RunWhole:
        """POST /api/v1/payout-runs: Draft a run. It moves no money, and lists exactly what it
        would pay.
        """
        answer: RunWhole = self.call(
            "POST",
            "/api/v1/payout-runs",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_run(
        self,
        run: str,
    ) -> RunWhole:
        """GET /api/v1/payout-runs/{run}: Return one run."""
        answer: RunWhole = self.call(
            "GET",
            f"/api/v1/payout-runs/{quoted(run)}",
        )
        return answer

    def list_members_of_run(
        self,
        run: str,
    ) -> RunLines:
        """GET /api/v1/payout-runs/{run}/members: Return the members that a run pays or leaves
        out. Its payments are in the list of payouts.
        """
        answer: RunLines = self.call(
            "GET",
            f"/api/v1/payout-runs/{quoted(run)}/members",
        )
        return answer

    def confirm_run(
        self,
        run: str,
        *,
        idempotency_key: str = "",
    ) -> RunWhole:
        """POST /api/v1/payout-runs/{run}/confirm: Make all payments of a draft, or none. Where
        less is due by now: 409, draft it again.
        """
        answer: RunWhole = self.call(
            "POST",
            f"/api/v1/payout-runs/{quoted(run)}/confirm",
            idempotency_key=idempotency_key,
        )
        return answer

    def redraft_run(
        self,
        run: str,
        *,
        idempotency_key: str = "",
    ) -> RunWhole:
        """POST /api/v1/payout-runs/{run}/redraft: Draft a run again, with what the same members
        are due now.
        """
        answer: RunWhole = self.call(
            "POST",
            f"/api/v1/payout-runs/{quoted(run)}/redraft",
            idempotency_key=idempotency_key,
        )
        return answer

    def discard_run(
        self,
        run: str,
        *,
        idempotency_key: str = "",
    ) -> RunWhole:
        """POST /api/v1/payout-runs/{run}/discard: Discard a draft. Nothing is paid."""
        answer: RunWhole = self.call(
            "POST",
            f"/api/v1/payout-runs/{quoted(run)}/discard",
            idempotency_key=idempotency_key,
        )
        return answer

    def mark_run_paid(
        self,
        run: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[MarkedRunPaid],
    ) -> RunWhole:
        """POST /api/v1/payout-runs/{run}/paid: Mark the payments of a run as paid that are on
        the way, as you read them.
        """
        answer: RunWhole = self.call(
            "POST",
            f"/api/v1/payout-runs/{quoted(run)}/paid",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def return_run(
        self,
        run: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[RunReturned],
    ) -> RunWhole:
        """POST /api/v1/payout-runs/{run}/return: Mark the open payments of a run as failed or
        cancelled: their money is due again.
        """
        answer: RunWhole = self.call(
            "POST",
            f"/api/v1/payout-runs/{quoted(run)}/return",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer
