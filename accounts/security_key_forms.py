"""allauth's forms for the signature of a security key or passkey, as a browser sends it.

A login with only a key needs user verification (a PIN or finger). The browser chooses what the key
verifies, so these forms read from the signature what was verified.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms
from django.core.exceptions import ValidationError
from django.forms import HiddenInput, JSONField

from accounts.passkeys import PasskeyError, authenticate


class SignedField(JSONField):
    """JSON from a browser. It can be used once, so the form does not show it again."""

    def to_python(self, value: Any) -> Any:
        """The object. Raises ValidationError, also for JSON that is nested too deep for Python."""
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> str:
        return ""

    def prepare_value(self, value: Any) -> str:
        return ""


def _signed() -> SignedField:
    return SignedField(widget=HiddenInput)


class AddKeyForm(forms.AddWebAuthnForm):
    """Takes a new key."""

    credential = _signed()


class AuthenticateForm(forms.AuthenticateWebAuthnForm):
    """Takes a key as the second factor at a login; a touch is enough."""

    credential = _signed()


class ReauthenticateForm(forms.ReauthenticateWebAuthnForm):
    """Takes the key of somebody who is logged in; a touch is enough."""

    credential = _signed()


class LoginForm(forms.LoginWebAuthnForm):
    """Takes a key as the whole login."""

    credential = _signed()

    def clean_credential(self) -> Authenticator:
        """The key that signed. Raises ValidationError."""
        try:
            return authenticate(self.cleaned_data["credential"])
        except PasskeyError as error:
            raise get_adapter().validation_error("incorrect_code") from error
