"""Who may open the account pages that allauth brings, each of which config.account_urls names.

allauth guards its pages too; these guards stand before them, so that a page says here who may open
it and a test can read it off.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import HttpResponseBase
from django.shortcuts import redirect

from accounts.passkeys import kept_here
from portal.account.confirm import OwnLoginRequest, fresh_login_required

View = Callable[..., HttpResponseBase]


def own_login_page(view: View) -> View:
    """Somebody's own login: they are logged in."""

    @login_required
    @wraps(view)
    def enter(request: OwnLoginRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    enter.opened_by = "account login"  # type: ignore[attr-defined]
    return enter


def fresh_login_page(view: View) -> View:
    """What a login alone is not enough for: they have shown within minutes that it is them."""
    return own_login_page(fresh_login_required(view))


def second_factor_page(view: View) -> View:
    """The second factors of who works for a brand or runs the product.

    A creator has passkeys in the portal, added with a fresh code, and nothing here.
    """

    @wraps(view)
    def enter(request: OwnLoginRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if kept_here(request.user):
            return redirect("portal:security")
        return view(request, *args, **kwargs)

    return own_login_page(enter)


def fresh_second_factor_page(view: View) -> View:
    """Pages that add, show or take away a second factor."""
    return second_factor_page(fresh_login_required(view))
