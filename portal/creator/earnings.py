"""What the creator earned and was paid over all brands: a chart, every payment, a year as PDF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.charts import BarChart, Point, Series, bar_chart
from core.money import Money
from core.templatetags.display import day, money, short_money
from offers.dashboard_links import token_for
from payouts.models import Payout
from portal.creator.access import CreatorRequest, creator_required
from portal.dashboard.payments import LABELS, TONES, date_and_reference
from tracking.figures.creator_earnings import CreatorYear, CurrencyYear, year_of, years_of


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """A payment; `token` is that of the dashboard on which its entries are, "" for none."""

    payout: Payout
    token: str

    @property
    def label(self) -> str:
        return str(LABELS[self.payout.state])

    @property
    def tone(self) -> str:
        return TONES[self.payout.state]

    @property
    def note(self) -> str:
        with timezone.override(self.payout.brand.zone):
            return date_and_reference(self.payout)


@dataclass(frozen=True, slots=True)
class DrawnCurrency:
    """A currency's year, and the bars of what its months earned."""

    year: CurrencyYear
    chart: BarChart


@require_safe
@creator_required
def earnings(request: CreatorRequest) -> HttpResponse:
    """Show one year, the current one without `year` in the address."""
    years = years_of(request.creator, now=timezone.now())
    year = _year(request.GET.get("year", ""), years)
    found = year_of(request.creator, year)
    context = {
        "section": "earnings",
        "years": years,
        "found": found,
        "currencies": [DrawnCurrency(one, _draw(one, year)) for one in found.currencies],
        "payments": list(_lines(found)),
    }
    return render(request, "portal/creator/earnings.html", context)


@require_safe
@creator_required
def earnings_pdf(request: CreatorRequest, year: int) -> HttpResponse:
    """Answer a year's statement as a PDF file."""
    from portal.creator.earnings_pdf import year_pdf  # see core.pdf_document

    now = timezone.now()
    if year not in years_of(request.creator, now=now):
        raise Http404
    content = year_pdf(request.creator, year_of(request.creator, year), now=now)
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="earnings-{year}.pdf"'
    return answer


def _year(wanted: str, years: list[int]) -> int:
    """Return the year of the address, or else the newest. It may be no number, or a huge one."""
    return next((year for year in years if str(year) == wanted), years[0])


def _draw(currency: CurrencyYear, year: int) -> BarChart:
    points = []
    for month in range(1, 13):
        earned = currency.earned_in(month)
        points.append(Point(day(date(year, month, 1), "month alone"), earned.minor, money(earned)))
    name = _("Earned in %(currency)s by month") % {"currency": currency.currency}
    return bar_chart(
        Series(name, tuple(points), lambda minor: short_money(Money(minor, currency.currency)))
    )


def _lines(found: CreatorYear) -> Iterator[PaymentLine]:
    """Yield the payments, each with a dashboard that shows it."""
    for one in found.payments:
        enrollment = found.paid_offers.get(one.pk)
        yield PaymentLine(one, token_for(enrollment) if enrollment else "")
