"""Whether the logged-in person has authenticated within the last minutes.

Required before the address, password or second factor of a login changes, because a session alone
may be an unattended laptop. People authenticate again with their second factor, or else with their
password, or else with a mailed code. With a second factor the password is not enough: otherwise a
session from before it was set up could remove it.
"""

from __future__ import annotations

import time

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts.models import User
from accounts.second_factor import FACTORS

FRESH_SECONDS = 5 * 60


def is_login_fresh(request: HttpRequest) -> bool:
    """Whether this session authenticated at most five minutes ago, with the required method."""
    counted = _counted_method(request.user)
    return any(
        record["method"] == counted and 0 <= time.time() - record["at"] < FRESH_SECONDS
        for record in get_authentication_records(request, request.user)
    )


def _counted_method(user: User | AnonymousUser) -> str:
    """The required method, by allauth's name."""
    if is_mfa_enabled(user, FACTORS):
        return "mfa"
    has_password = isinstance(user, User) and user.has_usable_password()
    return "password" if has_password else "code"
