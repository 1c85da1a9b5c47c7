"""Staff log in by a mailed code: the same mechanism as the creators', on pages of their own."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

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


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login_code(request: HttpRequest) -> HttpResponse:
    """Ask for the address; a code is mailed to it after the answer."""
    onward = _onward(request)
    if request.method != "POST" and request.user.is_authenticated:
        return redirect(onward or "front_door")
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            return ask_to_log_in(
                request,
                form.cleaned_data["email"],
                then=reverse("login_code_confirm"),
                onward=onward or reverse("front_door"),
                now=timezone.now(),
            )
        except TooManyCodesError as error:
            form.add_error(None, too_many(error.wait))
    context = {"form": form, "next": onward, "waits_for": waiting_for(request.session)}
    return render(request, "account/request_login_code.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login_code_confirm(request: HttpRequest) -> HttpResponse:
    """Take the code: ten minutes, five tries."""
    address = waiting_for(request.session)
    if not address:
        return redirect("login_code")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            return log_in_with(request, form.cleaned_data["code"], now=timezone.now())
        except WrongCodeError as error:
            form.add_error("code", tries_left(error.left))
        except CodeOverError:
            give_up(request.session)
            messages.error(request, OVER)
            return redirect("login_code")
    return render(request, "account/confirm_login_code.html", {"form": form, "address": address})


def _onward(request: HttpRequest) -> str:
    """The page of ours that the login was asked for by; empty for none and for another's."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else ""
