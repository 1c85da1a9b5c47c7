"""Log in with a mailed code, for creators and staff. accounts.codes states the guarantees.

An address is looked up only after the response, so the response and its time are the same for every
address. A right code continues with allauth's own login and all its stages: staff are asked for
their second factor whichever page they log in on.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django import forms
from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.code_limits import Requester
from accounts.codes import (
    CodeError,
    ExpiredCodeError,
    TooManyCodesError,
    WrongCodeError,
    ask_code,
    enter_code,
)
from accounts.known_browsers import known_as, remember
from accounts.login_failures import record_failure
from accounts.models import CodePurpose, FailureReason
from affiliates.code_mail import CODE_MAIL_THREADS
from affiliates.logins import creator_of, user_for_proven_address
from affiliates.services import set_language_if_unset
from core.after_answer import RedirectThenWork
from core.clients import network_of
from core.languages import spoken_tag
from core.text import MAX_ADDRESS_LENGTH

PENDING_CODE = "login_code"  # session key: id and address of the requested code
BROWSER_KEY = "code_browser"  # session key: the secret that the browser's codes are bound to
EXPIRED_CODE_TEXT = _("That code can't be used any more. Ask for a new one.")


class AddressForm(forms.Form):
    """The address that a code is mailed to, in lower case."""

    email = forms.EmailField(
        label=_("Your email address"),
        max_length=MAX_ADDRESS_LENGTH,
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "inputmode": "email", "autofocus": True}
        ),
        error_messages={
            "required": _("Enter your address"),
            "invalid": _("That is not an email address"),
        },
    )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()


class CodeForm(forms.Form):
    """The six digits; spaces and hyphens between them are ignored."""

    code = forms.CharField(
        label=_("Six-digit code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autofocus": True,
                "maxlength": 12,
            }
        ),
        error_messages={"required": _("Enter the code from the mail")},
    )

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].replace("-", "").split())
        if len(code) != 6 or not (code.isascii() and code.isdecimal()):
            raise forms.ValidationError(_("The code has six digits"))
        return code


def wrong_code_text(left: int) -> str:
    """The error text for a wrong code."""
    return ngettext(
        "That is not the code. One try is left.",
        "That is not the code. {left} tries are left.",
        left,
    ).format(left=left)


def too_many_codes_text(error: TooManyCodesError) -> str:
    """The error text when the rate limit of codes is reached."""
    return ngettext(
        "Too many codes were asked for, for this address or from your network. A code that you"
        " already have still works. Ask again in one minute, or use a browser in which you have"
        " logged in before.",
        "Too many codes were asked for, for this address or from your network. A code that you"
        " already have still works. Ask again in {minutes} minutes, or use a browser in which you"
        " have logged in before.",
        error.minutes,
    ).format(minutes=error.minutes)


def requester_of(request: HttpRequest, *, known: str) -> Requester:
    """The requester for this browser, with the secret in its session."""
    if BROWSER_KEY not in request.session:
        request.session[BROWSER_KEY] = secrets.token_urlsafe(32)
    return Requester(
        browser=request.session[BROWSER_KEY], network=network_of(request), known_as=known
    )


def request_login_code(
    request: HttpRequest, address: str, *, then: str, onward: str, now: datetime
) -> HttpResponse:
    """Request a code; `then` is the page to enter it on, `onward` the page after the login.

    Raises TooManyCodesError.
    """
    requester = requester_of(request, known=known_as(request, address))
    row = ask_code(
        address=address,
        purpose=CodePurpose.LOG_IN,
        requester=requester,
        language=spoken_tag(),
        now=now,
    )
    request.session[PENDING_CODE] = {"id": str(row.public_id), "address": address, "onward": onward}
    return RedirectThenWork(then, CODE_MAIL_THREADS)


def pending_address(session: SessionBase) -> str:
    """The address that this browser's requested code was mailed to; "" for none."""
    return str(session.get(PENDING_CODE, {}).get("address", ""))


def forget_pending_code(session: SessionBase) -> None:
    """Forget the requested code."""
    session.pop(PENDING_CODE, None)


def log_in_with(
    request: HttpRequest, code: str, *, saves_language: bool = False, now: datetime
) -> HttpResponse:
    """Log in the user whom the code was mailed to. Raises WrongCodeError and ExpiredCodeError.

    `saves_language` says that the page is in the reader's language, which is saved for mails.
    """
    asked = request.session.get(PENDING_CODE)
    if not asked:
        raise ExpiredCodeError
    address = asked["address"]
    requester = requester_of(request, known=known_as(request, address))
    try:
        enter_code(public_id=uuid.UUID(asked["id"]), code=code, requester=requester, now=now)
    except CodeError:
        record_failure(
            address=address, reason=FailureReason.CODE, network=network_of(request), now=now
        )
        raise
    user = user_for_proven_address(email=address, now=now)
    forget_pending_code(request.session)
    if user is None:  # deleted since the code was mailed
        raise ExpiredCodeError
    creator = creator_of(user) if saves_language else None
    if creator is not None:
        set_language_if_unset(creator=creator, tag=spoken_tag())
    record_authentication(request, user, method="code", email=address)
    login = Login(user=user, email=address, redirect_url=asked["onward"])
    response: HttpResponse = perform_login(request, login)
    remember(request, response, address=address)
    return response


@dataclass(frozen=True, slots=True)
class CodeLoginPages:
    """The two pages of a login: the first asks for the address, the second for the code.

    `saves_language`: see `log_in_with`.
    """

    address_route: str
    address_template: str
    code_route: str
    code_template: str
    saves_language: bool = False


def answer_address_page(
    request: HttpRequest, pages: CodeLoginPages, *, onward: str, **context: object
) -> HttpResponse:
    """Ask for the address; a code is mailed after the response. The login ends at `onward`."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            return request_login_code(
                request,
                form.cleaned_data["email"],
                then=reverse(pages.code_route),
                onward=onward,
                now=timezone.now(),
            )
        except TooManyCodesError as error:
            form.add_error(None, too_many_codes_text(error))
    frame = {"form": form, "pending_address": pending_address(request.session)}
    return render(request, pages.address_template, frame | context)


def answer_code_page(request: HttpRequest, pages: CodeLoginPages) -> HttpResponse:
    """Ask for the code, and log in."""
    address = pending_address(request.session)
    if not address:
        return redirect(pages.address_route)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            return log_in_with(
                request,
                form.cleaned_data["code"],
                saves_language=pages.saves_language,
                now=timezone.now(),
            )
        except WrongCodeError as error:
            form.add_error("code", wrong_code_text(error.left))
        except ExpiredCodeError:
            forget_pending_code(request.session)
            messages.error(request, EXPIRED_CODE_TEXT)
            return redirect(pages.address_route)
    return render(request, pages.code_template, {"form": form, "address": address})
