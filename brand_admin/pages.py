"""What every page of the brand admin does alike: render in the frame, page a list, stream CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import Role
from accounts.permissions import Permission, may
from accounts.selectors import brands_of
from brand_admin.access import BrandRequest
from core.tenancy import acting_for
from tracking.csv_export import csv_lines
from tracking.metrics import today
from tracking.periods import BRAND_CHOICES, ChosenPeriod, choose

PER_PAGE = 50
M = TypeVar("M", bound=Model)


def render_page(
    request: BrandRequest, template: str, *, section: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a page in the brand's frame. Adds `may_manage`, `may_pay` and `may_administer`."""
    frame = {
        "section": section,
        "brand": request.brand,
        "accent": request.brand.accent,
        "role_name": Role(request.role).label,
        "switchable_brands": [entry.brand for entry in brands_of(request.user)],
        "may_manage": may(request.role, Permission.MANAGE),
        "may_pay": may(request.role, Permission.PAY),
        "may_administer": may(request.role, Permission.ADMINISTER),
    }
    return render(request, template, frame | context, status=status)


def paginate(request: BrandRequest, rows: QuerySet[M], *, per_page: int = PER_PAGE) -> Page[M]:
    """The page that ?page= asks for; the nearest one for anything odd."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))


def chosen_period(request: BrandRequest) -> ChosenPeriod:
    """The range of days in the address; six months unless it says otherwise."""
    return choose(request.GET.dict(), choices=BRAND_CHOICES, default="6m", today=today())


def csv_response(
    request: BrandRequest, filename: str, rows: Iterable[Iterable[str]]
) -> StreamingHttpResponse:
    """Stream rows as CSV, acting for the brand in its time zone until the last line is out."""
    brand = request.brand

    def lines() -> Iterator[str]:
        with acting_for(brand), timezone.override(brand.zone):
            yield from csv_lines(rows)

    return StreamingHttpResponse(
        lines(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def selected_ids(request: BrandRequest) -> list[int]:
    """The whole numbers among the ticked boxes; anything else is ignored."""
    return [int(text) for text in request.POST.getlist("selected") if text.isdecimal()]
