"""The views that belong to no web package: `/`, and the one-time login."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import one_time_login
from accounts.selectors import brands_of


@require_safe
def front_door(request: HttpRequest) -> HttpResponse:
    """Redirect staff to their brand, operators to the platform, all others to the portal."""
    if request.user.is_authenticated:
        brands = brands_of(request.user)
        if brands:
            return redirect("brand_admin:home", brands[0].brand.slug)
        if request.user.is_staff:
            return redirect("admin:index")
    return redirect("portal:home")


@never_cache
@require_http_methods(["GET", "POST"])
def log_in_once(request: HttpRequest, token: str) -> HttpResponse:
    """Log in the person that the link names, once. GET shows a button: mail scanners send GETs.

    The link replaces the password in allauth's login. All other stages follow: the second factor,
    and a mailed code if the address is not proven.
    """
    user = one_time_login.user_for(token)
    if user is None:
        raise Http404
    if request.method != "POST":
        return render(request, "account/log_in_once.html", {"person": user})
    record_authentication(request, user, method="one_time_link")
    login = Login(user=user, redirect_url=reverse("front_door"))
    return perform_login(request, login)  # type: ignore[no-any-return]
