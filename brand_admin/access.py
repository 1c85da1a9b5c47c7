"""The door of the brand admin: every view declares the permission it needs, and enters its brand.

A brand that does not exist and one the user has no role in answer alike.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from accounts.actors import Actor
from accounts.models import Brand, User
from accounts.permissions import Permission, may
from accounts.selectors import role_in
from core.tenancy import acting_for


class BrandRequest(HttpRequest):
    """A request inside one brand."""

    brand: Brand
    role: str
    working: int  # how much of the brand's long work is under way
    actor: Actor
    user: User
    htmx: HtmxDetails


class BrandView(Protocol):
    def __call__(self, request: BrandRequest, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


def brand_page(
    permission: Permission, *, post: Permission | None = None
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Log in, find the brand, check the permission, and act for the brand in its time zone.

    `post` is the permission for a POST where it differs. The wrapped view keeps both as
    `view.permission` and `view.post_permission`, which a test reads off the URL map.
    A response that streams must enter `acting_for` itself.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def enter(request: BrandRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
            found = role_in(user=request.user, slug=slug)
            if found is None:
                raise Http404
            needed = (post or permission) if request.method == "POST" else permission
            if not may(found.role, needed):
                raise PermissionDenied
            request.brand, request.role = found.brand, found.role
            request.working = found.working
            request.actor = Actor.of_user(request.user)
            with acting_for(found.brand), timezone.override(found.brand.zone):
                return view(request, **kwargs)

        enter.permission = permission  # type: ignore[attr-defined]
        enter.post_permission = post or permission  # type: ignore[attr-defined]
        return enter

    return decorate
