"""The creator portal: one login, every offer over all brands."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from affiliates.logins import creator_of
from portal.creator.access import CreatorRequest, creator_page
from portal.creator.login import AddressForm, CodeForm, send_code, waiting_code
from portal.dashboard.standing import standing_of
from tracking.creators import offers_of, purses

OVER = "That code can't be used any more. Ask for a new one."


@require_safe
@creator_page
def home(request: CreatorRequest) -> HttpResponse:
    """All offers of the creator, with what they earned, and a way to each dashboard."""
    now = timezone.now()
    creator = creator_of(request.user)
    offers = offers_of(creator, now=now) if creator else []
    standings = [standing_of(row.enrollment, now=now) for row in offers]
    rows = sorted(zip(offers, standings, strict=True), key=lambda pair: not pair[1].counts)
    context = {"creator": creator, "rows": rows, "purses": purses(offers)}
    return render(request, "portal/creator/home.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Ask for the address and mail a code to it."""
    if request.method != "POST" and request.user.is_authenticated:
        return redirect("portal:home")
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if send_code(request, form):
            return redirect("portal:confirm")
        form.add_error(None, "The mail could not be sent. Please try again in a minute.")
    return render(request, "portal/creator/login.html", {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Take the code: ten minutes, five tries."""
    process = waiting_code(request)
    if process is None:
        messages.error(request, OVER)
        return redirect("portal:login")
    form = CodeForm(request.POST or None, code=process.code)
    if request.method == "POST":
        if form.is_valid():
            return process.finish(reverse("portal:home"))  # type: ignore[no-any-return]
        if not process.record_invalid_attempt():
            messages.error(request, OVER)
            return redirect("portal:login")
    context = {"form": form, "address": process.state["email"]}
    return render(request, "portal/creator/confirm.html", context)


@never_cache
@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    get_adapter().logout(request)
    return redirect("portal:login")
