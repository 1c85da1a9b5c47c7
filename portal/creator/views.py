"""The creator portal: its first page, and the way in and out."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.codes import CodeOverError, TooManyCodesError, WrongCodeError
from affiliates.code_login import (
    OVER,
    AddressForm,
    CodeForm,
    ask_to_log_in,
    give_up,
    log_in_with,
    too_many,
    tries_left,
    waiting_for,
)
from portal.creator.access import CreatorRequest, creator_page
from portal.creator.home import home_of
from portal.creator.sharing import onward


@require_safe
@creator_page
def home(request: CreatorRequest) -> HttpResponse:
    """All offers of the creator, with what they earned, and a way to each dashboard."""
    if (elsewhere := onward(request)) is not None:
        return elsewhere
    page = home_of(request.creator, now=timezone.now())
    return render(request, "portal/creator/home.html", {"page": page, "section": "offers"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Ask for the address; a code is mailed to it after the answer."""
    if request.method != "POST" and request.user.is_authenticated:
        return redirect("portal:home")
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            return ask_to_log_in(
                request,
                form.cleaned_data["email"],
                then=reverse("portal:confirm"),
                onward=reverse("portal:home"),
                now=timezone.now(),
            )
        except TooManyCodesError as error:
            form.add_error(None, too_many(error.wait))
    context = {"form": form, "waits_for": waiting_for(request.session)}
    return render(request, "portal/creator/login.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Take the code: ten minutes, five tries."""
    address = waiting_for(request.session)
    if not address:
        return redirect("portal:login")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            return log_in_with(
                request, form.cleaned_data["code"], learns_language=True, now=timezone.now()
            )
        except WrongCodeError as error:
            form.add_error("code", tries_left(error.left))
        except CodeOverError:
            give_up(request.session)
            messages.error(request, OVER)
            return redirect("portal:login")
    return render(request, "portal/creator/confirm.html", {"form": form, "address": address})


@never_cache
@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    get_adapter().logout(request)
    return redirect("portal:login")
