"""A creator's year as PDF: what each brand paid and what was earned with it."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Creator
from core.pdf_document import SOFT, Document
from core.templatetags.display import day, money
from payouts.models import Payout, PayoutState
from tracking.figures.creator_earnings import CreatorYear, CurrencyYear

MONTHS = range(1, 13)


def year_pdf(creator: Creator, found: CreatorYear, *, now: datetime) -> bytes:
    """Return the statement of the year, in the active language."""
    title = _("Earnings statement %(year)s") % {"year": found.year}
    page = Document(title, made_at=now)
    page.say(creator.email, size=10, colour=SOFT)
    page.say(title, size=20, style="B", gap=4)
    page.write_facts([(_("Made on"), day(now))])
    for currency in found.currencies:
        _currency(page, found, currency)
    if not found.currencies:
        page.say(_("Nothing was earned or paid in this year."), size=10)
    note = _(
        "Paid is what a brand marked as paid, on the day it did. Earned is commission net of"
        " refunds, bonuses and corrections. Taxes are not taken into account."
    )
    page.say(note, size=9, colour=SOFT)
    return bytes(page.output())


def _currency(page: Document, found: CreatorYear, currency: CurrencyYear) -> None:
    page.say(currency.currency, size=14, style="B")
    page.write_facts([(_("Earned"), money(currency.earned)), (_("Paid"), money(currency.paid))])
    page.write_titled_table(
        _("By brand"),
        [_("Brand"), _("Earned"), _("Paid")],
        [[one.brand.name, money(one.earned), money(one.paid)] for one in currency.brands],
        right=2,
    )
    page.write_titled_table(
        _("Payments"),
        [_("Brand"), _("Date"), _("Reference"), _("Amount")],
        [
            [row.brand.name, _paid_on(row), row.reference, money(row.amount)]
            for row in reversed(found.payments)
            if row.currency == currency.currency and row.state == PayoutState.PAID
        ],
        right=1,
    )
    page.write_titled_table(
        _("Earned by month"),
        [_("Month"), _("Amount")],
        [
            [day(date(found.year, month, 1), "long month"), money(currency.earned_in(month))]
            for month in MONTHS
            if currency.earned_in(month)
        ],
        right=1,
    )


def _paid_on(payment: Payout) -> str:
    with timezone.override(payment.brand.zone):
        return day(payment.settled_at)
