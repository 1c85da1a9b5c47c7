"""The door of the brand admin: every view declares the permission it needs, and enters its brand.

A brand that does not exist and one the user has no role in answer alike. A brand that requires a
second factor shows who has not used one the way to it, instead of any page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

from allauth.account.adapter import get_adapter
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from accounts.actors import Actor
from accounts.models import Brand, User
from accounts.permissions import Permission, may
from accounts.second_factor import factors_of, has_second_factor, used_second_factor
from accounts.selectors import brands_of, role_in
from accounts.sessions import is_within_staffs_times
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
            if not is_within_staffs_times(request.session, now=timezone.now()):
                get_adapter().logout(request)
                return redirect_to_login(request.get_full_path())
            if found.brand.requires_second_factor and not _has_used_both_factors(request):
                return _ask_for_second_factor(request, found.brand)
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


def _has_used_both_factors(request: BrandRequest) -> bool:
    """The session may have used one that has been removed since: then it counts no more."""
    return used_second_factor(request, request.user) and has_second_factor(request.user)


def _ask_for_second_factor(request: BrandRequest, brand: Brand) -> HttpResponse:
    """Redirect to the page about second factors. For an htmx request the whole page is loaded."""
    context = {
        "brand": brand,
        "accent": brand.accent,
        "factors": factors_of(request.user),
        "works_elsewhere": len(brands_of(request.user)) > 1,
        "next": request.path if request.method == "GET" and not request.htmx else "",
    }
    answer = render(request, "brand_admin/second_factor.html", context, status=403)
    if request.htmx:
        answer["HX-Refresh"] = "true"
    return answer
