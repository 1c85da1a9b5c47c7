"""Speak the reader's language on the pages that members, creators and shoppers read.

Staff, the operator and machines are spoken to in English.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers

from core.languages import ENGLISH, language_of, speaking, tag_for

IN_ENGLISH = (
    "/account/",
    "/admin/",
    "/api/",
    "/assets/",
    "/healthz",
    "/inbox/",
    "/invitation/",
    "/metrics",
    "/once/",
    "/platform/",
    "/readyz",
    "/static/",
    "/webhooks/",
)

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def speak_the_readers_language(get_response: GetResponse) -> GetResponse:
    """Middleware: what a reader chose in the foot of a page, else what their browser asks for."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(IN_ENGLISH):
            with speaking(ENGLISH):
                return get_response(request)
        tag = tag_for(request)
        with speaking(tag):
            response = get_response(request)
        response.headers.setdefault("Content-Language", language_of(tag))
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    return respond
