"""The page script and postbacks: their keys, what to paste where, and a postback to try."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.api_keys import ApiKeyError, NewApiKey
from accounts.models import ApiKey, KeyKind
from accounts.order_keys import (
    change_publishable_key,
    create_postback_key,
    create_publishable_key,
)
from accounts.permissions import Permission
from accounts.selectors import api_keys
from brand_admin.access import BrandRequest, brand_page
from brand_admin.connections.events_lists import SECTION
from brand_admin.connections.key_rows import key_rows
from brand_admin.connections.order_key_forms import (
    ChangePageKeyForm,
    NewPageKeyForm,
    NewPostbackKeyForm,
    TryPostbackForm,
)
from brand_admin.connections.postback_macros import MACROS, address_of
from brand_admin.connections.script_snippets import snippets
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from tracking.links.promo_codes import any_code_in_use
from tracking.orders.postbacks import PostbackResult, try_postback
from tracking.orders.reading import InputError

PLACEHOLDER_KEY = "trb_pub_…"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER)
def page_script(request: BrandRequest) -> HttpResponse:
    """List the publishable keys, make one, and show what to paste into the shop's pages."""
    form = NewPageKeyForm(request.POST or None, brand=request.brand)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_publishable_key(**form.values(), by=request.actor, now=timezone.now())
        except ApiKeyError as error:
            add_refusal(form, error)
        else:
            messages.success(request, f"The key {made.label} is made, and is filled in below.")
            return redirect("brand_admin:page_script", request.brand.slug)
    rows = key_rows(request.brand, KeyKind.PUBLISHABLE)
    usable = [row for row in rows if not row.key.is_revoked]
    chosen = next((row for row in usable if str(row.key.pk) == request.GET.get("key")), None)
    chosen = chosen or next(iter(sorted(usable, key=lambda row: row.is_test)), None)
    return render_page(
        request,
        "brand_admin/connections/page_script.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        keys=rows,
        chosen=chosen,
        usable=usable,
        snippets=snippets(chosen.text if chosen else PLACEHOLDER_KEY),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.ADMINISTER)
def page_key_change(request: BrandRequest, key_id: int) -> HttpResponse:
    """Change in which pages a publishable key works, and whether its orders count at once."""
    key: ApiKey = get_object_or_404(api_keys(KeyKind.PUBLISHABLE), pk=key_id, revoked_at=None)
    form = ChangePageKeyForm(request.POST or None, key=key)
    if request.method == "POST" and form.is_valid():
        try:
            change_publishable_key(key=key, **form.values(), by=request.actor, now=timezone.now())
        except ApiKeyError as error:
            add_refusal(form, error)
        else:
            messages.success(request, f"The key {key.label} is changed.")
            return redirect("brand_admin:page_script", request.brand.slug)
    return render_page(
        request,
        "brand_admin/connections/page_key.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        key=key,
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER)
def postbacks(request: BrandRequest) -> HttpResponse:
    """List the postback keys, and make one. Only the response to the form shows its address."""
    form = NewPostbackKeyForm(request.POST or None, brand=request.brand)
    made = None
    if request.method == "POST" and form.is_valid():
        made = create_postback_key(**form.values(), by=request.actor, now=timezone.now())
        form = NewPostbackKeyForm(brand=request.brand)
    return _postback_page(request, form=form, made=made)


@never_cache
@require_http_methods(["POST"])
@brand_page(Permission.ADMINISTER)
def postback_try(request: BrandRequest) -> HttpResponse:
    """Do what an address says with a separate test order, which counts in no figure."""
    trial = TryPostbackForm(request.POST)
    result: PostbackResult | None = None
    if trial.is_valid():
        try:
            result = try_postback(sent=trial.parameters(), by=request.actor, now=timezone.now())
        except InputError as error:
            for problem in error.problems:
                trial.add_error("address", f"{problem.field} {problem.message}.")
    form = NewPostbackKeyForm(brand=request.brand)
    return _postback_page(request, form=form, trial=trial, result=result)


def _postback_page(
    request: BrandRequest,
    *,
    form: NewPostbackKeyForm,
    made: NewApiKey | None = None,
    trial: TryPostbackForm | None = None,
    result: PostbackResult | None = None,
) -> HttpResponse:
    is_refused = bool(form.errors or (trial and trial.errors))
    shown: dict[str, Any] = {}
    if made:
        macros = [(macro.network, macro.address(made.secret)) for macro in MACROS]
        shown = {"address": address_of(made.secret), "macros": macros}
    return render_page(
        request,
        "brand_admin/connections/postbacks.html",
        section=SECTION,
        status=422 if is_refused else 200,
        form=form,
        made=made,
        keys=key_rows(request.brand, KeyKind.POSTBACK),
        trial=trial or TryPostbackForm(initial={"address": _example()}),
        ignored=trial.ignored() if trial and result else [],
        result=result,
        parameter_macros=MACROS,
        **shown,
    )


def _example() -> str:
    code = any_code_in_use() or "ANNA10"
    return f"order_id=1001&amount=100.00&code={code}"
