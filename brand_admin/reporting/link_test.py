"""Test a member's tracking link: the page that says what a test does, and starts one."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from background.selectors import recent_work_about
from brand_admin.access import BrandRequest, brand_page
from brand_admin.forms import ConfirmationForm
from brand_admin.pages import render_page
from core.references import Reference
from offers.models import Enrollment
from tracking.links.items import link_url
from tracking.links.link_test import link_to_test, request_link_test

SECTION = "sales_tracking"


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.MANAGE)
def link_test(request: BrandRequest, enrollment_id: int) -> HttpResponse:
    """Say what the test does; on POST, start it and lead to its report."""
    rows = Enrollment.objects.select_related("member", "offer")
    enrollment: Enrollment = get_object_or_404(rows, pk=enrollment_id)
    link = link_to_test(enrollment)
    if link is None:
        raise Http404
    form = ConfirmationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        work = request_link_test(
            link=link,
            confirmation=form.cleaned_data["confirmation"],
            by=request.actor,
            now=timezone.now(),
        )
        return redirect("brand_admin:work", request.brand.slug, work.pk)
    return render_page(
        request,
        "brand_admin/reporting/link_test.html",
        section=SECTION,
        enrollment=enrollment,
        address=link_url(link.slug, request.brand.link_host),
        form=form,
        earlier=recent_work_about(Reference.to(link)),
    )
