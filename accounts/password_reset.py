"""The mail with a link to set a new password.

Only people with a proven address get one. It is mailed after the response
(accounts.code_mail_queue), so that neither the response nor its time shows whether an address has
a login.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.forms import UserTokenForm, default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings

from accounts.models import User
from accounts.proven_addresses import has_proven_address, user_with
from core.languages import ENGLISH
from core.transactional_mail import send_transactional_mail


def mail_reset_link(*, address: str) -> None:
    """Mail the link to the user who has proven this address. Raises TransactionalMailError.

    In English: it is for staff.
    """
    user = user_with(address)
    if user is not None:
        send_reset_link(user=user)


def send_reset_link(*, user: User) -> None:
    """Mail the user a link to set a password. Raises TransactionalMailError."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    send_transactional_mail(
        "staff/password_reset",  # pragma: allowlist secret
        to=user.email,
        language=ENGLISH,
        values={
            "email": user.email,
            "site": urlsplit(settings.BASE_URL).netloc,
            "link": get_adapter().get_reset_password_from_key_url(key),
        },
    )


class PasswordResetKeyForm(UserTokenForm):
    """Checks the key of the link. A key of a user who may not log in is invalid."""

    def _get_user(self, uidb36: str) -> User | None:
        user = super()._get_user(uidb36)
        return user if isinstance(user, User) and has_proven_address(user) else None
