"""Authenticate shops by their API key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from accounts.models import ApiKey
from accounts.services import KeyRefusedError, authenticate_api_key
from core.together import do_together


class ShopKey(HttpBearer):
    """`Authorization: Bearer trb_…`. Wrong, malformed and revoked keys get the same answer."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """Return the active key, or None, which the API answers with 401."""
        try:
            return do_together(("key", token), token, do=_authenticate)
        except KeyRefusedError as error:
            request.refused_key = error  # type: ignore[attr-defined]
            return None


def _authenticate(same: Sequence[str]) -> list[ApiKey]:
    """The key of requests that have the same one. Raises KeyRefusedError."""
    return [authenticate_api_key(secret=same[0], now=timezone.now())] * len(same)


def key_of(request: HttpRequest) -> ApiKey:
    """Return the API key of an authenticated request."""
    return cast("ApiKey", request.auth)  # type: ignore[attr-defined]


def refused_key_of(request: HttpRequest) -> tuple[ApiKey | None, str]:
    """Return the key that a refused request meant, if that is known, and why it was refused."""
    error = getattr(request, "refused_key", None)
    return (error.key, str(error)) if isinstance(error, KeyRefusedError) else (None, "")
