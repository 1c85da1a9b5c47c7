"""/platform/: Django's admin for the operator, behind the product's one login.

It has no login, no logout and no password page of its own. Who opens it has logged in with a second
factor in this session. It shows only what is registered here, and changes nothing but by the named
acts in accounts.operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver

from accounts.second_factor import forget_wanted_page, has_used_second_factor
from brand_admin.access import ask_for_second_factor

View = Callable[..., HttpResponseBase]
# What Django's admin routes for the whole site, of which these pages are kept.
KEPT = frozenset({"index", "app_list", "jsi18n"})


def operator_page(view: View) -> View:
    """Let in operators who used their second factor in this session; show them the way to it."""

    @wraps(view)
    def enter(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.is_staff:
            raise PermissionDenied
        if not has_used_second_factor(request, request.user):
            return ask_for_second_factor(request)
        forget_wanted_page(request)
        return view(request, *args, **kwargs)

    enter.opened_by = "operator login"  # type: ignore[attr-defined]
    return enter


class PlatformSite(AdminSite):
    site_header = site_title = "Tributary operator"
    index_title = "Brands and logins"
    enable_nav_sidebar = False
    final_catch_all_view = False

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and getattr(user, "is_staff", False))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The kept pages of the site and of its models, each of them behind `operator_page`."""
        kept = [
            found
            for found in super().get_urls()
            if isinstance(found, URLResolver) or found.name in KEPT
        ]
        for page in _pages_in(kept):
            page.callback = operator_page(page.callback)
        return kept


def _pages_in(found: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for one in found:
        if isinstance(one, URLResolver):
            yield from _pages_in(one.url_patterns)
        else:
            yield one
