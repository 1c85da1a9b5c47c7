"""Choose a language in the footer of a page.

A cookie stores it in this browser. A person known by login or dashboard link gets mails in it too.
The form needs no CSRF token: another site could only change the language of this browser, because
its request has neither the dashboard link nor the login cookie.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from affiliates.logins import creator_of
from affiliates.services import set_language
from core.languages import chosen_tag
from core.next_page import safe_redirect_path

COOKIE_AGE_SECONDS = 365 * 24 * 3600


@csrf_exempt
@never_cache
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Store the language, and redirect back to the page."""
    tag = chosen_tag(request)
    creator = creator_of(request.user) if tag and request.user.is_authenticated else None
    if creator is not None:
        set_language(creator=creator, tag=tag)
    return back_in(request, tag, start=reverse("portal:home"))


def back_in(request: HttpRequest, tag: str, *, start: str) -> HttpResponse:
    """Redirect to the page in the form field `next`, or to `start`, and set the cookie."""
    response = redirect(safe_redirect_path(request.POST.get("next", "")) or start)
    if tag:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            tag.partition("-")[0],
            max_age=COOKIE_AGE_SECONDS,
            secure=not settings.LOCAL,
            httponly=True,
            samesite="Lax",
        )
    return response
