"""Values that every page of a dashboard needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.dashboard.access import Visit
from portal.dashboard.enrollment_state import state_of_enrollment


def render_page(
    request: HttpRequest, template: str, visit: Visit, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a page of a dashboard in the brand's colour."""
    frame = {
        "visit": visit,
        "brand": visit.brand,
        "offer": visit.offer,
        "member": visit.member,
        "accent": visit.brand.accent,
        "enrollment_state": state_of_enrollment(visit.enrollment, now=visit.now),
        "messages": (),  # messages of a logged-in session are not for this page
    }
    name = f"portal/dashboard/{template}.html"
    return render(request, name, frame | context, status=status)
