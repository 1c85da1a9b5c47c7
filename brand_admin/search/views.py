"""The search of a brand: a page, and its results alone for the box that every page has."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.search.finding import find


@require_safe
@brand_page(Permission.READ)
def search(request: BrandRequest) -> HttpResponse:
    """Show what was found for `?q=`."""
    asked = request.GET.get("q", "")
    groups = find(asked, brand=request.brand, role=request.role)
    if request.htmx:
        context = {"groups": groups, "asked": asked.strip()}
        return render(request, "brand_admin/search/results.html", context)
    return render_page(
        request,
        "brand_admin/search/page.html",
        section="search",
        groups=groups,
        asked=asked.strip(),
    )
