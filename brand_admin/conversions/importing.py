"""Import orders and refunds from a file: upload it, see how it is read, import it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.permissions import Permission
from background.models import Work
from background.running import WorkError
from brand_admin.access import BrandRequest, brand_page
from brand_admin.columns_form import ColumnsForm
from brand_admin.conversions.import_form import OrderFileForm
from brand_admin.file_form import LIMITS
from brand_admin.pages import render_page
from brand_admin.refusals import sentence
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
    preview = get_object_or_404(Work, pk=work_id)
    if preview.kind not in PREVIEWS.values():
        return _expired(request, "this preview has expired: choose the file again")
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
    try:
        work = preview_again(
            preview=preview,
            columns=form.columns,
            confirmation=form.cleaned_data["confirmation"],
            by=request.actor,
            now=timezone.now(),
        )
    except WorkError as error:
        return _expired(request, error)
    return redirect("brand_admin:work", request.brand.slug, work.pk)


@require_POST
@brand_page(Permission.MANAGE)
def orders_import_confirm(request: BrandRequest, work_id: int) -> HttpResponse:
    """Import what was previewed. A second click does not import it again."""
    preview = get_object_or_404(Work, pk=work_id)
    try:
        work = ask_for_import(preview=preview, by=request.actor, now=timezone.now())
    except WorkError as error:
        return _expired(request, error)
    return redirect("brand_admin:work", request.brand.slug, work.pk)


def _expired(request: BrandRequest, error: Exception | str) -> HttpResponse:
    messages.error(request, sentence(error))
    return redirect("brand_admin:orders_import", request.brand.slug)
