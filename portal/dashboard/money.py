"""The card of the balance: due, held, on the way and paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.money import Money
from core.templatetags.display import count, day, money
from offers.models import Enrollment, Terms
from payouts.ledger import Balance, balances
from payouts.member_view import adjustments_of
from payouts.models import EntryKind
from portal.dashboard.numbers import signed


@dataclass(frozen=True, slots=True)
class MyMoney:
    """The ledger's balance of one enrollment.

    The first four add up to `earned` and to what was written off.
    """

    due: Money
    held: Money
    on_the_way: Money
    paid: Money
    earned: Money
    held_note: str


def money_of(enrollment: Enrollment, terms: Terms, *, now: datetime) -> MyMoney:
    """Return the balance now. One query."""
    balance = balances([enrollment.pk], now=now).get(enrollment.pk, Balance())
    currency = enrollment.offer.currency
    return MyMoney(
        due=Money(balance.due_minor, currency),
        held=Money(balance.held_minor, currency),
        on_the_way=Money(balance.on_the_way_minor, currency),
        paid=Money(balance.paid_minor, currency),
        earned=Money(balance.earned_minor, currency),
        held_note=_held_note(terms.hold_days),
    )


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """A bonus, correction or debt written off, with the reason the brand gave."""

    note: str
    what: str  # what it is, where the sign of the amount does not say it
    amount: str
    posted_on: str


def adjustment_rows(enrollment: Enrollment) -> list[AdjustmentRow]:
    """Return the bonuses, corrections and write-offs, newest first. One query."""
    return [
        AdjustmentRow(
            entry.note,
            _("Debt written off") if entry.kind == EntryKind.WRITE_OFF else "",
            signed(entry.amount_minor, money(Money(abs(entry.amount_minor), entry.currency))),
            day(entry.posted_at),
        )
        for entry in adjustments_of(enrollment_id=enrollment.pk)
    ]


def _held_note(hold_days: int) -> str:
    if not hold_days:
        return ""
    return ngettext(
        "until a day after the order", "until %(days)s days after the order", hold_days
    ) % {"days": count(hold_days)}
