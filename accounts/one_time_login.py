"""A link that logs one person in once, for the first visit on a local machine and invitations.

Derived, not stored, like Django's password reset links: it becomes invalid with the user's next
login, because the time of the last login is part of the signed text.
"""

from __future__ import annotations

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from accounts.models import User


class _Tokens(PasswordResetTokenGenerator):
    key_salt = "tributary.one-time-login"


_tokens = _Tokens()


def make_token(user: User) -> str:
    return f"{urlsafe_base64_encode(str(user.pk).encode())}.{_tokens.make_token(user)}"


def user_for(token: str) -> User | None:
    """The user whom a live token logs in, else None."""
    head, _, tail = token.partition(".")
    try:
        pk = int(urlsafe_base64_decode(head))
    except ValueError:
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    return user if user and _tokens.check_token(user, tail) else None
