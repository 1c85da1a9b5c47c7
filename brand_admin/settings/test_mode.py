"""Test mode: open it, go there, and delete what is in it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Permission
from accounts.selectors import test_brand_of
from accounts.test_mode import (
    MAX_ROWS_AT_ONCE,
    TooMuchTestDataError,
    delete_test_data,
    open_test_brand,
)
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from tracking.samples.test_mode import fill_with_sample_data

SECTION = "settings"


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.MANAGE, live_page="home")
def test_mode(request: BrandRequest) -> HttpResponse:
    """Go to the test brand. Without one, say what test mode is; a POST opens it."""
    found = test_brand_of(request.brand)
    if request.method == "POST":
        found = open_test_brand(brand=request.brand, by=request.actor, now=timezone.now())
    if found is not None:
        return redirect("brand_admin:home", found.slug)
    return render_page(request, "brand_admin/settings/test_mode.html", section=SECTION)


@require_POST
@brand_page(Permission.MANAGE)
def test_data_fill(request: BrandRequest) -> HttpResponse:
    """Fill test mode with sample data, once. A live brand's page leads to test mode."""
    if not request.brand.is_test:
        return redirect("brand_admin:test_mode", request.brand.slug)
    if fill_with_sample_data(brand=request.brand, by=request.actor, now=timezone.now()):
        messages.success(request, "Test mode is filled with sample data.")
    else:
        messages.warning(request, "Nothing was changed: the sample data are there already.")
    return redirect("brand_admin:home", request.brand.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.ADMINISTER)
def test_data_delete(request: BrandRequest) -> HttpResponse:
    """Ask for confirmation, then delete all test data. A live brand's page leads to test mode."""
    if not request.brand.is_test:
        return redirect("brand_admin:test_mode", request.brand.slug)
    if request.method == "POST":
        try:
            delete_test_data(
                brand=request.brand,
                by=request.actor,
                now=timezone.now(),
                limit=MAX_ROWS_AT_ONCE,
            )
        except TooMuchTestDataError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "All test data are deleted.")
            return redirect("brand_admin:home", request.brand.slug)
    return render_page(request, "brand_admin/settings/test_data_delete.html", section=SECTION)
