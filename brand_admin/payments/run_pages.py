"""What the pages of a payout run show besides its lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from brand_admin.payments.run_forms import Chosen
from core.money import Money
from core.templatetags.display import count
from payouts.details import Missing, ShownDetails, count_unseen, details_by_member, why_unseen
from payouts.due import DueRow
from payouts.models import (
    OPEN_STATES,
    Payout,
    PayoutMethod,
    PayoutRun,
    PayoutRunMember,
    PayoutState,
)
from payouts.run_files import paypal_parts, still_to_pay
from payouts.selectors import (
    RunShare,
    ToMarkPaid,
    payouts_of_run,
    run_members,
    shares_of_run,
    to_mark_paid,
)


@dataclass(frozen=True, slots=True)
class CurrencyChoice:
    """What a run in one currency could pay now, without a minimum."""

    total: Money
    members: int


def choices_of(rows: list[DueRow], chosen: Chosen) -> list[CurrencyChoice]:
    """A choice per currency in which somebody chosen is due more than zero."""
    totals: dict[str, int] = {}
    members: dict[str, int] = {}
    wanted = {row.currency: chosen.members(row.currency) for row in rows}
    for row in rows:
        among = wanted[row.currency]
        if row.due_minor > 0 and (among is None or row.member_id in among):
            totals[row.currency] = totals.get(row.currency, 0) + row.due_minor
            members[row.currency] = members.get(row.currency, 0) + 1
    return [CurrencyChoice(Money(totals[code], code), members[code]) for code in sorted(totals)]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run in figures. `open` is what is not paid yet and can be taken back. `by_bank` counts
    what stands in the bank's file, and `to_mark` is what is marked paid at once. `waiting` says in
    words how many payments wait and why, and is empty when none does.
    """

    left_out: int
    shares: tuple[RunShare, ...]
    on_the_way: Money
    open: Money
    open_payments: int
    paypal_parts: list[int]
    by_bank: int
    to_mark: ToMarkPaid | None
    waiting: tuple[str, ...]


_ORDER = (
    PayoutState.PROCESSING,
    PayoutState.PENDING_INFO,
    PayoutState.PAID,
    PayoutState.FAILED,
    PayoutState.CANCELLED,
)


def facts_of(run: PayoutRun) -> RunFacts:
    """The figures of a run; those for the bank only while something is on the way."""
    shares = shares_of_run(run)
    moving = shares.get(PayoutState.PROCESSING)
    unpaid = [shares[state] for state in OPEN_STATES if state in shares]
    return RunFacts(
        left_out=run_members(run, left_out=True).count(),
        shares=tuple(shares[state] for state in _ORDER if state in shares),
        on_the_way=moving.amount if moving else Money.zero(run.currency),
        open=sum((share.amount for share in unpaid), Money.zero(run.currency)),
        open_payments=sum(share.payments for share in unpaid),
        paypal_parts=paypal_parts(run) if moving else [],
        by_bank=still_to_pay(run, method=PayoutMethod.BANK).count() if moving else 0,
        to_mark=to_mark_paid(run) if moving else None,
        waiting=_waiting(run, shares.get(PayoutState.PENDING_INFO)),
    )


def _waiting(run: PayoutRun, share: RunShare | None) -> tuple[str, ...]:
    """How many payments wait, or would wait once the draft is confirmed, and what for."""
    if run.state == PayoutState.DRAFT:
        unseen = count_unseen(run_members(run, left_out=False))
        told = "{} gave no payout details yet", "{} did not share payout details with this brand"
        after = ": once the run is confirmed, what they are paid waits for that."
        one, many = "1 member", "{} members"
    elif share is not None:
        unseen = count_unseen(Payout.objects.filter(run=run, state=PayoutState.PENDING_INFO))
        told = "{} for payout details", "{} for the member to share payout details with this brand"
        after = "."
        one, many = "1 payment waits", "{} payments wait"
    else:
        return ()
    return tuple(
        words.format(one if number == 1 else many.format(count(number))) + after
        for words, number in zip(told, (unseen.without_details, unseen.not_shared), strict=True)
        if number
    )


@dataclass(frozen=True, slots=True)
class RunLine:
    """A member in a run, and the payment once it is confirmed."""

    line: PayoutRunMember
    amount: Money
    payout: Payout | None
    paid_to: ShownDetails | None
    missing: Missing | None


def lines_of(run: PayoutRun, members: Iterable[PayoutRunMember]) -> list[RunLine]:
    """The lines of one page of a run, in three queries; one more where details are missing."""
    lines = list(members)
    paid = payouts_of_run(run).filter(member__in=[line.member_id for line in lines])
    by_member = {payout.member_id: payout for payout in paid}
    details = details_by_member(line.member for line in lines)
    missing = why_unseen(line.member for line in lines if line.member_id not in details)
    return [
        RunLine(
            line,
            Money(line.due_minor, run.currency),
            by_member.get(line.member_id),
            details.get(line.member_id),
            missing.get(line.member_id),
        )
        for line in lines
    ]
