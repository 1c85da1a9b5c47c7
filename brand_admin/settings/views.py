"""Settings: the brand and its API keys."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import ApiKey, Brand
from accounts.permissions import Permission
from accounts.selectors import api_keys
from accounts.services import change_brand, create_api_key, revoke_api_key
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.settings.forms import BrandForm, NewApiKeyForm
from brand_admin.versioned import meanwhile
from core.versions import ChangedMeanwhileError

SECTION = "settings"


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER)
def brand_settings(request: BrandRequest) -> HttpResponse:
    """Edit the brand's settings; some, like the currency, are only shown."""
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
    )


def _save_brand(request: BrandRequest, form: BrandForm) -> None:
    change_brand(
        brand=request.brand,
        name=form.cleaned_data["name"],
        accent=form.cleaned_data["accent"],
        sender_name=form.cleaned_data["sender_name"],
        reply_to=form.cleaned_data["reply_to"],
        sends_items_automatically=form.cleaned_data["sends_items_automatically"],
        minimum_payout_minor=form.cleaned_data["minimum_payout"].minor,
        by=request.actor,
        now=timezone.now(),
        seen_version=form.cleaned_data["version"],
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER)
def keys(request: BrandRequest) -> HttpResponse:
    """List the API keys, and make one. Only the response to the form shows the new key."""
    form = NewApiKeyForm(request.POST if request.method == "POST" else None)
    made = None
    if request.method == "POST" and form.is_valid():
        label = form.cleaned_data["label"]
        made = create_api_key(label=label, by=request.actor, now=timezone.now())
        form = NewApiKeyForm()
    return render_page(
        request,
        "brand_admin/settings/keys.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        made=made,
        keys=api_keys(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.ADMINISTER)
def key_revoke(request: BrandRequest, key_id: int) -> HttpResponse:
    """Ask for confirmation, then revoke the key."""
    key: ApiKey = get_object_or_404(api_keys(), pk=key_id)
    if request.method != "POST":
        return render_page(
            request, "brand_admin/settings/key_revoke.html", section=SECTION, key=key
        )
    revoke_api_key(key=key, by=request.actor, now=timezone.now())
    messages.success(request, f"The key {key.label} is revoked.")
    return redirect("brand_admin:settings_keys", request.brand.slug)
