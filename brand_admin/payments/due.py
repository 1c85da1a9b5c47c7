"""Who is due money now, as the list of payments due shows it and as its export writes it."""

from __future__ import annotations

from datetime import datetime

from django.core.paginator import Page, Paginator

from affiliates.selectors import members
from brand_admin.pages import PER_PAGE, Asking, id_in, searched
from brand_admin.payments.run_forms import known_currency
from core.money import Money
from payouts.due import DuePage, DueRow, due_page


def due_list_page(request: Asking, *, own: str, now: datetime) -> tuple[Page[DueRow], list[Money]]:
    """The page that ?page= asks for, the nearest one for anything odd; and what everybody is due,
    whoever is searched for, per currency.
    """
    asked = request.GET.get("page", "1")
    number = id_in(asked) or 1
    number = number if number < 10**6 else 1
    found = _due(request, own=own, now=now, start=(number - 1) * PER_PAGE, most=PER_PAGE)
    nobody: list[DueRow] = []
    paginator = Paginator(nobody, PER_PAGE)
    paginator.count = found.count
    nearest = paginator.get_page(asked).number
    if nearest != number:
        found = _due(request, own=own, now=now, start=(nearest - 1) * PER_PAGE, most=PER_PAGE)
    totals = [Money(minor, currency) for currency, minor in found.sums.items()]
    return Page(found.rows, nearest, paginator), totals


def all_due(request: Asking, *, own: str, now: datetime) -> list[DueRow]:
    """Every row that the list shows on its pages."""
    return _due(request, own=own, now=now).rows


def _due(
    request: Asking, *, own: str, now: datetime, start: int = 0, most: int | None = None
) -> DuePage:
    """Per member and currency as the address asks for it, the brand's `own` currency first."""
    search = searched(request)
    among = list(members(search=search).values_list("pk", flat=True)) if search else None
    return due_page(
        now=now,
        among=among,
        own=own,
        only=known_currency(request.GET.get("currency", "")),
        smallest_first=request.GET.get("sort") == "due",
        start=start,
        most=most,
    )
