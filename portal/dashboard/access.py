"""The door of the affiliate's dashboard: a signed link, no login.

Whatever does not open is answered with one page, the same bytes for an unknown, a malformed and a
revoked link. Every answer keeps the link to itself: no referrer, no store, no index, nothing from
another host, no cookie. A GET changes nothing. Forms need no CSRF token: the secret in the address
is one, and there is no cookie that a foreign page could borrow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

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
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}
READING = ("GET", "HEAD")
NEUTRAL = (404, 429)  # the one page that has to be the same bytes whoever asks


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody holds a link that works: whose, and when they came."""

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
    """Open the link and act for its brand in the brand's time zone; `writes` allows POST.

    A response that streams must enter `acting_for` itself.
    """

    def decorate(view: DashboardView) -> DashboardView:
        @csrf_exempt
        @wraps(view)
        def enter(request: HttpRequest, token: str, **kwargs: str) -> HttpResponseBase:
            enrollment = enrollment_for(token)
            if enrollment is None:
                return no_such_page(request)
            if request.method not in ((*READING, "POST") if writes else READING):
                return _guarded(HttpResponseNotAllowed(READING))
            visit = Visit(token, enrollment, timezone.now())
            with acting_for(visit.brand), timezone.override(visit.brand.zone):
                response = view(request, visit, **kwargs)
            if response.status_code in NEUTRAL:
                return _guarded(response)
            return _guarded(_packed(request, response), accent=visit.brand.accent)

        enter.opened_by = "dashboard link"  # type: ignore[attr-defined]
        return enter

    return decorate


@csrf_exempt
def no_such_page(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Any other address below the dashboards: as for a link that does not open."""
    return _guarded(nothing_here(request))


def nothing_here(request: HttpRequest) -> HttpResponse:
    """The neutral page. It is drawn without the request, so that it can't differ."""
    page = render_to_string("portal/dashboard/nothing_here.html")
    if misses.too_many(request):
        return HttpResponse(page, status=429, headers={"Retry-After": str(misses.WINDOW_SECONDS)})
    return HttpResponse(page, status=404)


def _guarded(response: HttpResponseBase, *, accent: str | None = None) -> HttpResponseBase:
    """Keep the link to itself; with `accent`, the page may carry its own stylesheet in itself."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    policy: dict[str, list[str]] = dict(POLICY)
    if accent is not None:
        policy["style-src"] = [SELF, carried_style("portal", accent).source]
    return csp(policy)(lambda _request: response)(HttpRequest())


def _packed(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Compressed for who can read that. Nobody measures a secret by it (BREACH): whoever can ask
    for a page with a text of their own in it holds the link already. Django adds random bytes too.
    """
    return GZipMiddleware(lambda _request: response)(request)  # type: ignore[return-value]
