"""Show that it is still you: by password, by second factor, or by a code mailed to your address.

allauth's own pages take passwords and second factors. Who has neither enters a mailed code here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.addresses import prove_address
from accounts.code_limits import Asker
from accounts.codes import (
    CodeOverError,
    TooManyCodesError,
    WrongCodeError,
    ask_code,
    enter_code,
    spend_code,
)
from accounts.fresh_login import is_login_fresh
from accounts.models import CodePurpose, User
from accounts.passkeys import kept_here
from affiliates.code_login import OVER, CodeForm, asker_of, too_many, tries_left
from affiliates.code_mail import SENDERS
from core.after_answer import RedirectThenWork
from core.languages import ENGLISH, language_of, speaking, spoken_tag, tag_for

ASKED = "account_code"  # by purpose: the last code that this session asked for, and its address
View = Callable[..., HttpResponseBase]


class OwnLoginRequest(HttpRequest):
    """A request of somebody who has logged in."""

    user: User


def fresh_login_required(view: View) -> View:
    """Let in who has shown within minutes that it is them; anybody else does so first."""

    @never_cache
    @wraps(view)
    def enter(request: OwnLoginRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if is_login_fresh(request):
            return view(request, *args, **kwargs)
        method = get_adapter().get_reauthentication_methods(request.user)[0]
        return redirect(f"{method['url']}?{urlencode({'next': request.path})}")

    return enter


def in_own_language(view: View) -> View:
    """Speak a creator's language to creators, and English to who works for a brand."""

    @wraps(view)
    def enter(request: OwnLoginRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        tag = tag_for(request) if kept_here(request.user) else ENGLISH
        with speaking(tag):
            response = view(request, *args, **kwargs)
        response.headers["Content-Language"] = language_of(tag)
        return response

    return enter


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@in_own_language
def confirm(request: OwnLoginRequest) -> HttpResponse:
    """Say why a code is needed, and mail it after a POST; who has more than mail shows that."""
    method = get_adapter().get_reauthentication_methods(request.user)[0]
    if method["url"] != reverse("account_confirm"):
        return redirect(f"{method['url']}?{urlencode({'next': _next(request)})}")
    address, problem = request.user.email, ""
    if request.method == "POST":
        try:
            return ask_for_code(
                request,
                purpose=CodePurpose.FRESH_LOGIN,
                address=address,
                then=_with_next(request, "account_confirm_code"),
            )
        except TooManyCodesError as error:
            problem = too_many(error.wait)
    return show(request, "confirm.html", problem=problem, address=address)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@in_own_language
def confirm_code(request: OwnLoginRequest) -> HttpResponse:
    """Take the code, and go on to what it was asked for."""
    address = asked_address(request, CodePurpose.FRESH_LOGIN)
    if address != request.user.email:
        return redirect(_with_next(request, "account_confirm"))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        entered = take_code(request, form, purpose=CodePurpose.FRESH_LOGIN)
        if entered:
            _use_up(request, address)
            record_authentication(
                request, request.user, method="code", reauthenticated=True, email=address
            )
            return redirect(_next(request) or "front_door")
        if entered is None:
            return redirect(_with_next(request, "account_confirm"))
    again = _with_next(request, "account_confirm")
    return show(request, "confirm_code.html", form=form, address=address, again_url=again)


def _use_up(request: OwnLoginRequest, address: str) -> None:
    """The code has shown that the person reads their mail now, and shows nothing more."""
    code, now = asked_code(request, CodePurpose.FRESH_LOGIN), timezone.now()
    spend_code(public_id=code, purpose=CodePurpose.FRESH_LOGIN, address=address, now=now)
    forget_asked(request, CodePurpose.FRESH_LOGIN)
    prove_address(user=request.user, now=now)


def ask_for_code(
    request: OwnLoginRequest, *, purpose: CodePurpose, address: str, then: str
) -> HttpResponse:
    """Ask for a code at an address; the page `then` takes it. Raises TooManyCodesError."""
    row = ask_code(
        address=address,
        purpose=purpose,
        asker=_asker(request),
        language=spoken_tag(),
        now=timezone.now(),
    )
    asked = request.session.get(ASKED, {})
    code: Mapping[str, Any] = {"id": str(row.public_id), "address": address}
    request.session[ASKED] = {**asked, purpose.value: code}
    return RedirectThenWork(then, SENDERS)


def _asker(request: OwnLoginRequest) -> Asker:
    """Somebody who is logged in is counted by themselves."""
    return asker_of(request, known=f"user {request.user.pk}")


def asked_address(request: OwnLoginRequest, purpose: CodePurpose) -> str:
    """The address whose code this session waits for; empty for none."""
    return str(request.session.get(ASKED, {}).get(purpose.value, {}).get("address", ""))


def asked_code(request: OwnLoginRequest, purpose: CodePurpose) -> uuid.UUID:
    """The code that this session waits for."""
    return uuid.UUID(request.session[ASKED][purpose.value]["id"])


def take_code(request: OwnLoginRequest, form: CodeForm, *, purpose: CodePurpose) -> bool | None:
    """Whether the form holds the code; None, with a message, when there is none to enter now."""
    try:
        enter_code(
            public_id=asked_code(request, purpose),
            code=form.cleaned_data["code"],
            asker=_asker(request),
            now=timezone.now(),
        )
    except WrongCodeError as error:
        form.add_error("code", tries_left(error.left))
        return False
    except CodeOverError:
        forget_asked(request, purpose)
        messages.error(request, OVER)
        return None
    return True


def forget_asked(request: OwnLoginRequest, purpose: CodePurpose) -> None:
    """Wait for no code of this purpose any more."""
    asked = dict(request.session.get(ASKED, {}))
    asked.pop(purpose.value, None)
    request.session[ASKED] = asked


def show(request: OwnLoginRequest, template: str, **context: object) -> HttpResponse:
    """A page of these steps; creators choose their language on it."""
    form = context.get("form")
    status = 422 if form is not None and getattr(form, "errors", None) else 200
    frame = {"is_creator": kept_here(request.user), "title": _("Is it you?")}
    return render(request, f"portal/account/{template}", frame | context, status=status)


def _next(request: OwnLoginRequest) -> str:
    wanted = str(request.GET.get("next", ""))
    return wanted if wanted and get_adapter().is_safe_url(wanted) else ""


def _with_next(request: OwnLoginRequest, name: str) -> str:
    onward = _next(request)
    return reverse(name) + (f"?{urlencode({'next': onward})}" if onward else "")
