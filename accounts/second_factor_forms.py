"""allauth's forms that take the code of a second factor, with a limit on wrong ones.

allauth counts them in the cache, and without it lets everybody guess on.
"""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.mfa.base import forms
from django.utils import timezone

from accounts.code_limits import counted_factor, exceeded


class AuthenticateForm(forms.AuthenticateForm):
    """Takes the second factor at a login."""

    def clean_code(self) -> str:
        """The code. Raises ValidationError for a wrong one, and past the limit for every one."""
        return _limited(self, super().clean_code)


class ReauthenticateForm(forms.ReauthenticateForm):
    """Takes the second factor of somebody who is logged in."""

    def clean_code(self) -> str:
        """The same."""
        return _limited(self, super().clean_code)


def _limited(form: forms.BaseAuthenticateForm, clean_code: Callable[[], str]) -> str:
    if exceeded(counted_factor(form.user.pk), now=timezone.now()):
        raise get_adapter().validation_error("too_many_login_attempts")
    return clean_code()
