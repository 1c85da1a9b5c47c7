"""Import members from a file: upload it, preview the result, import it."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.permissions import Permission
from background.models import Work
from brand_admin.access import BrandRequest, brand_page
from brand_admin.file_form import LIMITS, ReplaceCodesForm
from brand_admin.members.forms import ImportForm
from brand_admin.pages import render_page
from brand_admin.starting_work import start_and_follow
from brand_admin.work_progress import started_about
from tracking.importing.csv_rows import MEMBER_COLUMNS
from tracking.importing.members_in_background import ABOUT, ask_for_import, ask_for_preview


@brand_page(Permission.READ, post=Permission.MANAGE)
def members_import(request: BrandRequest) -> HttpResponse:
    """Ask for a file. The preview and the import each have a page of background work."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        preview = ask_for_preview(
            content=form.content,
            filename=form.cleaned_data["file"].name,
            rows=form.rows,
            notes=form.notes,
            offer=form.chosen_offer,
            confirmation=form.cleaned_data["confirmation"],
            by=request.actor,
            now=timezone.now(),
        )
        return redirect("brand_admin:work", request.brand.slug, preview.pk)
    return render_page(
        request,
        "brand_admin/members/import.html",
        section="members",
        form=form,
        columns=MEMBER_COLUMNS,
        limits=LIMITS,
        started=started_about(ABOUT),
        status=422 if form.errors else 200,
    )


@require_POST
@brand_page(Permission.MANAGE)
def members_import_confirm(request: BrandRequest, work_id: int) -> HttpResponse:
    """Import what was previewed. A second click does not import it again."""
    preview, form = get_object_or_404(Work, pk=work_id), ReplaceCodesForm(request.POST)
    form.is_valid()
    start = partial(
        ask_for_import,
        preview=preview,
        replace_codes=form.cleaned_data["replace_codes"],
        by=request.actor,
        now=timezone.now(),
    )
    return start_and_follow(request, start, back="members_import")
