"""A brand's figures of a week or a month, for the mail, its PDF and its CSV file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from accounts.models import Brand, ReportEvery
from core.money import Money, currency_place
from core.templatetags.display import change_in_percent, count, day, money
from offers.models import Enrollment, Offer
from offers.selectors import offers
from tracking.figures.metrics import DateRange, Figures, totals_by_enrollment
from tracking.figures.offer_report import OfferRow, in_order, offer_rows, summaries
from tracking.models.totals import NOTHING, Totals

TOP_MEMBERS = 20  # of the PDF; the CSV has all who brought something
MAX_MEMBERS = 10_000  # of the CSV: a mail of more is too large


@dataclass(frozen=True, slots=True)
class MemberFigures:
    """What a member brought in one offer."""

    enrollment: Enrollment
    totals: Totals

    def money(self, minor: int) -> Money:
        return Money(minor, self.enrollment.offer.currency)


@dataclass(frozen=True)
class Report:
    """The figures of the days of `period` in the active time zone, beside those of the one before.

    `before` are the days that it is compared with: the week, or the calendar month, before.
    """

    brand: Brand
    every: ReportEvery
    period: DateRange
    before: DateRange
    now: datetime

    @property
    def title(self) -> str:
        first, last = self.period.first, self.period.last
        if self.every == ReportEvery.MONTH:
            return day(first, "long month")
        return f"{day(first, 'short')} to {day(last)}"

    @cached_property
    def offers(self) -> list[OfferRow]:
        """The offers with clicks or conversions in the period, the best first.

        Those in the brand's currency come first: no rate compares amounts of two currencies.
        """
        rows = offer_rows(self._offers, period=self.period, now=self.now)
        some = [row for row in rows if _brought(row.figures.totals)]
        return in_order(some, "-sales", first_currency=self.brand.currency)

    @cached_property
    def members(self) -> list[MemberFigures]:
        """The members with clicks or conversions, by commission; at most MAX_MEMBERS.

        Those of offers in the brand's currency come first, as with `offers`.
        """
        own = self.brand.currency
        foreign = Enrollment.objects.exclude(offer__currency=own)
        currencies = dict(foreign.values_list("pk", "offer__currency"))
        every = totals_by_enrollment(Enrollment.objects.all(), period=self.period)
        totals = {pk: one for pk, one in every.items() if _brought(one)}

        def place(pk: int) -> tuple[object, ...]:
            first = currency_place(currencies.get(pk, own), first=own)
            return first, -totals[pk].commission_minor, -totals[pk].clicks, pk

        best = sorted(totals, key=place)[:MAX_MEMBERS]
        found = Enrollment.objects.select_related("member", "offer").in_bulk(best)
        return [MemberFigures(found[pk], totals[pk]) for pk in best if pk in found]

    @cached_property
    def figures(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Each currency of this period or the one before, with its figures in words.

        A figure is its name, and its value with its change.
        """
        rows = offer_rows(self._offers, period=self.before, now=self.now)
        then = self._by_currency([row for row in rows if _brought(row.figures.totals)])
        now = self._by_currency(self.offers)
        return [
            (currency, _compared(now.get(currency, none), then.get(currency, none)))
            for currency in now | then
            for none in [Figures(currency, NOTHING, 0, 0)]
        ]

    def _by_currency(self, rows: Sequence[OfferRow]) -> dict[str, Figures]:
        sums = summaries(rows, first_currency=self.brand.currency)
        return {one.currency: one.figures for one in sums}

    @cached_property
    def _offers(self) -> list[Offer]:
        return list(offers())


def report_of(brand: Brand, every: ReportEvery, *, morning: datetime) -> Report:
    """Return the report that goes on this morning: of the week or the month that is over."""
    last = morning.date() - timedelta(days=1)
    if every == ReportEvery.WEEK:
        period = DateRange.of_days(7, today=last)
        before = DateRange.of_days(7, today=last - timedelta(days=7))
    else:
        period = DateRange.of_month(last)
        before = DateRange.of_month(last.replace(day=1) - timedelta(days=1))
    return Report(brand, every, period, before, morning)


def _brought(totals: Totals) -> bool:
    return bool(totals.clicks or totals.conversions)


def _compared(now: Figures, then: Figures) -> list[tuple[str, str]]:
    has, was = now.totals, then.totals
    return [
        ("Sales", _with_change(money(now.sales), has.sales_minor, was.sales_minor)),
        ("Refunds", money(now.refunds)),
        (
            "Commission",
            _with_change(money(now.commission), has.commission_minor, was.commission_minor),
        ),
        ("Conversions", _with_change(count(has.conversions), has.conversions, was.conversions)),
        ("Clicks", _with_change(count(has.clicks), has.clicks, was.clicks)),
    ]


def _with_change(value: str, now: int, then: int) -> str:
    if then <= 0:
        return value
    return f"{value} ({change_in_percent(now, then) or 'as before'})"


def report_rows(report: Report) -> Iterator[list[str]]:
    """Yield the rows of the CSV file, header first: a row per member and offer."""
    yield [
        "member", "email", "offer", "currency", "clicks", "conversions", "sales", "refunds",
        "commission",
    ]  # fmt: skip
    for row in report.members:
        amounts = (row.totals.sales_minor, row.totals.refunds_minor, row.totals.commission_minor)
        yield [
            row.enrollment.member.full_name,
            row.enrollment.member.email,
            row.enrollment.offer.name,
            row.enrollment.offer.currency,
            str(row.totals.clicks),
            str(row.totals.conversions),
            *(row.money(minor).plain() for minor in amounts),
        ]
