"""What every page of the brand admin needs: render a template, stream CSV, read ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import Role
from accounts.permissions import Permission, may
from brand_admin.access import BrandRequest
from core.csv_export import csv_file
from core.tenancy import acting_for
from offers.models import Enrollment

MAX_ID_DIGITS = 18  # so that the number fits into a bigint
SECTIONS = {  # labels of the navigation; a phone shows the current one in its top bar
    "home": "Home",
    "members": "Members",
    "projects": "Projects",
    "offers": "Offers",
    "sales_tracking": "Sales Tracking",
    "conversions": "Conversions",
    "payments": "Payments",
    "emails": "Emails",
    "connections": "Connections",
    "settings": "Settings",
    "work": "Background work",
    "search": "Search",
}


def render_page(
    request: BrandRequest, template: str, *, section: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a page of the brand. Adds `may_manage`, `may_pay` and `may_administer`."""
    frame = {
        "section": section,
        "section_name": SECTIONS[section],
        "brand": request.brand,
        "accent": request.brand.accent,
        "role_name": Role(request.role).label,
        "switchable_brands": [entry.brand for entry in request.roles],
        "may_manage": may(request.role, Permission.MANAGE),
        "may_pay": may(request.role, Permission.PAY),
        "may_administer": may(request.role, Permission.ADMINISTER),
    }
    return render(request, template, frame | context, status=status)


def csv_response(
    request: BrandRequest, filename: str, rows: Iterable[Iterable[str]]
) -> StreamingHttpResponse:
    """Stream rows as CSV; act for the brand in its time zone until the last line is sent."""
    brand = request.brand

    def lines() -> Iterator[str]:
        with acting_for(brand), timezone.override(brand.zone):
            yield from csv_file(rows)

    return StreamingHttpResponse(
        lines(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def id_in(text: str) -> int | None:
    """Return the id in a text of an address or a form; None if it is not a valid id."""
    return int(text) if text.isdecimal() and len(text) <= MAX_ID_DIGITS else None


def codes_seen(request: BrandRequest, rows: Iterable[Enrollment]) -> dict[int, str]:
    """Return the codes that the page showed as those of these members, by enrollment id."""
    return {row.pk: request.POST.get(f"seen-{row.pk}", "") for row in rows}


def selected_ids(request: BrandRequest) -> list[int]:
    """Return the ids of the checked rows; ignore everything else."""
    found = map(id_in, request.POST.getlist("selected"))
    return [one for one in found if one is not None]
