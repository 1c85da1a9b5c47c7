"""Which flags hold an offer's sales for review."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from offers.models import Offer
from tracking.flags.sentences import RULES_IN_WORDS
from tracking.flags.settings import change_hold, holds_by_offer
from tracking.models import FlagHold, FlagKind

SECTION = "offers"


class FlagHoldForm(forms.Form):
    """The kinds of flags that hold sales; one choice stands for all of them."""

    kinds = forms.MultipleChoiceField(
        required=False, choices=[(FlagHold.ALL, "Every kind"), *FlagKind.choices]
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.MANAGE)
def flag_hold(request: BrandRequest, offer_id: int) -> HttpResponse:
    """Show what is held for review; a POST changes it."""
    offer = get_object_or_404(Offer, pk=offer_id)
    form = FlagHoldForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        kinds = form.cleaned_data["kinds"]
        change_hold(offer=offer, kinds=kinds, by=request.actor, now=timezone.now())
        messages.success(request, f"{offer.name} is saved.")
        return redirect("brand_admin:offer", request.brand.slug, offer.pk)
    chosen = _kinds_held(offer)
    return render_page(
        request,
        "brand_admin/offers/flag_hold.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        offer=offer,
        holds_all=FlagHold.ALL in chosen,
        kinds=[(kind, RULES_IN_WORDS[kind], kind in chosen) for kind in FlagKind],
    )


def hold_in_words(offer: Offer) -> str:
    """Return which flagged sales the offer holds, for its page."""
    kinds = _kinds_held(offer)
    if not kinds:
        return "Not held"
    if FlagHold.ALL in kinds:
        return "Held for review"
    return "Held for review: " + ", ".join(FlagKind(kind).label.lower() for kind in kinds)


def _kinds_held(offer: Offer) -> list[str]:
    kept = holds_by_offer([offer.pk]).get(offer.pk)
    return kept.kinds if kept else []
