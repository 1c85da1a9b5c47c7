"""For developers: the API keys, requests to copy, and one request with its answer."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.api_keys import create_api_key, revoke_api_key
from accounts.models import ApiKey, ApiRequest
from accounts.permissions import Permission
from accounts.selectors import api_keys, api_requests
from brand_admin.access import BrandRequest, brand_page
from brand_admin.connections.developers_examples import KEY, examples
from brand_admin.connections.events_lists import SECTION
from brand_admin.pages import render_page
from core.form_fields import OneLineField

SHOWN_REQUESTS = 5  # beside the keys


class NewApiKeyForm(forms.Form):
    label = OneLineField(
        max_length=80, label="What uses it", help_text="Such as the name of your shop."
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
        "brand_admin/connections/developers.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        made=made,
        keys=api_keys(),
        examples=examples(request.brand, shown=request.GET.get("language", ""), now=timezone.now()),
        key_variable=KEY,
        latest=api_requests()[:SHOWN_REQUESTS],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.ADMINISTER)
def key_revoke(request: BrandRequest, key_id: int) -> HttpResponse:
    """Ask for confirmation, then revoke the key."""
    key: ApiKey = get_object_or_404(api_keys(), pk=key_id)
    if request.method != "POST":
        return render_page(
            request, "brand_admin/connections/key_revoke.html", section=SECTION, key=key
        )
    revoke_api_key(key=key, by=request.actor, now=timezone.now())
    messages.success(request, f"The key {key.label} is revoked.")
    return redirect("brand_admin:developers", request.brand.slug)


@never_cache
@require_safe
@brand_page(Permission.READ)
def api_request(request: BrandRequest, request_id: int) -> HttpResponse:
    """One request to the API: what was sent, and what was answered."""
    kept: ApiRequest = get_object_or_404(api_requests(), pk=request_id)
    return render_page(
        request, "brand_admin/connections/api_request.html", section=SECTION, kept=kept
    )
