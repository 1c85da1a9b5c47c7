"""For developers: the API keys, requests to copy, and one request with its answer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.api_keys import ApiKeyError, NewApiKey, create_api_key, revoke_api_key
from accounts.models import ApiKey, ApiRequest, KeyKind
from accounts.permissions import Permission
from accounts.selectors import api_keys, api_requests
from accounts.test_mode import create_test_api_key
from brand_admin.access import BrandRequest, brand_page
from brand_admin.connections.developers_examples import KEY, examples
from brand_admin.connections.developers_forms import NewApiKeyForm
from brand_admin.connections.events_lists import SECTION
from brand_admin.connections.key_rows import key_rows
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal

SHOWN_REQUESTS = 5  # beside the keys
PAGES = {  # where the keys of each kind are listed
    KeyKind.SECRET: "developers",  # pragma: allowlist secret
    KeyKind.PUBLISHABLE: "page_script",
    KeyKind.POSTBACK: "postbacks",
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER)
def keys(request: BrandRequest) -> HttpResponse:
    """List the API keys, and make one. Only the response to the form shows the new key."""
    form = NewApiKeyForm(request.POST if request.method == "POST" else None, brand=request.brand)
    made = _make(request, form) if request.method == "POST" and form.is_valid() else None
    status = 422 if form.errors else 200
    listed = key_rows(request.brand, KeyKind.SECRET)
    return render_page(
        request,
        "brand_admin/connections/developers.html",
        section=SECTION,
        status=status,
        form=NewApiKeyForm(brand=request.brand) if made else form,
        made=made,
        keys=listed,
        opens_form=not listed or bool(form.errors),
        examples=examples(request.brand, shown=request.GET.get("language", ""), now=timezone.now()),
        key_variable=KEY,
        latest=api_requests()[:SHOWN_REQUESTS],
    )


def _make(request: BrandRequest, form: NewApiKeyForm) -> NewApiKey | None:
    """The new key; None where the form says what is wrong."""
    told = {**form.values(), "by": request.actor, "now": timezone.now()}
    try:
        if form.is_for_test:
            return create_test_api_key(brand=request.brand, **told)
        return create_api_key(**told)
    except ApiKeyError as error:
        add_refusal(form, error)
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.ADMINISTER)
def key_revoke(request: BrandRequest, key_id: int) -> HttpResponse:
    """Ask for confirmation, then revoke the key."""
    key: ApiKey = get_object_or_404(api_keys(*KeyKind), pk=key_id)
    page = PAGES[KeyKind(key.kind)]
    if request.method != "POST":
        return render_page(
            request,
            "brand_admin/connections/key_revoke.html",
            section=SECTION,
            key=key,
            back_page=f"brand_admin:{page}",
        )
    revoke_api_key(key=key, by=request.actor, now=timezone.now())
    messages.success(request, f"The key {key.label} is revoked.")
    return redirect(f"brand_admin:{page}", request.brand.slug)


@never_cache
@require_safe
@brand_page(Permission.READ)
def api_request(request: BrandRequest, request_id: int) -> HttpResponse:
    """One request to the API: what was sent, and what was answered."""
    kept: ApiRequest = get_object_or_404(api_requests(), pk=request_id)
    return render_page(
        request, "brand_admin/connections/api_request.html", section=SECTION, kept=kept
    )
