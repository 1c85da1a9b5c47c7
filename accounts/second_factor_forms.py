"""allauth's forms for the code of a second factor: wrong codes are limited, and each code of an
authenticator app works once.

allauth stores both in the cache; without the cache it would limit nothing and accept a code twice.
"""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator
from django.utils import timezone

from accounts.code_limits import count_try, counted_factor, uncount_try
from accounts.totp_codes import use_totp_code


class AuthenticateForm(forms.AuthenticateForm):
    """Takes the second factor at a login."""

    def clean_code(self) -> str:
        """The code. Raises ValidationError if it is wrong or the limit is reached."""
        return _checked_once(self, super().clean_code)


class ReauthenticateForm(forms.ReauthenticateForm):
    """Takes the second factor of somebody who is logged in."""

    def clean_code(self) -> str:
        """The same."""
        return _checked_once(self, super().clean_code)


def _checked_once(form: forms.BaseAuthenticateForm, clean_code: Callable[[], str]) -> str:
    """Count the try before the code is checked, so that simultaneous tries are limited too."""
    counted, now = counted_factor(form.user.pk), timezone.now()
    if count_try(counted, now=now):
        raise get_adapter().validation_error("too_many_login_attempts")
    code = clean_code()
    used = form.authenticator
    is_of_app = used.type == Authenticator.Type.TOTP
    if is_of_app and not use_totp_code(authenticator=used, code=code, now=timezone.now()):
        form._emit_authentication_failed(used)
        raise get_mfa_adapter().validation_error("incorrect_code")
    uncount_try(counted, now=now)
    return code
