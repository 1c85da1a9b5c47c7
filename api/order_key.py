"""The keys that stand in an address: `?key=trb_pub_…` and `?key=trb_postback_…`.

They can do one thing each, so they are no Bearer keys, and a Bearer key is none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from ninja.security import APIKeyQuery

from accounts.api_keys import KeyRefusedError, authenticate_api_key
from accounts.models import ApiKey, KeyKind
from api.problems import TOO_LARGE, ApiError
from api.rate_limit import spend
from core.clients import network_for_limits, network_of
from core.rate_limits import RateLimits

REPORTS = RateLimits("script", rate=settings.SCRIPT_RATE, size=settings.SCRIPT_BURST, block=10)
CLIENTS = RateLimits(
    "script-client", rate=settings.SCRIPT_CLIENT_RATE, size=settings.SCRIPT_CLIENT_BURST, block=1
)
View = Callable[..., HttpResponseBase]


class PublishableKey(APIKeyQuery):
    """`?key=trb_pub_…`, in a page of one of the key's origins. Everybody can read it there."""

    param_name = "key"

    def authenticate(self, request: HttpRequest, key: str | None) -> ApiKey:
        """Return the key. Raises ApiError: 401, 403 for another origin, 429."""
        found = _authenticated(request, key, KeyKind.PUBLISHABLE)
        origin = request.headers.get("Origin", "")
        if origin not in found.origins:
            said = f"{origin[:300] or 'No page'} is not an address that the key {found.label} lists"
            request.refused_key = KeyRefusedError(f"{said}.", key=found)  # type: ignore[attr-defined]
            raise ApiError(
                403,
                "origin_not_allowed",
                "This key works in pages of its brand alone. Add the origin of the page to the key,"
                " under Connections → Page script.",
            )
        request.allowed_origin = origin  # type: ignore[attr-defined]
        if request.method == "POST":
            _count(request, found)
        return found


class PostbackKey(APIKeyQuery):
    """`?key=trb_postback_…`, or the field `key` of a form."""

    param_name = "key"

    def _get_key(self, request: HttpRequest) -> str | None:
        check_size(request)
        return request.GET.get(self.param_name) or request.POST.get(self.param_name)

    def authenticate(self, request: HttpRequest, key: str | None) -> ApiKey:
        """Return the key. Raises ApiError: 401, 413, 429."""
        found = _authenticated(request, key, KeyKind.POSTBACK)
        spend(request, found, 1)
        return found


def _authenticated(request: HttpRequest, text: str | None, kind: KeyKind) -> ApiKey:
    try:
        return authenticate_api_key(
            secret=text or "", now=timezone.now(), address=network_of(request), kind=kind
        )
    except KeyRefusedError as error:
        request.refused_key = error  # type: ignore[attr-defined]
        raise ApiError(
            401,
            "invalid_key",
            f"The address has no valid key. Call it with ?key= and a {kind.label.lower()}.",
        ) from None


def _count(request: HttpRequest, key: ApiKey) -> None:
    """Count a report for its client and its key. Raises ApiError (429)."""
    client = network_for_limits(network_of(request))
    for limits, name in ((CLIENTS, f"{key.pk}:{client}"), (REPORTS, str(key.pk))):
        drawn = limits.draw(name, 1)
        if limits is CLIENTS:  # the answer tells a client of its own limit alone
            request.rate_limit = drawn  # type: ignore[attr-defined]
        if drawn is not None and not drawn.is_allowed:
            raise ApiError(
                429,
                "too_many_requests",
                f"Too many orders are reported. Send it again in {drawn.retry_after} seconds.",
                headers={"Retry-After": str(drawn.retry_after)},
            )


def check_size(request: HttpRequest) -> None:
    """Refuse a body that is too large before it is read. Raises ApiError (413)."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > settings.MAX_REPORT_BYTES:
        raise TOO_LARGE


def with_origin(view: View) -> View:
    """Let the page that called read the answer, if its key lists the page's origin."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        origin = getattr(request, "allowed_origin", None)
        if origin is not None:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Vary"] = "Origin"
        return response

    return answer
