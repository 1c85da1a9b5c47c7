"""A code that seems to be leaked: replace it, or say that it did not leak."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from core.templatetags.display import moment
from tracking.flags.leaks import LeakError, dismiss_leak, leak_sentence, leaked_codes
from tracking.links.items import ItemError
from tracking.links.promo_codes import MAX_GRACE, MIN_GRACE, GraceError, suggest_codes
from tracking.models import LeakedCode
from tracking.outreach.replacing_codes import ReplacedCode, replace_leaked_code

SECTION = "conversions"
USUAL_GRACE_DAYS = 14
TEMPLATE = "brand_admin/conversions/leak.html"


class ReplaceForm(forms.Form):
    """The new code, and how long the old one works."""

    new_code = forms.CharField(label="New code", max_length=60)
    grace_days = forms.IntegerField(
        label="The old code works for",
        min_value=MIN_GRACE.days,
        max_value=MAX_GRACE.days,
        initial=USUAL_GRACE_DAYS,
        help_text="Orders with it are credited to the member until then.",
    )
    mails = forms.BooleanField(
        label="Email the member their new code", required=False, initial=True
    )


class DismissalForm(forms.Form):
    """Why a code did not leak."""

    reason = forms.CharField(
        label="Why",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why: it is shown with the code."},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.MANAGE)
def leak_page(request: BrandRequest, leak_id: int) -> HttpResponse:
    """Show why the code seems to be leaked; a POST replaces it."""
    leaked = get_object_or_404(leaked_codes(), pk=leak_id)
    form = ReplaceForm(request.POST or None, initial={"new_code": _suggested(leaked)})
    if request.method == "POST" and form.is_valid():
        try:
            replaced = replace_leaked_code(
                leaked=leaked, by=request.actor, now=timezone.now(), **form.cleaned_data
            )
        except ItemError as error:
            add_refusal(form, ValueError(next(iter(error.problems.values()))), field="new_code")
        except (GraceError, LeakError) as error:
            add_refusal(form, error)
        else:
            messages.success(request, _said(leaked, replaced))
            return redirect("brand_admin:flags", request.brand.slug)
    return _page(request, leaked, form=form, status=422 if form.errors else 200)


@require_http_methods(["POST"])
@brand_page(Permission.MANAGE)
def leak_dismiss(request: BrandRequest, leak_id: int) -> HttpResponse:
    """Note that the code did not leak."""
    leaked = get_object_or_404(leaked_codes(), pk=leak_id)
    form = DismissalForm(request.POST)
    if form.is_valid():
        try:
            dismiss_leak(leaked=leaked, by=request.actor, now=timezone.now(), **form.cleaned_data)
        except LeakError as error:
            add_refusal(form, error)
        else:
            messages.success(request, f"{leaked.promo_code.code} is not listed as leaked any more.")
            return redirect("brand_admin:flags", request.brand.slug)
    return _page(request, leaked, dismissal=form, status=422)


def _suggested(leaked: LeakedCode) -> str:
    enrollment = leaked.promo_code.enrollment
    return suggest_codes(offer=enrollment.offer, enrollments=[enrollment])[enrollment.pk]


def _said(leaked: LeakedCode, replaced: ReplacedCode) -> str:
    member = leaked.promo_code.enrollment.member
    mailed = f" {member} gets it by mail." if replaced.is_mailed else ""
    return (
        f"{replaced.code.code} takes the place of {leaked.promo_code.code}, which works until"
        f" {moment(replaced.works_until)}.{mailed}"
    )


def _page(request: BrandRequest, leaked: LeakedCode, *, status: int, **forms: Any) -> HttpResponse:
    return render_page(
        request,
        TEMPLATE,
        section=SECTION,
        status=status,
        leaked=leaked,
        code=leaked.promo_code,
        enrollment=leaked.promo_code.enrollment,
        words=leak_sentence(leaked),
        works_until=leaked.promo_code.works_until(timezone.now()),
        **{"form": ReplaceForm(), "dismissal": DismissalForm(), **forms},
    )
