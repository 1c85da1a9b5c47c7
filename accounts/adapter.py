"""How allauth behaves here: nobody signs up by themselves, login codes are six digits, and a second
factor is asked of those whose login opens a brand.
"""

from __future__ import annotations

import secrets
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts.login_records import RecordedLogins
from accounts.models import User
from accounts.selectors import brands_of


class AccountAdapter(RecordedLogins):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def generate_login_code(self) -> str:
        return f"{secrets.randbelow(1_000_000):06d}"


class MfaAdapter(DefaultMFAAdapter):
    def is_mfa_enabled(self, user: User | AnonymousUser, types: Any = None) -> bool:
        """Whether a login needs a second factor: for who works for a brand or runs the product.

        A creator's passkey is another way in beside the mailed code. Were it a second factor too,
        who lost the phone would never get in again.
        """
        if not super().is_mfa_enabled(user, types):
            return False
        return bool(isinstance(user, User) and (user.is_staff or brands_of(user)))
