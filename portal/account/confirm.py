"""Log in again before a sensitive change: by password, second factor or a mailed code.

allauth's pages check passwords and second factors. These pages check mailed codes, for people who
have neither.
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

from accounts.code_limits import Requester
from accounts.codes import (
    ExpiredCodeError,
    TooManyCodesError,
    WrongCodeError,
    ask_code,
    enter_code,
    spend_code,
)
from accounts.fresh_login import is_login_fresh
from accounts.models import CodePurpose, User
from accounts.passkeys import manages_passkeys_in_portal
from accounts.proven_addresses import prove_address
from affiliates.code_login import (
    EXPIRED_CODE_TEXT,
    CodeForm,
    requester_of,
    too_many_codes_text,
    wrong_code_text,
)
from affiliates.code_mail import CODE_MAIL_THREADS
from core.after_answer import RedirectThenWork
from core.languages import ENGLISH, language_of, speaking, spoken_tag, tag_for
from core.next_page import safe_redirect_path

ASKED = "account_code"  # session key: by purpose, id and address of the last requested code
View = Callable[..., HttpResponseBase]


class LoggedInRequest(HttpRequest):
    """A request of a logged-in person."""

    user: User


def fresh_login_required(view: View) -> View:
    """Open the page after a recent login; else redirect to a page to log in again."""

    @never_cache
    @wraps(view)
    def enter(request: LoggedInRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if is_login_fresh(request):
            return view(request, *args, **kwargs)
        method = get_adapter().get_reauthentication_methods(request.user)[0]
        return redirect(f"{method['url']}?{urlencode({'next': request.path})}")

    return enter


def in_own_language(view: View) -> View:
    """Show the page in a creator's language; staff of brands get English."""

    @wraps(view)
    def enter(request: LoggedInRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        tag = tag_for(request) if manages_passkeys_in_portal(request.user) else ENGLISH
        with speaking(tag):
            response = view(request, *args, **kwargs)
        response.headers["Content-Language"] = language_of(tag)
        return response

    return enter


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@in_own_language
def confirm(request: LoggedInRequest) -> HttpResponse:
    """Say why a code is needed, and mail it on POST.

    A person with a password or second factor is redirected to confirm with that.
    """
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
            problem = too_many_codes_text(error)
    return show(request, "confirm.html", problem=problem, address=address)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@in_own_language
def confirm_code(request: LoggedInRequest) -> HttpResponse:
    """Check the code, then continue to the page that needed it."""
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


def _use_up(request: LoggedInRequest, address: str) -> None:
    """Use up the code, and mark the address as proven."""
    code, now = asked_code(request, CodePurpose.FRESH_LOGIN), timezone.now()
    spend_code(public_id=code, purpose=CodePurpose.FRESH_LOGIN, address=address, now=now)
    forget_asked(request, CodePurpose.FRESH_LOGIN)
    prove_address(user=request.user, now=now)


def ask_for_code(
    request: LoggedInRequest, *, purpose: CodePurpose, address: str, then: str
) -> HttpResponse:
    """Mail a code to an address, and redirect to `then`, which asks for it.

    Raises TooManyCodesError.
    """
    row = ask_code(
        address=address,
        purpose=purpose,
        requester=_requester(request),
        language=spoken_tag(),
        now=timezone.now(),
    )
    asked = request.session.get(ASKED, {})
    code: Mapping[str, Any] = {"id": str(row.public_id), "address": address}
    request.session[ASKED] = {**asked, purpose.value: code}
    return RedirectThenWork(then, CODE_MAIL_THREADS)


def _requester(request: LoggedInRequest) -> Requester:
    """The rate limit of a logged-in person counts only their own requests."""
    return requester_of(request, known=f"user {request.user.pk}")


def asked_address(request: LoggedInRequest, purpose: CodePurpose) -> str:
    """Return the address of the code that this session waits for, or ""."""
    return str(request.session.get(ASKED, {}).get(purpose.value, {}).get("address", ""))


def asked_code(request: LoggedInRequest, purpose: CodePurpose) -> uuid.UUID:
    """Return the id of the code that this session waits for."""
    return uuid.UUID(request.session[ASKED][purpose.value]["id"])


def take_code(request: LoggedInRequest, form: CodeForm, *, purpose: CodePurpose) -> bool | None:
    """Return whether the form has the right code.

    None, with a message to the person, when the code has expired or was used up.
    """
    try:
        enter_code(
            public_id=asked_code(request, purpose),
            code=form.cleaned_data["code"],
            requester=_requester(request),
            now=timezone.now(),
        )
    except WrongCodeError as error:
        form.add_error("code", wrong_code_text(error.left))
        return False
    except ExpiredCodeError:
        forget_asked(request, purpose)
        messages.error(request, EXPIRED_CODE_TEXT)
        return None
    return True


def forget_asked(request: LoggedInRequest, purpose: CodePurpose) -> None:
    """Forget the code of this purpose that the session waits for."""
    asked = dict(request.session.get(ASKED, {}))
    asked.pop(purpose.value, None)
    request.session[ASKED] = asked


def show(request: LoggedInRequest, template: str, **context: object) -> HttpResponse:
    """Render one of these pages; creators can choose their language on it."""
    form = context.get("form")
    status = 422 if form is not None and getattr(form, "errors", None) else 200
    frame = {"is_creator": manages_passkeys_in_portal(request.user), "title": _("Is it you?")}
    return render(request, f"portal/account/{template}", frame | context, status=status)


def _next(request: LoggedInRequest) -> str:
    return safe_redirect_path(request.GET.get("next", ""))


def _with_next(request: LoggedInRequest, name: str) -> str:
    onward = _next(request)
    return reverse(name) + (f"?{urlencode({'next': onward})}" if onward else "")
