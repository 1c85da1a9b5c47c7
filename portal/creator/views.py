"""The creator portal: first page, login and logout."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from affiliates.code_login import CodeLoginPages, answer_address_page, answer_code_page
from portal.creator.access import PortalRequest, portal_login_required
from portal.creator.home import home_of
from portal.creator.payout_sharing import onward

LOGIN = CodeLoginPages(
    address_route="portal:login",
    address_template="portal/creator/login.html",
    code_route="portal:confirm",
    code_template="portal/creator/confirm.html",
    saves_language=True,
)


@require_safe
@portal_login_required
def home(request: PortalRequest) -> HttpResponse:
    """Show all offers of the creator with earnings and links to the dashboards."""
    if (elsewhere := onward(request)) is not None:
        return elsewhere
    page = home_of(request.creator, now=timezone.now())
    return render(request, "portal/creator/home.html", {"page": page, "section": "offers"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Ask for the email address. The code is mailed after the response is sent."""
    if request.method != "POST" and request.user.is_authenticated:
        return redirect("portal:home")
    return answer_address_page(request, LOGIN, onward=reverse("portal:home"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Check the code, which is valid for ten minutes and five attempts."""
    return answer_code_page(request, LOGIN)


@never_cache
@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    get_adapter().logout(request)
    return redirect("portal:login")
