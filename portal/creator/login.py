"""Log in by an emailed code, on django-allauth's own process: its state, limits and stages.

The answer to an address is the same whether or not a creator has it, and a mail goes out either
way, so that not even the time tells.
"""

from __future__ import annotations

import logging
from smtplib import SMTPException

from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.stages import LoginByCodeStage, LoginStageController
from anymail.exceptions import AnymailError
from django import forms
from django.http import HttpRequest
from django.utils import timezone

from affiliates.logins import give_login

logger = logging.getLogger(__name__)


class AddressForm(RequestLoginCodeForm):
    """Where to send the code. Counts against allauth's limits per address and per client."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "Your email address"
        self.fields["email"].widget = forms.EmailInput(
            attrs={"autocomplete": "email", "inputmode": "email", "autofocus": True}
        )

    def clean_email(self) -> str:
        give_login(email=self.cleaned_data["email"], now=timezone.now())
        return str(super().clean_email())


class CodeForm(ConfirmLoginCodeForm):
    """The six digits."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "Six-digit code"
        self.fields["code"].widget = forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autofocus": True,
                "maxlength": 12,
            }
        )
        self.fields["code"].error_messages["required"] = "Enter the code from the mail"


def send_code(request: HttpRequest, form: AddressForm) -> bool:
    """Mail a code, or to an unknown address that it is not known; False when no mail can go out."""
    try:
        LoginCodeVerificationProcess.initiate(
            request=request, user=form._user, email=form.cleaned_data["email"]
        )
    except (SMTPException, OSError, AnymailError):
        logger.exception("a login code could not be mailed")
        return False
    return True


def waiting_code(request: HttpRequest) -> LoginCodeVerificationProcess | None:
    """The process of this browser that waits for its code; None: there is none, or it is over."""
    stage = LoginStageController.enter(request, LoginByCodeStage.key)
    return LoginCodeVerificationProcess.resume(stage) if stage else None
