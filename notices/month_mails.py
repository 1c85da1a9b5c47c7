"""The mail that sums up a member's month, in the active language. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from affiliates.models import Member
from core.money import Money
from core.references import Reference
from core.templatetags.display import count, day, money
from notices.texts import NoticeText, added_up, sums
from notifications.bodies import dashboard_button, paragraph, whole_body, written
from offers.models import Enrollment
from payouts.ledger import Balance, balances
from payouts.models import Payout, PayoutState
from tracking.figures.metrics import DateRange, totals_by_day, totals_by_enrollment
from tracking.models.totals import NOTHING, Totals, add_up

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class OfferMonth:
    """What one enrollment brought in the month, and in the month before."""

    enrollment: Enrollment
    totals: Totals
    before: Totals

    def money(self, minor: int) -> Money:
        return Money(minor, self.enrollment.offer.currency)

    @property
    def has_sales(self) -> bool:
        """Whether an order of the month counts, or waits to be accepted."""
        return bool(self.totals.conversions or self.totals.pending)

    @property
    def is_told(self) -> bool:
        """Whether the mail has to tell of it: clicks earn without a sale."""
        return self.has_sales or bool(self.totals.commission_minor)

    @property
    def earned(self) -> Money:
        return self.money(self.totals.commission_minor)

    @property
    def sales(self) -> Money:
        """Net of refunds, as the dashboard has it."""
        return self.money(self.totals.sales_minor - self.totals.refunds_minor)


def month_told(about: str) -> date:
    """Return the first day of the month that a notice tells ("month:2026-11")."""
    return date.fromisoformat(f"{Reference(about).key}-01")


def offer_months(member: Member, month: date) -> list[OfferMonth]:
    """Return all offers of a member who sold something in the month, the best first; else none."""
    rows = {row.pk: row for row in Enrollment.objects.filter(member=member).select_related("offer")}
    totals = totals_by_enrollment(rows, period=DateRange.of_month(month))
    before = totals_by_enrollment(rows, period=DateRange.of_month(_month_before(month)))
    found = [
        OfferMonth(row, totals.get(pk, NOTHING), before.get(pk, NOTHING))
        for pk, row in rows.items()
    ]
    if not any(one.has_sales for one in found):
        return []
    return sorted(found, key=_best_first)


def _best_first(one: OfferMonth) -> tuple[bool, int, int]:
    return not one.has_sales, -one.totals.commission_minor, one.enrollment.pk


def month_text(month: date, every: Sequence[OfferMonth], *, now: datetime) -> NoticeText:
    """Return the mail about the month of one member, from `offer_months`.

    The month itself is told of the offers with sales or earnings in it; what was before, and what
    is to be paid, of every offer.
    """
    offers = [one for one in every if one.is_told]
    parts = [_sold(month, offers), *_by_offer(offers), *_weeks(month, offers)]
    parts += [*_compared(month, every), *_payments(month, every, now=now), dashboard_button()]
    subject = _("Your %(month)s with {{ brand_name }}: you earned %(amount)s") % {
        "month": day(month, "long month"),
        "amount": sums(one.earned for one in offers),
    }
    return NoticeText(subject, whole_body(parts), offers[0].enrollment)


def _sold(month: date, offers: Sequence[OfferMonth]) -> str:
    totals = add_up(one.totals for one in offers)
    told = ngettext(
        "In %(month)s you brought {{ brand_name }} <strong>%(count)s sale</strong> worth"
        " %(sales)s, and earned <strong>%(earned)s</strong>.",
        "In %(month)s you brought {{ brand_name }} <strong>%(count)s sales</strong> worth"
        " %(sales)s, and earned <strong>%(earned)s</strong>.",
        totals.conversions,
    ) % {
        "month": day(month, "long month"),
        "count": count(totals.conversions),
        "sales": escape(sums(one.sales for one in offers if one.has_sales)),
        "earned": escape(sums(one.earned for one in offers)),
    }
    if not totals.pending:
        return paragraph(told)
    waits = ngettext(
        "%(count)s more sale waits to be accepted.",
        "%(count)s more sales wait to be accepted.",
        totals.pending,
    ) % {"count": count(totals.pending)}
    return paragraph(f"{told} {waits}")


def _by_offer(offers: Sequence[OfferMonth]) -> list[str]:
    """Return the table of the offers, if there is more than one."""
    if len(offers) < 2:
        return []
    heads = "".join(
        f"<th>{head}</th>" for head in (_("Offer"), pgettext("how many", "Sales"), _("You earned"))
    )
    rows = "".join(
        f"<tr><td>{written(one.enrollment.offer.name)}</td>"
        f"<td>{count(one.totals.conversions)}</td><td>{escape(money(one.earned))}</td></tr>"
        for one in offers
    )
    return [f"<table><tr>{heads}</tr>{rows}</table>"]


def _weeks(month: date, offers: Sequence[OfferMonth]) -> list[str]:
    """Return the bars of what each week earned, in the currency of the best offer."""
    currency = offers[0].enrollment.offer.currency
    shown = [one.enrollment.pk for one in offers if one.enrollment.offer.currency == currency]
    days = totals_by_day(shown, period=DateRange.of_month(month))
    weeks = [(first, last, _earned_in(days, first, last)) for first, last in _cut(month)]
    most = max(minor for _first, _last, minor in weeks)
    if most <= 0:
        return []
    rows = "".join(
        f"<tr><td>{day(first, 'short')}\N{EN DASH}{day(last, 'short')}</td>"
        f'<td data-bar="{max(0, minor) * 100 // most}"></td>'
        f"<td>{escape(money(Money(minor, currency)))}</td></tr>"
        for first, last, minor in weeks
    )
    heading = _("What each week earned")
    return [f"<h3>{heading}</h3>", f"<table>{rows}</table>"]


def _earned_in(days: Mapping[date, Totals], first: date, last: date) -> int:
    return sum(one.commission_minor for on, one in days.items() if first <= on <= last)


def _cut(month: date) -> list[tuple[date, date]]:
    """Return the first and last day of the month's weeks: days 1 to 7, 8 to 14, and so on."""
    end = DateRange.of_month(month).last or month
    starts = [month + WEEK * number for number in range(5)]
    return [(one, min(one + WEEK - timedelta(days=1), end)) for one in starts if one <= end]


def _compared(month: date, offers: Sequence[OfferMonth]) -> list[str]:
    before = add_up(one.before for one in offers)
    if not before.conversions:
        return []
    told = ngettext(
        "In %(month)s it was %(count)s sale, and %(earned)s.",
        "In %(month)s it was %(count)s sales, and %(earned)s.",
        before.conversions,
    ) % {
        "month": day(_month_before(month), "long month"),
        "count": count(before.conversions),
        "earned": escape(
            sums(
                one.money(one.before.commission_minor)
                for one in offers
                if one.before.conversions or one.before.commission_minor
            )
        ),
    }
    return [paragraph(told)]


def _payments(month: date, offers: Sequence[OfferMonth], *, now: datetime) -> list[str]:
    """Return what the brand paid the member in the month, and what it still has to pay."""
    member = offers[0].enrollment.member_id
    since, until = DateRange.of_month(month).moments()
    payouts = Payout.objects.filter(
        member=member, state=PayoutState.PAID, settled_at__gte=since, settled_at__lt=until
    )
    paid = [
        Money(minor, currency)
        for currency, minor in payouts.order_by("currency")
        .values_list("currency")
        .annotate(paid=Sum("amount_minor"))
    ]
    owed = balances([one.enrollment.pk for one in offers], now=now)
    due = [one.money(owed.get(one.enrollment.pk, Balance()).owed_minor) for one in offers]
    by_currency = [amount for amount in added_up(due) if amount.minor > 0]
    lines = []
    if paid:
        lines.append(_("Paid to you in this month: %(amount)s.") % {"amount": escape(sums(paid))})
    if by_currency:
        lines.append(_("Still to be paid: %(amount)s.") % {"amount": escape(sums(by_currency))})
    return [paragraph("<br>".join(lines))] if lines else []


def _month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)
