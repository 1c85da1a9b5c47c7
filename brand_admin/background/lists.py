"""The list of background work as its address asks for it, and the export of just that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.permissions import Permission
from background.models import Work, WorkState
from background.selectors import all_work
from background.sweeping import FILES_KEPT
from brand_admin.access import BrandRequest, brand_page
from brand_admin.addresses import without_filters
from brand_admin.exporting import Asked, Export, answer_export, export_page
from brand_admin.pages import Asking, export_url, in_order, paginate, render_page, searched
from brand_admin.work_kinds import KINDS
from brand_admin.work_rows import WorkRow
from core.csv_export import csv_moment

SECTION = "work"
ORDERS = {"when": ("asked_at", "pk")}
ABOUT = {  # of work, by the icon that its kinds share
    "imports": ("Imports", "upload"),
    "exports": ("Exports", "download"),
    "items": ("Codes and links", "tag"),
    "runs": ("Payout runs", "payments"),
}


class WorkFilters(forms.Form):
    """Which work to list; all of it unless the address says otherwise."""

    about = forms.ChoiceField(
        required=False,
        label="What",
        choices=[("", "Everything"), *((key, label) for key, (label, _) in ABOUT.items())],
    )
    state = forms.ChoiceField(required=False, choices=[("", "All"), *WorkState.choices])

    def chosen(self) -> dict[str, Any]:
        """Keyword arguments for `background.selectors.all_work`; nonsense is ignored."""
        self.is_valid()
        icon = ABOUT.get(self.cleaned_data.get("about", ""), ("", ""))[1]
        return {
            "kinds": [name for name, kind in KINDS.items() if kind.icon == icon],
            "state": self.cleaned_data.get("state") or "",
        }


@require_safe
@brand_page(Permission.READ)
def work_list(request: BrandRequest) -> HttpResponse:
    """What is under way, and what was done lately."""
    filters = WorkFilters(request.GET)
    page = paginate(request, _found(request, filters))
    return render_page(
        request,
        "brand_admin/background/list.html",
        section=SECTION,
        filters=filters,
        search=searched(request),
        clear_href=without_filters(request, "q", "about", "state"),
        export_url=export_url(request, "brand_admin:work_csv"),
        page=page,
        rows=[WorkRow.of(work) for work in page],
        is_moving=request.working > 0,
        days=FILES_KEPT.days,
    )


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def work_csv(request: BrandRequest) -> HttpResponseBase:
    return answer_export(request, "work", work_file, section=SECTION)


def work_file(asked: Asked, *, now: datetime) -> Export:
    """Exactly what the list shows with the same filters."""
    found = _found(asked, WorkFilters(asked.GET))
    name = f"{asked.brand.slug}-background-work.csv"
    return Export("Background work", name, found.count(), _lines(found))


def _found(request: Asking, filters: WorkFilters) -> QuerySet[Work]:
    found = all_work(search=searched(request), **filters.chosen())
    return in_order(request, found, ORDERS, default="-when")


def _lines(found: QuerySet[Work]) -> Iterator[list[str]]:
    yield [
        "what",
        "state",
        "done",
        "total",
        "left_out",
        "asked_for_by",
        "asked",
        "finished",
        "error",
    ]
    for work in found.iterator(chunk_size=1_000):
        yield [
            work.title,
            work.state,
            str(work.done),
            str(work.total),
            str(work.problems),
            work.asked_by,
            csv_moment(work.asked_at),
            csv_moment(work.finished_at),
            work.error,
        ]
