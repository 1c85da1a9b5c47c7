"""Exports of lists: small ones are downloads, large ones are made by a worker and kept for days.

Each list has one source, which both ways share: a function from the query of an address to lines
of CSV. `brand_admin.work_exports` knows them all by name.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import Brand
from background.asking import WorkRequest, ask_for_work, enqueue_work
from background.sweeping import FILES_KEPT
from brand_admin.access import BrandRequest
from brand_admin.forms import Confirmation
from brand_admin.pages import csv_response, render_page
from brand_admin.work_kinds import EXPORT
from brand_admin.work_rows import started_about
from core.references import Reference

export_page = require_http_methods(["GET", "HEAD", "POST"])  # asks first where it is large
DIRECT = 1_000  # rows that are downloaded at once


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose export, and the query of the address: what a source reads of a request."""

    brand: Brand
    GET: QueryDict


@dataclass(frozen=True, slots=True)
class Export:
    """What a source gives. `rows` counts the lines under the header."""

    title: str  # "Members"
    filename: str
    rows: int
    lines: Iterable[Iterable[str]]


Source = Callable[..., Export]  # of Asked, keyword arguments of its address, and now


def answer_export(
    request: BrandRequest, name: str, source: Source, *, section: str, **args: int
) -> HttpResponseBase:
    """The file itself while it is small; else the offer to make it, and with POST the order."""
    now = timezone.now()
    asked = Asked(brand=request.brand, GET=request.GET)
    export = source(asked, now=now, **args)
    if export.rows <= DIRECT:
        return csv_response(request, export.filename, export.lines)
    form = Confirmation(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        work = _ask(request, name, export, form.cleaned_data["confirmation"], args, now=now)
        return redirect("brand_admin:work", request.brand.slug, work)
    return render_page(
        request,
        "brand_admin/background/export.html",
        section=section,
        status=422 if form.errors else 200,
        export=export,
        form=form,
        days=FILES_KEPT.days,
        most=DIRECT,
        started=started_about(about(name)),
    )


def about(name: str) -> str:
    """Where exports of this name are started."""
    return Reference.of("export", name)


def _ask(
    request: BrandRequest,
    name: str,
    export: Export,
    confirmation: uuid.UUID,
    args: dict[str, Any],
    *,
    now: datetime,
) -> int:
    work, is_new = ask_for_work(
        WorkRequest(
            kind=EXPORT,
            title=f"Export of {export.title[:1].lower()}{export.title[1:]}",
            about=about(name),
            total=export.rows,
            confirmation=confirmation,
            parameters={"export": name, "args": args, "query": request.GET.urlencode()},
        ),
        by=request.actor,
        now=now,
    )
    if is_new:
        enqueue_work(work.pk, now=now)
    return work.pk
