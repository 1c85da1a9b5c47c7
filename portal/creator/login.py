"""Log in by an emailed code, whose guarantees stand in accounts.codes.

The answer to an address is the same whether or not a creator has it, and a mail goes out either
way, so that not even the time tells. What follows a right code is allauth's own login, with every
stage of it: a second factor that somebody has as staff is asked for here too.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.codes import CodeOverError, ask_code, enter_code
from accounts.models import CodePurpose
from affiliates.letters import send_letter
from affiliates.logins import creator_of, give_login, login_of
from affiliates.services import learn_language
from core.clients import network_of
from core.languages import spoken_tag

ASKED = "login_code"  # what this browser waits for: the code's id and the address


class AddressForm(forms.Form):
    """Where to send the code."""

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


def send_code(request: HttpRequest, address: str, *, now: datetime) -> None:
    """Mail a code, or to an unknown address that it is not known.

    Raises TooManyCodesError, and LetterError when no mail can go out.
    """
    address = address.strip().lower()
    user = give_login(email=address, now=now)
    new = ask_code(
        address=address,
        purpose=CodePurpose.LOG_IN,
        client=network_of(request),
        is_known=user is not None,
        now=now,
    )
    name = "login_code" if new.code else "no_login"
    send_letter(name, to=address, context={"code": new.code})
    request.session[ASKED] = {"id": str(new.public_id), "address": address}


def waiting_for(session: SessionBase) -> str:
    """The address whose code this browser waits for; empty for none."""
    return str(session.get(ASKED, {}).get("address", ""))


def give_up(session: SessionBase) -> None:
    """Wait for no code any more."""
    session.pop(ASKED, None)


def log_in_with(request: HttpRequest, code: str, *, now: datetime) -> HttpResponse:
    """Log in whom the code was mailed to. Raises WrongCodeError and CodeOverError."""
    asked = request.session.get(ASKED)
    if not asked:
        raise CodeOverError
    row = enter_code(public_id=uuid.UUID(asked["id"]), code=code, now=now)
    user = login_of(email=row.address)
    give_up(request.session)
    if user is None:  # deleted since the code was mailed
        raise CodeOverError
    creator = creator_of(user)
    if creator is not None:
        learn_language(creator=creator, tag=spoken_tag())
    record_authentication(request, user, method="code", email=row.address)
    login = Login(user=user, email=row.address, redirect_url=reverse("portal:home"))
    return perform_login(request, login)  # type: ignore[no-any-return]
