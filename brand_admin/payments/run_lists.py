"""The list of payout runs and the members of one, as they are filtered, and their exports.

What a bank or PayPal is told stands in brand_admin.payments.run_views.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.addresses import without_filters
from brand_admin.exporting import Asked, Export, answer_export, export_page
from brand_admin.pages import Asking, export_url, in_order, paginate, render_page, searched
from brand_admin.payments.run_forms import LineFilters, RunFilters
from brand_admin.payments.run_pages import lines_of
from core.csv_export import csv_moment
from payouts.models import PayoutRun, PayoutRunMember
from payouts.selectors import run_members, runs

SECTION = "payments"
AT_ONCE = 1_000
FILTERS = ("q", "state", "first", "last")
LINE_FILTERS = ("q", "state")
ORDERS = {
    "drafted": ("created_at", "pk"),
    "payments": ("payments", "pk"),
    "amount": ("currency", "amount_minor", "pk"),
}
LINE_ORDERS = {
    "name": ("member__last_name", "member__first_name", "pk"),
    "amount": ("due_minor", "pk"),
}


@require_safe
@brand_page(Permission.READ)
def run_list(request: BrandRequest) -> HttpResponse:
    """The payout runs, newest first."""
    filters = RunFilters(request.GET)
    return render_page(
        request,
        "brand_admin/payments/runs.html",
        section=SECTION,
        filters=filters,
        search=searched(request),
        clear_href=without_filters(request, *FILTERS),
        export_url=export_url(request, "brand_admin:payment_runs_csv"),
        page=paginate(request, _found(request, filters)),
    )


@export_page
@brand_page(Permission.READ, post=Permission.PAY)
def runs_csv(request: BrandRequest) -> HttpResponseBase:
    return answer_export(request, "runs", runs_file, section=SECTION)


def runs_file(asked: Asked, *, now: datetime) -> Export:
    """Exactly what the list shows with the same filters."""
    found = _found(asked, RunFilters(asked.GET))
    name = f"{asked.brand.slug}-payout-runs.csv"
    return Export("Payout runs", name, found.count(), _run_lines(found))


def found_lines(request: Asking, run: PayoutRun) -> QuerySet[PayoutRunMember]:
    """The members of a run that the address asks for, in its order."""
    asked = LineFilters(request.GET).chosen()
    found = run_members(run, search=searched(request), **asked)
    return in_order(request, found, LINE_ORDERS, default="-amount")


@export_page
@brand_page(Permission.READ, post=Permission.PAY)
def run_members_csv(request: BrandRequest, run_id: int) -> HttpResponseBase:
    return answer_export(request, "run", run_members_file, section=SECTION, run_id=run_id)


def run_members_file(asked: Asked, *, run_id: int, now: datetime) -> Export:
    """The members of a run as its page lists them; no account is named."""
    run = get_object_or_404(runs(), pk=run_id)
    found = found_lines(asked, run)
    name = f"{asked.brand.slug}-run-{run.pk}.csv"
    return Export("Members of a payout run", name, found.count(), _member_lines(run, found))


def _found(request: Asking, filters: RunFilters) -> QuerySet[PayoutRun]:
    found = runs(search=searched(request), **filters.chosen())
    return in_order(request, found, ORDERS, default="-drafted")


def _run_lines(found: QuerySet[PayoutRun]) -> Iterator[list[str]]:
    yield [
        "run", "drafted", "drafted_by", "state", "payments", "amount", "currency", "minimum",
        "reference", "reason", "confirmed", "confirmed_by", "settled",
    ]  # fmt: skip
    for run in found.iterator(chunk_size=AT_ONCE):
        yield [
            str(run.pk),
            csv_moment(run.created_at),
            run.created_by,
            run.state,
            str(run.payments),
            run.amount.plain(),
            run.currency,
            run.minimum.plain(),
            run.reference,
            run.reason,
            csv_moment(run.confirmed_at),
            run.confirmed_by,
            csv_moment(run.settled_at),
        ]


def _member_lines(run: PayoutRun, found: QuerySet[PayoutRunMember]) -> Iterator[list[str]]:
    yield ["member", "email", "amount", "currency", "payment", "state", "reference", "reason"]
    rows = found.iterator(chunk_size=AT_ONCE)
    while batch := list(islice(rows, AT_ONCE)):
        for each in lines_of(run, batch):
            member, payout = each.line.member, each.payout
            yield [
                member.full_name,
                member.email,
                each.amount.plain(),
                run.currency,
                *(
                    (str(payout.pk), payout.state, payout.reference, payout.reason)
                    if payout
                    else ("", "", "", "")
                ),
            ]
