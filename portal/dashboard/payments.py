"""My payments: what the brand paid, how much of it for this offer, and for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.money import Money
from core.templatetags.display import day, masked_reference, money
from offers.models import Enrollment
from payouts.models import Payout, PayoutState
from payouts.selectors import payouts_touching
from payouts.whereabouts import entries_of_payout, shares_of_payouts
from portal.dashboard.numbers import signed
from tracking.statements import StatementLine, with_conversions

STATES = {
    PayoutState.DRAFT.value: ("Being prepared", "wait"),
    PayoutState.PENDING_INFO.value: ("Waiting for your details", "wait"),
    PayoutState.PROCESSING.value: ("On the way", "wait"),
    PayoutState.PAID.value: ("Paid", "good"),
    PayoutState.FAILED.value: ("Failed", "bad"),
    PayoutState.CANCELLED.value: ("Cancelled", "neutral"),
}


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment, and how much of it is for this offer."""

    payout: Payout
    share: Money

    @property
    def whole(self) -> Money:
        return Money(self.payout.amount_minor, self.payout.currency)

    @property
    def covers_more(self) -> bool:
        """Whether it pays other offers of the brand too."""
        return self.share != self.whole

    @property
    def others(self) -> Money:
        return self.whole - self.share

    @property
    def happened_at(self) -> datetime:
        return self.payout.settled_at or self.payout.created_at

    @property
    def label(self) -> str:
        return STATES[self.payout.state][0]

    @property
    def tone(self) -> str:
        return STATES[self.payout.state][1]

    @property
    def note(self) -> str:
        """The date, and the reference if there is one."""
        return " · ".join(filter(None, [day(self.happened_at), self.payout.reference]))

    @property
    def back_text(self) -> str:
        """Why it came back, and what that means."""
        ending = "The money is still yours: it counts as not paid and is part of the next payment."
        return f"{self.payout.reason.rstrip('.')}. {ending}" if self.payout.reason else ending

    @property
    def came_back(self) -> bool:
        return self.payout.state in {PayoutState.FAILED, PayoutState.CANCELLED}


@dataclass(frozen=True, slots=True)
class PaidLine:
    """One entry in a payment: an order, or a bonus or correction with its reason."""

    title: str
    more: str
    amount: str
    happened_at: datetime


def payment_rows(enrollment: Enrollment) -> list[PaymentRow]:
    """The payments that touch this enrollment, newest first. Two queries."""
    return _with_shares(list(payouts_touching(enrollment.pk)), enrollment)


def payment_row(enrollment: Enrollment, public_id: str) -> PaymentRow | None:
    """One of them; None for any other payment there is or isn't."""
    found = list(payouts_touching(enrollment.pk).filter(public_id=public_id))
    return _with_shares(found, enrollment)[0] if found else None


def _with_shares(payouts: Sequence[Payout], enrollment: Enrollment) -> list[PaymentRow]:
    ids = [payout.pk for payout in payouts]
    shares = shares_of_payouts(enrollment_id=enrollment.pk, payout_ids=ids)
    return [PaymentRow(row, Money(shares[row.pk], row.currency)) for row in payouts]


def paid_lines(payment: PaymentRow, enrollment: Enrollment) -> list[PaidLine]:
    """What the payment pays of this enrollment, oldest first. Two queries."""
    entries = entries_of_payout(payout_id=payment.payout.pk, enrollment_id=enrollment.pk)
    return [_line(line) for line in with_conversions(list(entries))]


def _line(line: StatementLine) -> PaidLine:
    shown = money(Money(abs(line.amount.minor), line.amount.currency))
    amount = signed(line.amount.minor, shown)
    if line.conversion is None:
        return PaidLine(line.entry.note, "", amount, line.happened_at)
    sale = money(Money(line.conversion.sale_minor, line.conversion.currency))
    reference = masked_reference(line.conversion.order.external_id)
    return PaidLine(sale, f"sale · {reference}", amount, line.happened_at)
