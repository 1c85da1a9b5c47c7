"""Replace the codes of selected members. Earlier orders with the old codes stay credited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.permissions import Permission
from background.running import MAX_ROWS_RUN_AT_ONCE
from brand_admin.access import BrandRequest, brand_page
from brand_admin.listing.changing import change_rows, chosen_ids
from brand_admin.pages import codes_seen, render_page
from brand_admin.reporting.lists import OfferMembers
from core.templatetags.display import count
from offers.models import Enrollment, Offer
from tracking.figures.ranking import BY_NAME
from tracking.links.generating import generate_items
from tracking.links.items import ItemError, items_of
from tracking.links.promo_codes import suggest_codes

SECTION = "sales_tracking"


@dataclass(frozen=True, slots=True)
class Row:
    """A member whose code is replaced. `code` is the suggested or typed code.

    `had_before` is the typed code if somebody else had it before.
    """

    enrollment: Enrollment
    old: str
    code: str
    problem: str
    had_before: str


@require_POST
@brand_page(Permission.MANAGE)
def refresh_codes(request: BrandRequest, offer_id: int) -> HttpResponse:
    """Show the new codes for editing; with `confirmed`, replace all of them or none."""
    listing = OfferMembers(request, offer_id=offer_id)
    offer, ids = listing.offer, chosen_ids(request, listing)
    if len(ids) > MAX_ROWS_RUN_AT_ONCE:  # a page to edit more codes would be too long
        return change_rows(request, listing)
    chosen = _chosen(offer, ids)
    if not chosen:
        messages.warning(request, "Choose active members first: nothing was changed.")
        return redirect("brand_admin:offer_report", request.brand.slug, offer.pk)
    problems: Mapping[int, str] = {}
    had_before: Mapping[int, str] = {}
    if "confirmed" in request.POST:
        try:
            return _refreshed(request, offer, chosen)
        except ItemError as error:
            problems, had_before = error.problems, error.had_before
    return render_page(
        request,
        "brand_admin/reporting/refresh.html",
        section=SECTION,
        offer=offer,
        rows=_rows(request, offer, chosen, problems, had_before),
        button=f"Refresh {_codes(len(chosen))}",
        back=listing.href,
        problems=len(problems),
        status=422 if problems else 200,
    )


def _chosen(offer: Offer, ids: list[int]) -> list[Enrollment]:
    """Return the selected members who can have a code."""
    if not offer.gives_codes:
        return []
    found = Enrollment.objects.active().filter(offer=offer, pk__in=ids)
    return list(found.select_related("member", "offer").order_by(*BY_NAME))


def _refreshed(request: BrandRequest, offer: Offer, chosen: Sequence[Enrollment]) -> HttpResponse:
    """Replace the codes. Raises ItemError if a code can't be used."""
    given, _ = generate_items(
        enrollments=chosen,
        codes={row.pk: request.POST.get(f"code-{row.pk}", "") for row in chosen},
        may_reuse=request.POST.getlist("reuse"),
        seen=codes_seen(request, chosen),
        links=False,
        by=request.actor,
        now=timezone.now(),
    )
    messages.success(
        request, f"{_codes(len(given))} refreshed. Tell the members: the old ones no longer work."
    )
    return redirect("brand_admin:offer_report", request.brand.slug, offer.pk)


def _rows(
    request: BrandRequest,
    offer: Offer,
    chosen: Sequence[Enrollment],
    problems: Mapping[int, str],
    had_before: Mapping[int, str],
) -> list[Row]:
    """Return rows with suggested codes; after an error, with the typed codes and their errors."""
    items, fresh = items_of(chosen), suggest_codes(offer=offer, enrollments=chosen)
    typed = request.POST if problems else {}
    return [
        Row(
            enrollment=row,
            old=items[row.pk].promo_code or "",
            code=typed.get(f"code-{row.pk}", fresh[row.pk]),
            problem=problems.get(row.pk, ""),
            had_before=had_before.get(row.pk, ""),
        )
        for row in chosen
    ]


def _codes(number: int) -> str:
    return f"{count(number)} code{'' if number == 1 else 's'}"
