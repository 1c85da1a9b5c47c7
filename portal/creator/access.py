"""Access to the creator portal: pages require a login by code or passkey."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from accounts.models import User
from affiliates.logins import creator_of
from affiliates.models import Creator


class PortalRequest(HttpRequest):
    """A request of a logged-in person; `creator` is None for a person in no brand."""

    user: User
    creator: Creator | None


class CreatorRequest(PortalRequest):
    """A request of a creator."""

    creator: Creator


def portal_login_required(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Require a login, and forbid caching the page.

    A session whose row was deleted is not logged in, so ending a session works at once.
    """

    @never_cache
    @wraps(view)
    def enter(request: PortalRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect("portal:login")
        request.creator = creator_of(request.user)
        return view(request, *args, **kwargs)

    enter.opened_by = "creator login"  # type: ignore[attr-defined]
    return enter


def creator_required(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Require a creator; redirect other people to the first page of the portal."""

    @portal_login_required
    @wraps(view)
    def enter(request: CreatorRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.creator is None:
            return redirect("portal:home")
        return view(request, *args, **kwargs)

    return enter
