"""Authenticate shops by their API key, and refuse what its scopes don't cover."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from ninja.security import HttpBearer

from accounts.actors import Actor
from accounts.api_keys import KeyRefusedError, authenticate_api_key
from accounts.models import ApiKey, Scope
from api.problems import ApiError, refuse
from api.rate_limit import spend
from core.clients import network_of

__all__ = [
    "Scope", "ShopKey", "actor_of", "counted_key", "key_of", "known_key", "needs", "refused_key_of",
    "with_every_request_counted",
]  # fmt: skip
UNREAD = object()


class KnownKey(HttpBearer):
    """`Authorization: Bearer trb_live_…`. What is wrong with a key, its answer does not say."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """Return the key, or None, which the API answers with 401. A request reads it once."""
        known = getattr(request, "known_key", UNREAD)
        if known is UNREAD:
            known = request.known_key = self._authenticate(request, token)  # type: ignore[attr-defined]
        return cast("ApiKey | None", known)

    def _authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        try:
            return authenticate_api_key(
                secret=token, now=timezone.now(), address=network_of(request)
            )
        except KeyRefusedError as error:
            request.refused_key = error  # type: ignore[attr-defined]
            return None


class ShopKey(KnownKey):
    """The same for an operation: `scopes` are those of which the key needs one.

    The request counts for the key's rate limit.
    """

    def __init__(self, *scopes: Scope) -> None:
        super().__init__()
        self.scopes = scopes

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """Return the key, or None. Raises ApiError: 429, and 403 for a missing scope."""
        key = super().authenticate(request, token)
        if key is None:
            return None
        try:
            _count(request, key)
            self._check_scopes(key)
        except ApiError as error:
            request.refused_key = KeyRefusedError(error.detail, key=key)  # type: ignore[attr-defined]
            raise
        return key

    def covers(self, key: ApiKey) -> bool:
        """Whether the key has one of the scopes."""
        return any(scope.value in key.scopes for scope in self.scopes)

    def _check_scopes(self, key: ApiKey) -> None:
        if self.covers(key):
            return
        names = [scope.value for scope in self.scopes]
        raise ApiError(
            403,
            "insufficient_scope",
            f"This needs a key with the scope {' or '.join(names)}. The scopes of this key: "
            f"{', '.join(key.scopes)}.",
            more={"needed": names, "scopes": list(key.scopes)},
        )


KNOWN = KnownKey()


def needs(*scopes: Scope) -> ShopKey:
    """Return the `auth` of an operation that a key with one of these scopes may call."""
    return ShopKey(*scopes)


def known_key(request: HttpRequest) -> ApiKey | None:
    """Return the key of a request that no operation has authenticated, if it has a valid one."""
    key: ApiKey | None = KNOWN(request)
    return key


def counted_key(request: HttpRequest) -> ApiKey | None:
    """The same, and count the request for the key's rate limit. Raises ApiError (429)."""
    key = known_key(request)
    if key is not None:
        _count(request, key)
    return key


def with_every_request_counted(view: Callable[..., HttpResponseBase]) -> Callable[..., Any]:
    """Count a request that reached no operation, by its address or method, for its key too."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if response.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
            try:
                counted_key(request)
            except ApiError as error:
                return refuse(error)
        return response

    return answer


def _count(request: HttpRequest, key: ApiKey) -> None:
    if not getattr(request, "is_counted", False):
        spend(request, key, 1)
        request.is_counted = True  # type: ignore[attr-defined]


def key_of(request: HttpRequest) -> ApiKey:
    """Return the API key of an authenticated request."""
    return cast("ApiKey", request.auth)  # type: ignore[attr-defined]


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts in an authenticated request, for the audit log."""
    return Actor.of_api_key(key_of(request))


def refused_key_of(request: HttpRequest) -> tuple[ApiKey | None, str]:
    """Return the key that a refused request meant, if that is known, and why it was refused."""
    error = getattr(request, "refused_key", None)
    return (error.key, str(error)) if isinstance(error, KeyRefusedError) else (None, "")
