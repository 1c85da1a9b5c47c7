"""Authenticate shops by their API key, and refuse what its scopes don't cover."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from accounts.api_keys import KeyRefusedError, authenticate_api_key
from accounts.models import ApiKey, Scope
from api.problems import ApiError
from core.clients import network_of

__all__ = ["Scope", "ShopKey", "key_of", "needs", "refused_key_of"]


class ShopKey(HttpBearer):
    """`Authorization: Bearer trb_live_…`. What is wrong with a key, its answer does not say.

    `scopes` are those of which the key needs one; without any, every key will do.
    """

    def __init__(self, *scopes: Scope) -> None:
        super().__init__()
        self.scopes = scopes

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """Return the key, or None, which the API answers with 401. Raises ApiError (403)."""
        try:
            key = authenticate_api_key(
                secret=token, now=timezone.now(), address=network_of(request)
            )
        except KeyRefusedError as error:
            request.refused_key = error  # type: ignore[attr-defined]
            return None
        if self.scopes and not any(scope.value in key.scopes for scope in self.scopes):
            error = insufficient_scope(key, self.scopes)
            request.refused_key = KeyRefusedError(error.detail, key=key)  # type: ignore[attr-defined]
            raise error
        return key


def needs(*scopes: Scope) -> ShopKey:
    """Return the `auth` of an operation that a key with one of these scopes may call."""
    return ShopKey(*scopes)


def insufficient_scope(key: ApiKey, needed: tuple[Scope, ...]) -> ApiError:
    """Return the 403 error that names the scopes of which the key needs one."""
    names = [scope.value for scope in needed]
    return ApiError(
        403,
        "insufficient_scope",
        f"This needs a key with the scope {' or '.join(names)}. The scopes of this key: "
        f"{', '.join(key.scopes)}.",
        more={"needed": names, "scopes": list(key.scopes)},
    )


def key_of(request: HttpRequest) -> ApiKey:
    """Return the API key of an authenticated request."""
    return cast("ApiKey", request.auth)  # type: ignore[attr-defined]


def refused_key_of(request: HttpRequest) -> tuple[ApiKey | None, str]:
    """Return the key that a refused request meant, if that is known, and why it was refused."""
    error = getattr(request, "refused_key", None)
    return (error.key, str(error)) if isinstance(error, KeyRefusedError) else (None, "")
