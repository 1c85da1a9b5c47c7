"""The door of the creator portal: who has logged in, by a code or a passkey."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from accounts.models import User
from affiliates.logins import creator_of
from affiliates.models import Creator


class CreatorRequest(HttpRequest):
    """A request of somebody who has logged in; `creator` is None for who belongs to no brand."""

    user: User
    creator: Creator | None


class OwnRequest(CreatorRequest):
    """A request of a creator."""

    creator: Creator


def creator_page(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Let nobody in who has not logged in, and keep nothing of the page in any cache.

    A session whose row is gone is not logged in: ending one takes effect here.
    """

    @never_cache
    @wraps(view)
    def enter(request: CreatorRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect("portal:login")
        request.creator = creator_of(request.user)
        return view(request, *args, **kwargs)

    enter.opened_by = "creator login"  # type: ignore[attr-defined]
    return enter


def own_page(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """A page about a creator's own affairs; who is none finds the portal's first page."""

    @creator_page
    @wraps(view)
    def enter(request: OwnRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.creator is None:
            return redirect("portal:home")
        return view(request, *args, **kwargs)

    return enter
