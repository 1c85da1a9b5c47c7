"""Access to the affiliate's dashboard by a signed link, without login.

Unknown, malformed and revoked links get the same page, byte by byte. The link stays private: no
referrer, no cache, no search index, nothing from another host, no cookie. A GET changes nothing.
Forms need no CSRF token, because the address contains a secret and there is no cookie that another
site could use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.gzip import GZipMiddleware
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.models import Brand
from affiliates.models import Member
from core.assets import carried_style
from core.tenancy import acting_for
from offers.dashboard_links import enrollment_for
from offers.models import Enrollment, Offer
from portal.dashboard import misses

HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
}
POLICY = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF],
    "connect-src": [SELF],
    "manifest-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}
READING = ("GET", "HEAD")
NEUTRAL = (404, 429)  # the page that must have the same bytes for everybody


@dataclass(frozen=True, slots=True)
class Visit:
    """A request with a valid link: its enrollment and the time."""

    token: str
    enrollment: Enrollment
    now: datetime

    @property
    def brand(self) -> Brand:
        return self.enrollment.brand

    @property
    def offer(self) -> Offer:
        offer: Offer = self.enrollment.offer
        return offer

    @property
    def member(self) -> Member:
        member: Member = self.enrollment.member
        return member


DashboardView = Callable[..., HttpResponseBase]


def dashboard_page(*, writes: bool = False) -> Callable[[DashboardView], DashboardView]:
    """Check the link, then run the view for its brand, in the brand's time zone.

    `writes` allows POST. A streaming response must enter `acting_for` itself.
    """

    def decorate(view: DashboardView) -> DashboardView:
        @csrf_exempt
        @wraps(view)
        def enter(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponseBase:
            enrollment = enrollment_for(token)
            if enrollment is None:
                return no_such_page(request)
            if request.method not in ((*READING, "POST") if writes else READING):
                return _guarded(request, HttpResponseNotAllowed(READING))
            visit = Visit(token, enrollment, timezone.now())
            with acting_for(visit.brand), timezone.override(visit.brand.zone):
                response = view(request, visit, **kwargs)
            if response.status_code in NEUTRAL:
                return _guarded(request, response)
            return _guarded(request, _packed(request, response), accent=visit.brand.accent)

        enter.opened_by = "dashboard link"  # type: ignore[attr-defined]
        return enter

    return decorate


@csrf_exempt
def no_such_page(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Answer any other address below /d/ like a link that is not valid."""
    return _guarded(request, nothing_here(request))


def nothing_here(request: HttpRequest) -> HttpResponse:
    """Return the neutral page, rendered without the request so that it never differs."""
    page = render_to_string("portal/dashboard/nothing_here.html")
    if misses.too_many(request):
        return HttpResponse(page, status=429, headers={"Retry-After": str(misses.WINDOW_SECONDS)})
    return HttpResponse(page, status=404)


def _guarded(
    request: HttpRequest, response: HttpResponseBase, *, accent: str | None = None
) -> HttpResponseBase:
    """Add headers that keep the link private. `accent` allows the brand's inline stylesheet."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    policy: dict[str, list[str]] = dict(POLICY)
    if accent is not None:
        policy["style-src"] = [SELF, carried_style("portal", accent).source]
    return csp(policy)(lambda _request: response)(request)


def _packed(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Compress the response if the browser accepts that.

    A BREACH attack gains nothing: an attacker who can add text to the page has the link already.
    Django also adds random bytes.
    """
    return GZipMiddleware(lambda _request: response)(request)  # type: ignore[return-value]
