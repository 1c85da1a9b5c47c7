"""The door of the creator portal: who has logged in by a code."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from accounts.models import User


class CreatorRequest(HttpRequest):
    """A request of somebody who has logged in."""

    user: User


def creator_page(
    view: Callable[[CreatorRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Let nobody in who has not logged in, and keep nothing of the page in any cache."""

    @never_cache
    @wraps(view)
    def enter(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect("portal:login")
        return view(request)  # type: ignore[arg-type]

    enter.opened_by = "creator login"  # type: ignore[attr-defined]
    return enter
