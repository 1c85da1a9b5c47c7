"""Log in by a mailed code, for creators and staff alike; the guarantees stand in accounts.codes.

An address is looked up after the answer alone, so the answer and its time are the same for every
address. What follows a right code is allauth's own login, with every stage of it: a second factor
that somebody has as staff is asked for whichever page they came by.
"""

from __future__ import annotations

import math
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

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

from accounts.code_limits import Asker
from accounts.codes import (
    CodeError,
    CodeOverError,
    TooManyCodesError,
    WrongCodeError,
    ask_code,
    enter_code,
)
from accounts.known_browsers import known_as, remember
from accounts.login_failures import record_failure
from accounts.models import CodePurpose, FailureReason
from affiliates.code_mail import SENDERS
from affiliates.logins import creator_of, give_login
from affiliates.services import learn_language
from core.after_answer import RedirectThenWork
from core.clients import network_of
from core.languages import spoken_tag

ASKED = "login_code"  # what this browser waits for: the code's id and the address
BROWSER = "code_browser"  # the secret that this browser's codes are bound to
OVER = _("That code can't be used any more. Ask for a new one.")


class AddressForm(forms.Form):
    """An address that a code is mailed to; it comes out in small letters."""

    email = forms.EmailField(
        label=_("Your email address"),
        max_length=254,
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
    """The six digits, however they were grouped."""

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


def tries_left(left: int) -> str:
    """What a wrong code is answered with."""
    return ngettext(
        "That is not the code. One try is left.",
        "That is not the code. {left} tries are left.",
        left,
    ).format(left=left)


def too_many(wait: timedelta) -> str:
    """What one code too many is answered with."""
    minutes = max(1, math.ceil(wait / timedelta(minutes=1)))
    return ngettext(
        "Too many codes were asked for, for this address or from your network. A code that you"
        " already have still works. Ask again in one minute, or use a browser in which you have"
        " logged in before.",
        "Too many codes were asked for, for this address or from your network. A code that you"
        " already have still works. Ask again in {minutes} minutes, or use a browser in which you"
        " have logged in before.",
        minutes,
    ).format(minutes=minutes)


def asker_of(request: HttpRequest, *, known: str) -> Asker:
    """This browser as one that asks for codes and enters them, by the secret in its session."""
    if BROWSER not in request.session:
        request.session[BROWSER] = secrets.token_urlsafe(32)
    return Asker(browser=request.session[BROWSER], network=network_of(request), known_as=known)


def ask_to_log_in(
    request: HttpRequest, address: str, *, then: str, onward: str, now: datetime
) -> HttpResponse:
    """Ask for a code; the page `then` takes it, and `onward` is where the login ends.

    Raises TooManyCodesError.
    """
    asker = asker_of(request, known=known_as(request, address))
    row = ask_code(
        address=address,
        purpose=CodePurpose.LOG_IN,
        asker=asker,
        language=spoken_tag(),
        now=now,
    )
    request.session[ASKED] = {"id": str(row.public_id), "address": address, "onward": onward}
    return RedirectThenWork(then, SENDERS)


def waiting_for(session: SessionBase) -> str:
    """The address whose code this browser waits for; empty for none."""
    return str(session.get(ASKED, {}).get("address", ""))


def give_up(session: SessionBase) -> None:
    """Wait for no code any more."""
    session.pop(ASKED, None)


def log_in_with(
    request: HttpRequest, code: str, *, learns_language: bool = False, now: datetime
) -> HttpResponse:
    """Log in whom the code was mailed to. Raises WrongCodeError and CodeOverError.

    `learns_language` says that the page spoke the reader's language, which is kept for mails.
    """
    asked = request.session.get(ASKED)
    if not asked:
        raise CodeOverError
    address = asked["address"]
    asker = asker_of(request, known=known_as(request, address))
    try:
        enter_code(public_id=uuid.UUID(asked["id"]), code=code, asker=asker, now=now)
    except CodeError:
        record_failure(
            address=address, reason=FailureReason.CODE, network=network_of(request), now=now
        )
        raise
    user = give_login(email=address, now=now)
    give_up(request.session)
    if user is None:  # deleted since the code was mailed
        raise CodeOverError
    creator = creator_of(user) if learns_language else None
    if creator is not None:
        learn_language(creator=creator, tag=spoken_tag())
    record_authentication(request, user, method="code", email=address)
    login = Login(user=user, email=address, redirect_url=asked["onward"])
    response: HttpResponse = perform_login(request, login)
    remember(request, response, address=address)
    return response


@dataclass(frozen=True, slots=True)
class CodeLoginPages:
    """The two pages of one login: the first takes the address, the second the code.

    `learns_language`: see `log_in_with`.
    """

    address_route: str
    address_template: str
    code_route: str
    code_template: str
    learns_language: bool = False


def answer_address_page(
    request: HttpRequest, pages: CodeLoginPages, *, onward: str, **context: object
) -> HttpResponse:
    """Ask for the address; a code is mailed to it after the answer. The login ends at `onward`."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            return ask_to_log_in(
                request,
                form.cleaned_data["email"],
                then=reverse(pages.code_route),
                onward=onward,
                now=timezone.now(),
            )
        except TooManyCodesError as error:
            form.add_error(None, too_many(error.wait))
    frame = {"form": form, "waits_for": waiting_for(request.session)}
    return render(request, pages.address_template, frame | context)


def answer_code_page(request: HttpRequest, pages: CodeLoginPages) -> HttpResponse:
    """Take the code: ten minutes, five tries."""
    address = waiting_for(request.session)
    if not address:
        return redirect(pages.address_route)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            return log_in_with(
                request,
                form.cleaned_data["code"],
                learns_language=pages.learns_language,
                now=timezone.now(),
            )
        except WrongCodeError as error:
            form.add_error("code", tries_left(error.left))
        except CodeOverError:
            give_up(request.session)
            messages.error(request, OVER)
            return redirect(pages.address_route)
    return render(request, pages.code_template, {"form": form, "address": address})
