"""The language that a reader chooses in the foot of a page.

A cookie keeps it in this browser. Who is known, by a login or by a dashboard link, gets mails in it
too. The form needs no CSRF token: a foreign page could change the language of this browser and
nothing else, for it has neither the link nor, in a post of its own, the login.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from affiliates.logins import creator_of
from affiliates.services import choose_language
from core.languages import chosen_tag

COOKIE_AGE = 365 * 24 * 3600  # seconds


@csrf_exempt
@never_cache
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the choice, and lead back to where it was made."""
    tag = chosen_tag(request)
    creator = creator_of(request.user) if tag and request.user.is_authenticated else None
    if creator is not None:
        choose_language(creator=creator, tag=tag)
    return back_in(request, tag, start=reverse("portal:home"))


def back_in(request: HttpRequest, tag: str, *, start: str) -> HttpResponse:
    """Back to the page below `start` that the choice was made on, with the cookie set."""
    wanted = request.POST.get("next", "")
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    response = redirect(wanted if is_ours else start)
    if tag:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            tag.partition("-")[0],
            max_age=COOKIE_AGE,
            secure=not settings.LOCAL,
            httponly=True,
            samesite="Lax",
        )
    return response
