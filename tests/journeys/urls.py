"""The addresses of the product, and those that the web process answers before Django."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from config.urls import *  # noqa: F403 - the handlers of errors too
from config.urls import urlpatterns as of_django
from core import page_script
from tests import following

SAID = ("User-Agent", "Referer", "Cookie")  # what the redirect reads


def redirect(request: HttpRequest, slug: str) -> HttpResponse:
    """Follow a tracking link, and store its click at once."""
    now = timezone.now()
    told = {name: request.headers[name] for name in SAID if name in request.headers}
    answer = following.get(request.get_full_path(), now=now, headers=told)
    following.store(answer, now=now)
    return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))


def script(request: HttpRequest) -> HttpResponse:
    """The page script."""
    status, headers, body = page_script.answer(if_none_match="", accept_encoding="")
    return HttpResponse(body, status=status, headers=headers)


urlpatterns = [path("r/<str:slug>", redirect), path("t.js", script), *of_django]
