"""The rate limit of each API key, over all processes.

Every request counts as one, and so does every item of a batch beyond the first. Answers have the
headers RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset, as
draft-ietf-httpapi-ratelimit-headers-06 has them: how many may come at once, how many are left, and
the seconds until all are there again. A request too many is answered 429 with Retry-After.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from accounts.models import ApiKey
from api.problems import ApiError
from core.rate_limits import Drawn, RateLimits

BLOCK = 100  # requests of a key that a process may take without asking Valkey again
LIMITS = RateLimits("api", rate=settings.API_RATE, size=settings.API_BURST, block=BLOCK)
View = Callable[..., HttpResponseBase]


def draw(key: ApiKey, number: int) -> Drawn | None:
    """Count `number` requests of the key. None: there is no limit at the moment."""
    return LIMITS.draw(str(key.pk), number)


def spend(request: HttpRequest, key: ApiKey, number: int) -> None:
    """Count `number` requests of the key. Raises ApiError (429)."""
    if number <= 0 or (drawn := draw(key, number)) is None:
        return
    request.rate_limit = drawn  # type: ignore[attr-defined]
    if not drawn.is_allowed:
        raise too_many(drawn)


def too_many(drawn: Drawn) -> ApiError:
    """The refusal of a request for which too few tokens were left."""
    return ApiError(
        429,
        "too_many_requests",
        f"This key sends too much: {settings.API_RATE:,.0f} requests or items of batches a "
        "second over time are allowed. Nothing of this request was recorded. Send it again "
        f"in {drawn.retry_after} seconds.",
        headers={"Retry-After": str(drawn.retry_after)},
    )


def with_rate_limit(view: View) -> View:
    """Say in the headers of each answer what is left for the key."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        drawn = getattr(request, "rate_limit", None)
        if isinstance(drawn, Drawn):
            say_what_is_left(response, drawn)
        return response

    return answer


def say_what_is_left(response: HttpResponseBase, drawn: Drawn) -> None:
    """Set the headers of an answer."""
    response.headers["RateLimit-Limit"] = str(drawn.limit)
    response.headers["RateLimit-Remaining"] = str(drawn.remaining)
    response.headers["RateLimit-Reset"] = str(drawn.reset)
