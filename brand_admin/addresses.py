"""The address of a list as its filters change it."""

from __future__ import annotations

from brand_admin.access import BrandRequest


def without_filters(request: BrandRequest, *names: str) -> str:
    """The same list with none of these filters set; empty while none of them is."""
    if not any(request.GET.get(name) for name in names):
        return ""
    query = request.GET.copy()
    for name in (*names, "page"):
        query.pop(name, None)
    return f"?{query.urlencode()}"
