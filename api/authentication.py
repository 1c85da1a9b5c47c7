"""Who is calling: a shop, by its key."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from accounts.models import ApiKey
from accounts.services import KeyRefusedError, authenticate_api_key


class ShopKey(HttpBearer):
    """`Authorization: Bearer trb_…`. A wrong, a malformed and a revoked key answer alike."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """The live key, or None, which is answered with 401."""
        try:
            return authenticate_api_key(secret=token, now=timezone.now())
        except KeyRefusedError:
            return None


def key_of(request: HttpRequest) -> ApiKey:
    """The key that an authenticated request came with."""
    return cast("ApiKey", request.auth)  # type: ignore[attr-defined]
