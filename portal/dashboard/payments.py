"""My payments: what the brand paid, how much of it for this offer, and for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core.money import Money
from core.templatetags.display import day, masked_reference, money
from offers.models import Enrollment
from payouts.models import Payout, PayoutState
from payouts.selectors import payouts_touching
from payouts.whereabouts import entries_of_payout, shares_of_payouts
from portal.dashboard.numbers import signed
from tracking.statements import StatementLine, with_conversions

TONES = {
    PayoutState.DRAFT.value: "wait",
    PayoutState.PENDING_INFO.value: "wait",
    PayoutState.PROCESSING.value: "wait",
    PayoutState.PAID.value: "good",
    PayoutState.FAILED.value: "bad",
    PayoutState.CANCELLED.value: "neutral",
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
        return _labels()[self.payout.state]

    @property
    def tone(self) -> str:
        return TONES[self.payout.state]

    @property
    def note(self) -> str:
        """The date, and the reference if there is one."""
        return " · ".join(filter(None, [day(self.happened_at), self.payout.reference]))

    @property
    def back_text(self) -> str:
        """Why it came back, and what that means."""
        ending = _(
            "The money is still yours: it counts as not paid and is part of the next payment."
        )
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
    more = _("sale · %(reference)s") % {"reference": reference}
    return PaidLine(sale, more, amount, line.happened_at)


def _labels() -> dict[str, str]:
    return {
        PayoutState.DRAFT.value: pgettext("payment", "Being prepared"),
        PayoutState.PENDING_INFO.value: pgettext("payment", "Waiting for your details"),
        PayoutState.PROCESSING.value: pgettext("payment", "On the way"),
        PayoutState.PAID.value: pgettext("payment", "Paid"),
        PayoutState.FAILED.value: pgettext("payment", "Failed"),
        PayoutState.CANCELLED.value: pgettext("payment", "Cancelled"),
    }
