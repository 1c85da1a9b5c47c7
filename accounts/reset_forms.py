"""The forms of allauth's password reset, kept to people whose address is proven."""

from __future__ import annotations

from allauth.account.forms import ResetPasswordForm, UserTokenForm

from accounts.addresses import has_proven_address
from accounts.models import User


class AskForReset(ResetPasswordForm):
    """An unproven address is answered like an unknown one: the same page, and no mail."""

    users: list[User]

    def clean_email(self) -> str:
        email = str(super().clean_email())
        self.users = [user for user in self.users if has_proven_address(user)]
        return email


class FollowReset(UserTokenForm):
    """A key opens nothing for who may not log in any more."""

    def _get_user(self, uidb36: str) -> User | None:
        user = super()._get_user(uidb36)
        return user if isinstance(user, User) and has_proven_address(user) else None
