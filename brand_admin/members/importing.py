"""Import members from a CSV file: read it, show what would happen, do it."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.members.forms import ImportForm
from brand_admin.pages import render_page
from tracking.imports import MEMBER_COLUMNS
from tracking.member_import import import_members, preview_members

TEMPLATE = "brand_admin/members/import.html"
SHOWN_ROWS = 50


@brand_page(Permission.READ, post=Permission.MANAGE)
def members_import(request: BrandRequest) -> HttpResponse:
    """GET asks for a file, POST previews it, POST with `confirmed` puts it in.

    Putting the same file in again changes nothing, so that a reload does no harm.
    """
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method != "POST" or not form.is_valid():
        return render_page(
            request,
            TEMPLATE,
            section="members",
            form=form,
            columns=MEMBER_COLUMNS,
            status=422 if form.errors else 200,
        )
    offer, now = form.chosen_offer, timezone.now()
    is_done = "confirmed" in request.POST
    if is_done:
        report = import_members(
            form.rows, offer=offer, by=request.actor, now=now, counted=lambda _: None
        )
    else:
        report = preview_members(form.rows, offer=offer, by=request.actor, now=now)
    wrong = {error.line: error for error in report.errors}
    return render_page(
        request,
        TEMPLATE,
        section="members",
        form=form,
        offer=offer,
        report=report,
        is_done=is_done,
        added=report.counts["added"],
        changed=report.counts["changed"],
        unchanged=report.counts["unchanged"],
        rows=[(line, row, wrong.get(line)) for line, row in form.rows[:SHOWN_ROWS]],
        more=max(0, len(form.rows) - SHOWN_ROWS),
        text=form.cleaned_data["text"],
    )
