"""Use the reader's language on the pages of members, creators and shoppers.

Pages for staff and operators, and responses for machines, are in English.
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


def use_readers_language(get_response: GetResponse) -> GetResponse:
    """Middleware: use the language chosen in a page's footer, else the browser's."""

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
