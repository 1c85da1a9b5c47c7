"""The figures on the pages of a payout run, and its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from brand_admin.payments.run_forms import Chosen
from core.money import Money, exponent
from core.templatetags.display import count
from payouts.details import ShownDetails, count_unseen, details_by_member
from payouts.due import DueRow
from payouts.models import (
    OPEN_STATES,
    Payout,
    PayoutMethod,
    PayoutRun,
    PayoutRunMember,
    PayoutState,
)
from payouts.run_files import (
    PAYPAL_WHOLE_UNITS,
    paypal_parts,
    still_to_pay,
    too_small_for_paypal,
)
from payouts.selectors import (
    MarkPaidSummary,
    RunStateTotal,
    mark_paid_summary,
    payouts_of_run,
    run_members,
    totals_by_state,
)


@dataclass(frozen=True, slots=True)
class CurrencyChoice:
    """The amount that a run in one currency could pay now, without a minimum."""

    total: Money
    members: int


def choices_of(rows: list[DueRow], chosen: Chosen) -> list[CurrencyChoice]:
    """Return a choice for each currency in which a selected member is due money."""
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
    """The figures of a run. `open` is not paid yet and can be returned. `by_bank` counts the
    payments in the bank's file, and `too_small` those that PayPal's leaves out. `to_mark` is what
    would be marked paid together. `waiting` is a sentence about payments that wait for details; ""
    if none does.
    """

    left_out: int
    totals: tuple[RunStateTotal, ...]
    on_the_way: Money
    open: Money
    open_payments: int
    paypal_parts: list[int]
    by_bank: int
    too_small: int
    to_mark: MarkPaidSummary | None
    waiting: str
    open_words: str  # "3 wait for details"
    is_rounded_for_paypal: bool


_ORDER = (
    PayoutState.PROCESSING,
    PayoutState.PENDING_INFO,
    PayoutState.PAID,
    PayoutState.FAILED,
    PayoutState.CANCELLED,
)


def facts_of(run: PayoutRun) -> RunFacts:
    """Return the figures of a run; those for the bank only while payments are in processing."""
    totals = totals_by_state(run)
    in_processing = totals.get(PayoutState.PROCESSING)
    unpaid = [totals[state] for state in OPEN_STATES if state in totals]
    is_rounded = run.currency in PAYPAL_WHOLE_UNITS and exponent(run.currency) > 0
    return RunFacts(
        left_out=run_members(run, left_out=True).count(),
        totals=tuple(totals[state] for state in _ORDER if state in totals),
        on_the_way=in_processing.amount if in_processing else Money.zero(run.currency),
        open=sum((total.amount for total in unpaid), Money.zero(run.currency)),
        open_payments=sum(total.payments for total in unpaid),
        paypal_parts=paypal_parts(run) if in_processing else [],
        by_bank=still_to_pay(run, method=PayoutMethod.BANK).count() if in_processing else 0,
        too_small=too_small_for_paypal(run).count() if in_processing and is_rounded else 0,
        to_mark=mark_paid_summary(run) if in_processing else None,
        waiting=_waiting(run, totals.get(PayoutState.PENDING_INFO)),
        is_rounded_for_paypal=is_rounded,
        open_words=open_in_words({state: total.payments for state, total in totals.items()}),
    )


def _waiting(run: PayoutRun, total: RunStateTotal | None) -> str:
    """Say how many payments wait for details, or would wait once the draft is confirmed.

    It does not say whether these members have no details or share them with other brands only.
    """
    if run.state == PayoutState.DRAFT:
        unseen = count_unseen(run_members(run, left_out=False))
        if not unseen:
            return ""
        if unseen == 1:
            whom, waits = "1 member has", "that payment is"
        else:
            whom, waits = f"{count(unseen)} members have", "those payments are"
        return (
            f"{whom} not shared their payout details with you. Once you confirm the run, {waits}"
            " waiting for their details."
        )
    if total is None:
        return ""
    waits = "waits" if total.payments == 1 else "wait"
    return (
        f"{total.words} {waits} for details. Each goes on the way as soon as its member has shared"
        " their payout details with you."
    )


def open_in_words(payments: Mapping[str, int]) -> str:
    """Say what is open of a run, by how many payments are in each state: "3 wait for details"."""
    said = []
    processing = payments.get(PayoutState.PROCESSING, 0)
    waiting = payments.get(PayoutState.PENDING_INFO, 0)
    if processing:
        said.append(f"{count(processing)} on the way")
    if waiting:
        said.append(f"{count(waiting)} wait{'s' if waiting == 1 else ''} for details")
    return ", ".join(said)


@dataclass(frozen=True, slots=True)
class RunLine:
    """A member of a run, and the payment after the run was confirmed."""

    line: PayoutRunMember
    amount: Money
    payout: Payout | None
    paid_to: ShownDetails | None


def lines_of(run: PayoutRun, members: Iterable[PayoutRunMember]) -> list[RunLine]:
    """Return the rows of one page of a run, in three queries."""
    lines = list(members)
    paid = payouts_of_run(run).filter(member__in=[line.member_id for line in lines])
    by_member = {payout.member_id: payout for payout in paid}
    details = details_by_member(line.member for line in lines)
    return [
        RunLine(
            line,
            Money(line.due_minor, run.currency),
            by_member.get(line.member_id),
            details.get(line.member_id),
        )
        for line in lines
    ]
