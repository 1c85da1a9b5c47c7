"""Pages on which staff log in with a mailed code. Creators use the same mechanism in the portal."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from affiliates.code_login import CodeLoginPages, answer_address_page, answer_code_page
from core.next_page import safe_redirect_path

LOGIN = CodeLoginPages(
    address_route="login_code",
    address_template="account/request_login_code.html",
    code_route="login_code_confirm",
    code_template="account/confirm_login_code.html",
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login_code(request: HttpRequest) -> HttpResponse:
    """Ask for the address. A code is mailed to it after the response."""
    wanted = _wanted_page(request)
    if request.method != "POST" and request.user.is_authenticated:
        return redirect(wanted or "front_door")
    return answer_address_page(request, LOGIN, onward=wanted or reverse("front_door"), next=wanted)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login_code_confirm(request: HttpRequest) -> HttpResponse:
    """Check the code. It works for ten minutes and five tries."""
    return answer_code_page(request, LOGIN)


def _wanted_page(request: HttpRequest) -> str:
    """Return the page of this site that required the login; "" for none or for another site."""
    return safe_redirect_path(request.POST.get("next") or request.GET.get("next") or "")
