"""How allauth behaves here: nobody signs up by themselves, and login codes are six digits."""

from __future__ import annotations

import secrets

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def generate_login_code(self) -> str:
        return f"{secrets.randbelow(1_000_000):06d}"
