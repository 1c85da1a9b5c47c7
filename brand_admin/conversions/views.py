"""Conversions: accept or reject them, and see how each was credited and what it earned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.audit_log.selectors import history_of
from accounts.permissions import Permission
from affiliates.models import Member
from brand_admin import history
from brand_admin.access import BrandRequest, brand_page
from brand_admin.addresses import without_filters
from brand_admin.conversions.forms import ConversionFilters, Rejection
from brand_admin.exporting import Asked, Export, answer_export, export_page
from brand_admin.pages import (
    export_url,
    paginate,
    render_page,
    searched,
    selected_ids,
)
from core.money import Money
from core.next_page import own_page
from core.references import Reference
from core.templatetags.display import count
from offers.wording import explain
from payouts.selectors import entries_of_conversion
from tracking.claims.selectors import open_questions
from tracking.commissions.approval import accept_conversions, reject_conversions
from tracking.figures.conversion_list import conversion_count, conversion_lines, conversions
from tracking.models import Conversion, ConversionStatus
from tracking.orders.lookup import lines_of_order, refunds_of_order

SECTION = "conversions"
FILTERS = ("q", "status", "offer", "evidence", "first", "last", "member")


@require_safe
@brand_page(Permission.READ)
def conversion_list(request: BrandRequest) -> HttpResponse:
    """The brand's conversions, newest first."""
    filters, search = ConversionFilters(request.GET), searched(request)
    chosen = filters.chosen()
    found = conversions(search=search, order=request.GET.get("sort", ""), **chosen)
    return render_page(
        request,
        "brand_admin/conversions/list.html",
        section=SECTION,
        filters=filters,
        search=search,
        member=Member.objects.filter(pk=chosen["member_id"]).first(),
        clear_href=without_filters(request, *FILTERS),
        open_questions=open_questions().count(),
        pending=conversion_count(status=ConversionStatus.PENDING),
        page=paginate(request, found, known_count=_kept_count(search, chosen), is_long=True),
        csv_url=export_url(request, "brand_admin:conversions_csv"),
    )


def _kept_count(search: str, chosen: dict[str, Any]) -> int | None:
    """How many conversions are chosen, where nothing but status and offer chooses."""
    kept = {name: chosen[name] for name in ("status", "offer_id")}
    if search or any(chosen[name] for name in chosen.keys() - kept.keys()):
        return None
    return conversion_count(**kept)


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def conversions_csv(request: BrandRequest) -> HttpResponseBase:
    return answer_export(request, "conversions", conversions_file, section=SECTION)


def conversions_file(asked: Asked, *, now: datetime) -> Export:
    """Exactly what the list shows with the same filters."""
    found = conversions(
        search=searched(asked),
        order=asked.GET.get("sort", ""),
        **ConversionFilters(asked.GET).chosen(),
    )
    name = f"{asked.brand.slug}-conversions.csv"
    return Export("Conversions", name, found.count(), conversion_lines(found))


@require_safe
@brand_page(Permission.READ)
def conversion_page(request: BrandRequest, conversion_id: int) -> HttpResponse:
    """One conversion: who was credited and why, what it earned, and everything that happened."""
    conversion = get_object_or_404(conversions(), pk=conversion_id)
    lines, refunds = (
        lines_of_order(conversion.order_id),
        list(refunds_of_order(conversion.order_id)),
    )
    targets = [
        Reference.to(conversion),
        Reference.to(conversion.order),
        *map(Reference.to, refunds),
    ]
    entries = list(entries_of_conversion(conversion.pk))
    return render_page(
        request,
        "brand_admin/conversions/conversion.html",
        section=SECTION,
        conversion=conversion,
        order=conversion.order,
        explanation=explain(conversion.explanation, conversion.currency),
        other_claims=conversion.claims[1:],
        lines=[(row, Money(row.net_minor, conversion.currency)) for row in lines],
        refunds=refunds,
        entries=entries,
        booked=Money(sum(entry.amount_minor for entry in entries), conversion.currency),
        history=history.lines(history_of(targets)),
    )


@require_POST
@brand_page(Permission.MANAGE)
def accept_or_reject(request: BrandRequest) -> HttpResponse:
    """Accept or reject the ticked conversions. Rejecting asks for a reason first."""
    ids = selected_ids(request)
    chosen = conversions().filter(pk__in=ids)
    now, verdict = timezone.now(), request.POST.get("action", "")
    if not ids or verdict not in {"accept", "reject"}:
        messages.warning(request, "Choose conversions first: nothing was changed.")
    elif verdict == "accept":
        changed = accept_conversions(conversion_ids=ids, by=request.actor, now=now)
        messages.success(request, f"{_counted(changed)} accepted.")
    else:
        form = Rejection(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return _ask_why(request, form, list(chosen))
        reason = form.cleaned_data["reason"]
        changed = reject_conversions(conversion_ids=ids, reason=reason, by=request.actor, now=now)
        messages.success(request, f"{_counted(changed)} rejected.")
    return redirect(_back(request))


def _ask_why(request: BrandRequest, form: Rejection, chosen: list[Conversion]) -> HttpResponse:
    return render_page(
        request,
        "brand_admin/conversions/reject.html",
        section=SECTION,
        status=422 if form.is_bound else 200,
        form=form,
        chosen=chosen,
        back=request.POST.get("back", ""),
    )


def _back(request: BrandRequest) -> str:
    """Where the form stood: an address of ours, or the list."""
    back = own_page(request.POST.get("back", ""))
    return back or reverse("brand_admin:conversions", args=[request.brand.slug])


def _counted(number: int) -> str:
    return f"{count(number)} conversion{'' if number == 1 else 's'}"
