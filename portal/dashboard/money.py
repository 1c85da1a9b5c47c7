"""The card of the balance: due, held, on the way and paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.money import Money
from core.templatetags.display import count, day, money, signed
from offers.models import Enrollment, Terms
from payouts.ledger import Balance, balances
from payouts.member_view import adjustments_of, due_in_all_offers, next_payable
from portal.dashboard.payments import PaymentRow, title_and_more

Payable = tuple[date, int]  # a day, and what can be paid from it on in minor units


@dataclass(frozen=True, slots=True)
class MyMoney:
    """The ledger's balance of one enrollment.

    The first five add up to `earned` and to what was written off. `needs_details`: payments that
    wait until the member says where to pay.
    """

    due: Money
    held: Money
    needs_details: Money
    on_the_way: Money
    paid: Money
    earned: Money
    held_note: str
    next_payment: str  # one line: how much can be paid next, and from when; "" for nothing


def money_of(
    enrollment: Enrollment, terms: Terms, payments: Sequence[PaymentRow], *, now: datetime
) -> MyMoney:
    """Return the balance now. Two queries; three if something is or becomes due."""
    balance = balances([enrollment.pk], now=now).get(enrollment.pk, Balance())
    currency = enrollment.offer.currency
    needs_details = sum(row.share.minor for row in payments if row.wants_details)
    following = next_payable(enrollment_id=enrollment.pk, now=now)
    return MyMoney(
        due=Money(balance.due_minor, currency),
        held=Money(balance.held_minor, currency),
        needs_details=Money(needs_details, currency),
        on_the_way=Money(balance.on_the_way_minor - needs_details, currency),
        paid=Money(balance.paid_minor, currency),
        earned=Money(balance.earned_minor, currency),
        held_note=_held_note(following, terms.hold_days, currency),
        next_payment=_next_payment(enrollment, balance.due_minor, following, now=now),
    )


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """A bonus, correction or write-off, with the reason the brand gave, see `title_and_more`."""

    title: str
    more: str
    amount: str
    posted_on: str


def adjustment_rows(enrollment: Enrollment) -> list[AdjustmentRow]:
    """Return the bonuses, corrections and write-offs, newest first. One query."""
    return [
        AdjustmentRow(
            *title_and_more(entry),
            signed(entry.amount_minor, money(Money(abs(entry.amount_minor), entry.currency))),
            day(entry.posted_at),
        )
        for entry in adjustments_of(enrollment_id=enrollment.pk)
    ]


def _next_payment(
    enrollment: Enrollment, due_minor: int, following: Payable | None, *, now: datetime
) -> str:
    """Return what the member waits for; "" while something that was taken back is to be settled.

    The next payment is for all offers of the brand together, so what another offer took back lowers
    it, and it may not reach the brand's minimum.
    """
    if due_minor < 0 or (due_minor == 0 and following is None):
        return ""
    brand, currency = enrollment.brand, enrollment.offer.currency
    payable_on, minor = (None, due_minor) if due_minor or following is None else following
    whole = due_in_all_offers(member_id=enrollment.member_id, currency=currency, now=now)
    whole += minor if payable_on else 0
    minimum = brand.minimum_payout_minor if currency == brand.currency else 0
    if whole <= 0:
        return ""
    if whole < minimum:
        return _("Next payment: when at least %(minimum)s is due. So far: %(amount)s") % {
            "minimum": money(Money(minimum, currency)),
            "amount": money(Money(whole, currency)),
        }
    amount = money(Money(min(minor, whole), currency))
    if payable_on is None:
        return _("Next payment: %(amount)s, payable now") % {"amount": amount}
    return _("Next payment: %(amount)s, payable from %(day)s") % {
        "amount": amount,
        "day": day(payable_on),
    }


def _held_note(following: Payable | None, hold_days: int, currency: str) -> str:
    """What can be paid next and when; without anything that waits, how long the wait is."""
    if following is not None:
        payable_on, minor = following
        amount = money(Money(minor, currency))
        return _("%(amount)s from %(day)s") % {"amount": amount, "day": day(payable_on)}
    if not hold_days:
        return ""
    return ngettext(
        "until a day after the order", "until %(days)s days after the order", hold_days
    ) % {"days": count(hold_days)}
