"""The mail with a link to set a new password, and whom it opens anything for.

Only people whose address is proven get one. It is mailed after the answer (accounts.code_outbox),
so that nobody can tell by the answer or its time whether an address has a login.
"""

from __future__ import annotations

from allauth.account.forms import UserTokenForm, default_token_generator
from allauth.account.internal.flows.password_reset import request_password_reset

from accounts.addresses import has_proven_address, user_with
from accounts.models import User
from core.mails import SENDING_ERRORS


class ResetMailError(Exception):
    """The mail could not be handed over."""


def mail_reset_link(*, address: str) -> None:
    """Mail the link to the user who has proven this address. Raises ResetMailError."""
    user = user_with(address)
    if user is None:
        return
    try:
        request_password_reset(None, user.email, [user], default_token_generator)
    except SENDING_ERRORS as error:
        raise ResetMailError from error


class FollowReset(UserTokenForm):
    """A key opens nothing for who may not log in any more."""

    def _get_user(self, uidb36: str) -> User | None:
        user = super()._get_user(uidb36)
        return user if isinstance(user, User) and has_proven_address(user) else None
