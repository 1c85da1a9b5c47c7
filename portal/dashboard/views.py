"""The affiliate's dashboard: one member in one offer, opened by a signed link."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.text import slugify

from core.csv_export import csv_file
from core.keyset_pagination import Keyset
from core.languages import speaking, spoken_tag
from core.tenancy import acting_for
from offers.selectors import terms_of
from portal.dashboard import live, meanings
from portal.dashboard.access import Visit, dashboard_page, nothing_here
from portal.dashboard.choices import kept_conversions, range_choices, status_choices, status_href
from portal.dashboard.commission import commission_card
from portal.dashboard.conversions import BATCH, conversion_lines, conversion_rows
from portal.dashboard.forms import RangeForm
from portal.dashboard.frame import render_page
from portal.dashboard.money import adjustment_rows, money_of
from portal.dashboard.needs import needs_of
from portal.dashboard.numbers import numbers_of
from portal.dashboard.payments import (
    back_text,
    paid_entries,
    paid_lines,
    payment_row,
    payment_rows,
    statement_lines,
)
from portal.dashboard.questions import recent_questions
from portal.dashboard.shared_items import shared
from tracking.figures.conversion_list import own_conversions
from tracking.figures.metrics import today
from tracking.figures.periods import MEMBER_CHOICES, ChosenPeriod, choose
from tracking.models import ConversionStatus

PER_PAGE = 25
FIRST = 5  # conversions that are shown before all are asked for


@dashboard_page()
def dashboard(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show everything about the member in this offer."""
    tag = live.tag_of(request, visit)
    if same := live.unchanged(request, visit, tag):
        return same
    enrollment = visit.enrollment
    chosen = choose(request.GET.dict(), choices=MEMBER_CHOICES, default="30d", today=today())
    history = terms_of(visit.offer)
    status = _status(request)
    asked = {"enrollment_id": enrollment.pk, "status": status or None}
    found = Keyset(own_conversions, asked, "occurred_at")
    shows_all = bool({"at", "status", "show"} & request.GET.keys())
    page = found.page(request.GET.get("at", ""), size=PER_PAGE if shows_all else FIRST)
    payments = payment_rows(enrollment)
    commission = commission_card(enrollment, history, now=visit.now)
    response = render_page(
        request,
        "page",
        visit,
        tag=tag,
        shared=shared(enrollment, now=visit.now),
        commission=commission,
        needs=needs_of(
            enrollment,
            payments,
            commission,
            rejected_href=status_href(ConversionStatus.REJECTED, request.GET),
            now=visit.now,
        ),
        chosen=chosen,
        ranges=range_choices(chosen, request.GET),
        range_form=_range_form(request, chosen),
        kept_conversions=kept_conversions(request.GET),
        numbers=numbers_of(enrollment, chosen.period),
        money=money_of(enrollment, history.at(visit.now), payments, now=visit.now),
        adjustments=adjustment_rows(enrollment),
        page=page,
        rows=conversion_rows(page.rows, now=visit.now),
        chosen_status=status,
        shows_all=shows_all,
        statuses=status_choices(status, request.GET),
        payments=payments,
        payments_wait=any(row.wants_details for row in payments),
        questions=recent_questions(enrollment, now=visit.now),
    )
    response["ETag"] = tag
    return response


@dashboard_page()
def conversions_csv(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Download the conversions as CSV, with the same status filter as the page."""
    found = own_conversions(enrollment_id=visit.enrollment.pk, status=_status(request) or None)
    newest_first = found.order_by("-occurred_at", "-pk").iterator(chunk_size=BATCH)
    return _csv(visit, "conversions", conversion_lines(newest_first))


@dashboard_page()
def statement_csv(
    request: HttpRequest, visit: Visit, public_id: UUID | None = None
) -> HttpResponseBase:
    """Download every entry of all payments, or of one payment, as CSV."""
    enrollment = visit.enrollment
    if public_id is None:
        return _csv(visit, "payments", statement_lines(payment_rows(enrollment), enrollment))
    found = payment_row(enrollment, public_id)
    if found is None:
        return nothing_here(request)
    return _csv(visit, "payment", statement_lines([found], enrollment))


def _csv(visit: Visit, name: str, rows: Iterator[list[str]]) -> StreamingHttpResponse:
    """Stream a CSV file for the brand of the visit, in the reader's language."""
    tag = spoken_tag()

    def lines() -> Iterator[str]:
        with acting_for(visit.brand), timezone.override(visit.brand.zone), speaking(tag):
            yield from csv_file(rows)

    file = "-".join(filter(None, [slugify(visit.offer.name), name]))
    return StreamingHttpResponse(
        lines(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file}.csv"'},
    )


@dashboard_page()
def payment(request: HttpRequest, visit: Visit, public_id: UUID) -> HttpResponse:
    """Show one payment with the entries of this offer."""
    found = payment_row(visit.enrollment, public_id)
    if found is None:
        return nothing_here(request)
    page = paid_entries(found, visit.enrollment, cursor=request.GET.get("at", ""))
    lines = paid_lines(page.rows)
    return render_page(
        request,
        "payment",
        visit,
        payment=found,
        back_text=back_text(found, visit.enrollment, now=visit.now) if found.came_back else "",
        page=page,
        lines=lines,
    )


@dashboard_page()
def why(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Explain why a sale may be missing: window and hold of this offer, and every badge."""
    brand, terms = visit.brand.name, terms_of(visit.offer).at(visit.now)
    return render_page(
        request,
        "why",
        visit,
        conversion_meanings=meanings.of_conversions(brand=brand, terms=terms),
        payment_meanings=meanings.of_payments(brand=brand),
        offer_meanings=meanings.of_the_offer(brand=brand),
        question_meanings=meanings.of_questions(brand=brand),
    )


def _status(request: HttpRequest) -> str:
    wanted = request.GET.get("status", "")
    return wanted if wanted in ConversionStatus.values else ""


def _range_form(request: HttpRequest, chosen: ChosenPeriod) -> RangeForm | None:
    """The form of a custom range, with the shown days, or with the error of the entered days."""
    if chosen.key != "custom":
        return None
    if chosen.problem:
        return RangeForm(request.GET if "first" in request.GET else None)
    return RangeForm({"first": chosen.period.first, "last": chosen.period.last})
