"""The creator portal: its first page, and the way in and out."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.codes import CodeOverError, TooManyCodesError, WrongCodeError
from affiliates.letters import LetterError
from portal.creator.access import CreatorRequest, creator_page
from portal.creator.home import home_of
from portal.creator.login import (
    AddressForm,
    CodeForm,
    give_up,
    log_in_with,
    send_code,
    waiting_for,
)
from portal.creator.sharing import onward
from portal.creator.words import OVER, TOO_MANY, UNSENT, tries_left


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
    """Ask for the address and mail a code to it."""
    if request.method != "POST" and request.user.is_authenticated:
        return redirect("portal:home")
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            send_code(request, form.cleaned_data["email"], now=timezone.now())
        except TooManyCodesError:
            form.add_error(None, TOO_MANY)
        except LetterError:
            form.add_error(None, UNSENT)
        else:
            return redirect("portal:confirm")
    return render(request, "portal/creator/login.html", {"form": form})


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
            return log_in_with(request, form.cleaned_data["code"], now=timezone.now())
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
