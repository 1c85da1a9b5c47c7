"""Import orders and refunds from a file: upload it, see how it is read, import it."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.permissions import Permission
from background.models import Work
from brand_admin.access import BrandRequest, brand_page
from brand_admin.columns_form import ColumnsForm
from brand_admin.conversions.import_form import OrderFileForm
from brand_admin.file_form import LIMITS
from brand_admin.pages import render_page
from brand_admin.starting_work import start_and_follow
from brand_admin.work_progress import started_about
from tracking.importing.orders_in_background import (
    ABOUT,
    PREVIEWS,
    ImportChoice,
    ask_for_import,
    ask_for_preview,
    preview_again,
)


@brand_page(Permission.READ, post=Permission.MANAGE)
def orders_import(request: BrandRequest) -> HttpResponse:
    """Ask for a file. The preview and the import each have a page of background work."""
    form = OrderFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        preview = ask_for_preview(
            choice=form.choice(),
            content=[form.content],
            rows=form.rows,
            confirmation=form.cleaned_data["confirmation"],
            by=request.actor,
            now=timezone.now(),
        )
        return redirect("brand_admin:work", request.brand.slug, preview.pk)
    return render_page(
        request,
        "brand_admin/conversions/import.html",
        section="conversions",
        form=form,
        limits=LIMITS,
        started=started_about(ABOUT),
        status=422 if form.errors else 200,
    )


@require_POST
@brand_page(Permission.MANAGE)
def orders_import_columns(request: BrandRequest, work_id: int) -> HttpResponse:
    """Remember which columns the brand's files have, and preview the file with them."""
    preview = get_object_or_404(Work, pk=work_id, kind__in=PREVIEWS.values())
    form = ColumnsForm(request.POST, choice=ImportChoice.of(preview))
    if not form.is_valid():
        return render_page(
            request,
            "brand_admin/conversions/import_columns.html",
            section="conversions",
            work=preview,
            columns_form=form,
            status=422,
        )
    start = partial(
        preview_again,
        preview=preview,
        columns=form.columns,
        confirmation=form.cleaned_data["confirmation"],
        by=request.actor,
        now=timezone.now(),
    )
    return start_and_follow(request, start, back="orders_import")


@require_POST
@brand_page(Permission.MANAGE)
def orders_import_confirm(request: BrandRequest, work_id: int) -> HttpResponse:
    """Import what was previewed. A second click does not import it again."""
    preview = get_object_or_404(Work, pk=work_id)
    start = partial(ask_for_import, preview=preview, by=request.actor, now=timezone.now())
    return start_and_follow(request, start, back="orders_import")
