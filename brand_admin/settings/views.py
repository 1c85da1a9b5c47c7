"""Settings: the brand."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Brand
from accounts.permissions import Permission
from accounts.services import change_brand
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.settings.forms import BrandForm
from brand_admin.versioned import meanwhile
from core.versions import ChangedMeanwhileError
from tracking.orders.brand_basics import are_basics_open

SECTION = "settings"


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER)
def brand_settings(request: BrandRequest) -> HttpResponse:
    """Edit the brand's settings; some are only shown."""
    form = BrandForm.of(request.brand, request.POST if request.method == "POST" else None)
    told = None
    if request.method == "POST" and form.is_valid():
        try:
            _save_brand(request, form)
        except ChangedMeanwhileError:
            brand = Brand.objects.get(pk=request.brand.pk)
            form, told = meanwhile(
                form, current=BrandForm.of(brand), version=brand.version, target=brand
            )
        else:
            messages.success(request, "Saved.")
            return redirect("brand_admin:settings", request.brand.slug)
    return render_page(
        request,
        "brand_admin/settings/brand.html",
        section=SECTION,
        status=409 if told else 422 if form.errors else 200,
        form=form,
        meanwhile=told,
        is_open=are_basics_open(),
    )


def _save_brand(request: BrandRequest, form: BrandForm) -> None:
    change_brand(
        brand=request.brand,
        name=form.cleaned_data["name"],
        accent=form.cleaned_data["accent"],
        sender_name=form.cleaned_data["sender_name"],
        reply_to=form.cleaned_data["reply_to"],
        postal_address=form.cleaned_data["postal_address"],
        sends_items_automatically=form.cleaned_data["sends_items_automatically"],
        minimum_payout_minor=form.cleaned_data["minimum_payout"].minor,
        clicks_kept_months=form.cleaned_data["clicks_kept_months"],
        by=request.actor,
        now=timezone.now(),
        seen_version=form.cleaned_data["version"],
    )


@require_safe
@brand_page(Permission.READ)
def keys_moved(request: BrandRequest) -> HttpResponse:
    """Lead to the API keys, which were here before."""
    return redirect("brand_admin:developers", request.brand.slug)
