"""Access to the brand admin: every view declares the permission it needs, and acts for its brand.

An unknown brand and a brand in which the user has no role get the same answer. A brand can require
a second factor: a person who has not used one then gets a page that asks for it, on every address.
Every brand requires it of operators.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from accounts.actors import Actor
from accounts.models import Brand, User
from accounts.permissions import Permission, may
from accounts.second_factor import (
    factors_of,
    forget_wanted_page,
    has_used_second_factor,
    remember_wanted_page,
)
from accounts.selectors import BrandRole, brands_of, role_in, role_in_test_brand
from accounts.sessions import is_within_staff_limits
from background.selectors import live_work_count, running_work
from core.tenancy import acting_for


class BrandRequest(HttpRequest):
    """A request to a page of one brand."""

    brand: Brand
    role: str
    roles: list[BrandRole]  # in every brand that the user works for
    working: int  # how many pieces of the brand's long work wait or run
    actor: Actor
    user: User
    htmx: HtmxDetails


def brand_page(
    permission: Permission, *, post: Permission | None = None, live_page: str = ""
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Require a login and a permission, find the brand, and act for it in its time zone.

    `post` is the permission for a POST, if it differs. `live_page` is for a page that a test brand
    does not have: the name of the page of its live brand to go to. The wrapped view has both as
    `view.permission` and `view.post_permission`; a test reads them for every URL.
    A streaming response must enter `acting_for` itself.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def enter(request: BrandRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
            roles = brands_of(request.user, count=live_work_count)
            found = role_in(roles, slug=slug) or role_in_test_brand(roles, slug=slug)
            if found is None:
                raise Http404
            live = found.brand.test_of or found.brand
            if not is_within_staff_limits(request.session, now=timezone.now()):
                get_adapter().logout(request)
                return redirect_to_login(request.get_full_path())
            is_needed = live.requires_second_factor or request.user.is_staff
            if is_needed and not has_used_second_factor(request, request.user):
                return ask_for_second_factor(request, live)
            forget_wanted_page(request)
            needed = (post or permission) if request.method == "POST" else permission
            if not may(found.role, needed):
                raise PermissionDenied
            request.brand, request.role, request.roles = found.brand, found.role, roles
            request.working = found.counted
            request.actor = Actor.of_user(request.user)
            with acting_for(found.brand), timezone.override(found.brand.zone):
                if found.brand.is_test:
                    if live_page:
                        return _lead_to_live_page(request, live, live_page)
                    request.working = running_work().count()
                return view(request, **kwargs)

        enter.permission = permission  # type: ignore[attr-defined]
        enter.post_permission = post or permission  # type: ignore[attr-defined]
        return enter

    return decorate


def _lead_to_live_page(request: BrandRequest, live: Brand, page: str) -> HttpResponse:
    messages.info(request, "This is in live mode only, so you are in live mode now.")
    return redirect(f"brand_admin:{page}", live.slug)


def ask_for_second_factor(request: HttpRequest, brand: Brand | None = None) -> HttpResponse:
    """Show why a second factor is needed and how to use or set up one, then continue to the page.

    Without a brand, the page is one of the operator. An htmx request loads the whole page.
    """
    user = cast("User", request.user)
    htmx = bool(getattr(request, "htmx", False))
    if not htmx:
        remember_wanted_page(request)
    context = {
        "brand": brand,
        "accent": brand.accent if brand else "",
        "factors": factors_of(user),
        "works_elsewhere": len(brands_of(user)) > 1,
        "next": request.get_full_path() if request.method == "GET" and not htmx else "",
    }
    answer = render(request, "brand_admin/second_factor.html", context, status=403)
    if htmx:
        answer["HX-Refresh"] = "true"
    return answer
