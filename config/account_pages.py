"""Who may open allauth's account pages; config.account_urls lists the pages.

allauth checks this too. These decorators come before its checks, so that each page declares who may
open it, and a test can read that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import HttpResponseBase
from django.shortcuts import redirect

from accounts.passkeys import manages_passkeys_in_portal
from portal.account.confirm import LoggedInRequest, fresh_login_required

View = Callable[..., HttpResponseBase]


def logged_in_page(view: View) -> View:
    """Allow any logged-in person."""

    @login_required
    @wraps(view)
    def enter(request: LoggedInRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    enter.opened_by = "account login"  # type: ignore[attr-defined]
    return enter


def fresh_login_page(view: View) -> View:
    """Require a fresh login, a few minutes old."""
    return logged_in_page(fresh_login_required(view))


def second_factor_page(view: View) -> View:
    """Allow staff and operators, for the pages of their second factors.

    Creators manage passkeys in the portal instead.
    """

    @wraps(view)
    def enter(request: LoggedInRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if manages_passkeys_in_portal(request.user):
            return redirect("portal:security")
        return view(request, *args, **kwargs)

    return logged_in_page(enter)


def fresh_second_factor_page(view: View) -> View:
    """Allow staff and operators after a fresh login, to add, show or remove a second factor."""
    return second_factor_page(fresh_login_required(view))
