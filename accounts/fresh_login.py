"""Whether the person who is logged in has proven who they are within the last minutes.

Asked before a login's address, password or second factor changes: a session alone may be an open
laptop. What is asked for is what the person has: their second factor, else their password; who has
neither enters a code that is mailed to their address. A password is not enough beside a second
factor: a session from before it was set up could take it away again.
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
    """Whether this session proved who it is at most five minutes ago, with what the person has."""
    counted = _counted_method(request.user)
    return any(
        record["method"] == counted and 0 <= time.time() - record["at"] < FRESH_SECONDS
        for record in get_authentication_records(request, request.user)
    )


def _counted_method(user: User | AnonymousUser) -> str:
    """As allauth records it."""
    if is_mfa_enabled(user, FACTORS):
        return "mfa"
    has_password = isinstance(user, User) and user.has_usable_password()
    return "password" if has_password else "code"
