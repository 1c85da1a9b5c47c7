"""The mail that warns a user that their login was changed.

If a stranger takes over a session and changes the password, this mail informs the owner. If the
mail can't be sent, that is logged, and the change is still made.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from accounts.devices import device_label, device_of
from accounts.models import User
from core.languages import ENGLISH
from core.transactional_mail import TransactionalMailError, send_transactional_mail

# The keys are allauth's names of its mails.
CHANGES = {
    "account/email/password_changed": "Your password was changed.",  # pragma: allowlist secret
    "account/email/password_set": "A password was set.",  # pragma: allowlist secret
    "account/email/password_reset": "Your password was reset.",  # pragma: allowlist secret
    "mfa/email/totp_activated": "An authenticator app was added to your second factors.",
    "mfa/email/totp_deactivated": "The authenticator app was removed from your second factors.",
    "mfa/email/webauthn_added": "A passkey or security key was added to your login.",
    "mfa/email/webauthn_removed": "A passkey or security key was removed from your login.",
    "mfa/email/recovery_codes_generated": "New recovery codes were made. The old ones are void.",
}


def mail_change(*, change: str, user: User, agent: str, network: str, now: datetime) -> None:
    """Mail the user what was changed, when, and from where. `change` is a key of CHANGES."""
    with suppress(TransactionalMailError):
        send_transactional_mail(
            "staff/login_changed",
            to=user.email,
            language=ENGLISH,
            values={
                "what": CHANGES[change],
                "when": now,
                "device": device_label(device_of(agent)),
                "network": network,
                "reset_url": settings.BASE_URL + reverse("account_reset_password"),
            },
        )
