"""The views of a list: its page, its file, and the actions on selected rows.

A small file is downloaded at once; a worker makes a large one, which is kept for some days.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from background.sweeping import FILES_KEPT
from background.work_requests import WorkRequest, request_and_enqueue_work
from brand_admin.access import BrandRequest, brand_page
from brand_admin.forms import ConfirmationForm
from brand_admin.listing.changing import change_rows
from brand_admin.listing.listing import Listing
from brand_admin.pages import csv_response, render_page
from brand_admin.work_kinds import EXPORT
from brand_admin.work_progress import started_about
from core.references import Reference

View = Callable[..., HttpResponseBase]
MAX_DOWNLOADED_ROWS = 1_000  # of a file that is made during the request


def list_page(kind: type[Listing[Any]]) -> View:
    """Return the view of the list's page."""

    @require_safe
    @brand_page(kind.reads)
    def page(request: BrandRequest, **args: int) -> HttpResponse:
        return show_list(request, kind(request, **args))

    return _named(page, kind, "page")


def list_file(kind: type[Listing[Any]]) -> View:
    """Return the view of the list's file, which has the same filters."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @brand_page(kind.reads, post=kind.changes)
    def file(request: BrandRequest, **args: int) -> HttpResponseBase:
        return answer_with_file(request, kind(request, **args))

    return _named(file, kind, "file")


def list_change(kind: type[Listing[Any]]) -> View:
    """Return the view that runs actions on selected rows."""

    @require_POST
    @brand_page(kind.changes)
    def change(request: BrandRequest, **args: int) -> HttpResponse:
        return change_rows(request, kind(request, **args))

    return _named(change, kind, "change")


def _named(view: View, kind: type[Listing[Any]], what: str) -> View:
    """Name the view for tracebacks and logs: "Payments_file"."""
    view.__name__ = view.__qualname__ = f"{kind.__name__}_{what}"
    return view


def show_list(
    request: BrandRequest, listing: Listing[Any], *, status: int = 200, **context: Any
) -> HttpResponse:
    return render_page(
        request,
        listing.template,
        status=status,
        **{
            "section": listing.section,
            "listing": listing,
            "page": listing.page,
            "rows": listing.rows,
            "buttons": listing.buttons() if listing.chooses else [],
            "form_key": uuid.uuid4() if listing.chooses else "",
            **listing.context(),
            **context,
        },
    )


def answer_with_file(request: BrandRequest, listing: Listing[Any]) -> HttpResponseBase:
    """Respond with a small file; for a large one, offer to make it, and order it on POST."""
    rows = listing.count
    if rows <= MAX_DOWNLOADED_ROWS:
        return csv_response(request, listing.whole_file_name(), listing.file_lines())
    form = ConfirmationForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        work = _ask(request, listing, rows, form.cleaned_data["confirmation"])
        return redirect("brand_admin:work", request.brand.slug, work)
    return render_page(
        request,
        "brand_admin/background/export.html",
        section=listing.section,
        status=422 if form.errors else 200,
        title=listing.file_title(),
        rows=rows,
        form=form,
        days=FILES_KEPT.days,
        limit=MAX_DOWNLOADED_ROWS,
        started=started_about(_about(listing)),
    )


def _about(listing: Listing[Any]) -> str:
    """Return the reference under which the list's exports are found again."""
    return Reference.of("export", listing.name)


def _ask(request: BrandRequest, listing: Listing[Any], rows: int, confirmation: uuid.UUID) -> int:
    title = listing.file_title()
    work = request_and_enqueue_work(
        WorkRequest(
            kind=EXPORT,
            title=f"Export of {title[:1].lower()}{title[1:]}",
            about=_about(listing),
            total=rows,
            confirmation=confirmation,
            parameters={"list": listing.reference},
        ),
        by=request.actor,
        now=listing.now,
    )
    return work.pk
