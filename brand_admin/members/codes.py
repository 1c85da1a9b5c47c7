"""A code that was replaced and still works: when it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.forms import start_of
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from core.templatetags.display import moment
from tracking.links.promo_codes import GraceError, change_grace
from tracking.models import PromoCode

SECTION = "members"


class GraceForm(forms.Form):
    """The last day on which a replaced code works."""

    last_day = forms.DateField(
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Orders with it are credited until the end of this day.",
        error_messages={"required": "Choose the last day, or end the code now."},
    )

    def until(self) -> datetime:
        return start_of(self.cleaned_data["last_day"] + timedelta(days=1))


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.MANAGE)
def code_grace(request: BrandRequest, promo_code_id: int) -> HttpResponse:
    """Show until when a replaced code works; a POST chooses another day."""
    code = _code(promo_code_id)
    form = GraceForm(request.POST or None, initial=_initial(code))
    if request.method == "POST" and form.is_valid():
        try:
            row = change_grace(code=code, until=form.until(), by=request.actor, now=timezone.now())
        except GraceError as error:
            add_refusal(form, error, field="last_day")
        else:
            messages.success(request, f"{row.code} works until {moment(row.deactivated_at)}.")
            return redirect("brand_admin:member", request.brand.slug, code.enrollment.member_id)
    return _page(request, code, form=form, status=422 if form.errors else 200)


@require_http_methods(["POST"])
@brand_page(Permission.MANAGE)
def code_grace_end(request: BrandRequest, promo_code_id: int) -> HttpResponse:
    """End a replaced code at once."""
    code = _code(promo_code_id)
    form = GraceForm(initial=_initial(code))
    try:
        change_grace(code=code, until=None, by=request.actor, now=timezone.now())
    except GraceError as error:
        return _page(request, code, form=form, refusal=str(error), status=409)
    messages.success(request, f"{code.code} has ended. Orders from before stay credited.")
    return redirect("brand_admin:member", request.brand.slug, code.enrollment.member_id)


def _code(promo_code_id: int) -> PromoCode:
    rows = PromoCode.objects.select_related("enrollment__member", "enrollment__offer")
    return get_object_or_404(rows, pk=promo_code_id)


def _initial(code: PromoCode) -> dict[str, Any]:
    """The last whole day on which it works, as far as there is one."""
    ends_at = code.works_until(timezone.now())
    last = ends_at and timezone.localtime(ends_at - timedelta(microseconds=1)).date()
    return {"last_day": last}


def _page(
    request: BrandRequest, code: PromoCode, *, form: GraceForm, status: int, refusal: str = ""
) -> HttpResponse:
    return render_page(
        request,
        "brand_admin/members/code_grace.html",
        section=SECTION,
        status=status,
        code=code,
        member=code.enrollment.member,
        offer=code.enrollment.offer,
        works_until=code.works_until(timezone.now()),
        form=form,
        refusal=refusal,
    )
