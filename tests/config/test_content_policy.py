"""Each answer has the policy that django-csp would give it."""

from __future__ import annotations

from typing import Any

import pytest
from csp.constants import HEADER, HEADER_REPORT_ONLY, NONCE, SELF
from csp.decorators import csp, csp_exempt, csp_replace, csp_update
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config.content_policy import ContentPolicy
from portal.dashboard.access import POLICY

View = Any  # of django-csp's decorators


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def with_nonce(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.csp_nonce))  # type: ignore[attr-defined]


def with_header(request: HttpRequest) -> HttpResponse:
    return HttpResponse(headers={HEADER: "default-src 'self'"})


def answer(view: View, middleware: Any = ContentPolicy) -> HttpResponse:
    response: HttpResponse = middleware(view)(RequestFactory().get("/"))
    return response


VIEWS: dict[str, View] = {
    "the settings'": plain,
    "its own": csp(POLICY)(plain),
    "a sandbox": csp({"sandbox": True, "img-src": ["data:"], "upgrade-insecure-requests": False})(
        plain
    ),
    "its own header": with_header,
    "none": csp_exempt()(plain),
    "more": csp_update({"img-src": ["https://a.example"]})(plain),
    "other": csp_replace({"img-src": ["https://a.example"]})(plain),
    "reported": csp({"default-src": [SELF]}, REPORT_ONLY=True)(plain),
    "a nonce": with_nonce,
    "its own with a nonce": csp({"script-src": [SELF, NONCE]})(with_nonce),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_policy_is_what_django_csp_says(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csp.middleware.os.urandom", lambda size: b"n" * size)

    def policies(middleware: Any) -> list[set[str]]:
        response = answer(view, middleware)
        return [
            set(filter(None, response.get(name, "").split("; ")))
            for name in (HEADER, HEADER_REPORT_ONLY)
        ]

    for _ in range(2):
        assert policies(ContentPolicy) == policies(CSPMiddleware)


def test_the_policies_of_two_views_are_their_own() -> None:
    first = csp({"img-src": ["https://a.example"]})(plain)
    second = csp({"img-src": ["https://b.example"]})(plain)

    found = [answer(view)[HEADER] for view in (first, second)]

    assert found == ["img-src https://a.example", "img-src https://b.example"]


def test_the_page_that_explains_an_error_in_development_has_none(settings: Any) -> None:
    settings.DEBUG = True

    found = [
        HEADER in answer(lambda request, status=status: HttpResponse(status=status))
        for status in (200, 404, 500)
    ]

    assert found == [True, False, False]
