"""Whether the person who is logged in has proven who they are within the last minutes.

Asked before a login's address, password or second factor changes: a session alone may be an open
laptop. What is asked for is what the person has: their password or second factor; who has neither
enters a code that is mailed to their address.
"""

from __future__ import annotations

import time

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.http import HttpRequest

FRESH_SECONDS = 5 * 60
STRONG_METHODS = frozenset({"password", "mfa"})
MAILED_METHODS = frozenset({"code"})


def is_login_fresh(request: HttpRequest) -> bool:
    """Whether this session proved who it is at most five minutes ago, with what the person has."""
    counted = STRONG_METHODS if get_reauthentication_flows(request.user) else MAILED_METHODS
    return any(
        record["method"] in counted and 0 <= time.time() - record["at"] < FRESH_SECONDS
        for record in get_authentication_records(request, request.user)
    )
