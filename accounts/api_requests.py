"""Keep the last requests to the API, so that developers of a shop see what was answered."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import ApiRequest
from core.tenancy import acting_for


def keep_requests(*, brand_id: int, requests: Iterable[ApiRequest]) -> None:
    """Store requests of one brand with one INSERT; the oldest beyond the limit are deleted."""
    with acting_for(brand_id):
        ApiRequest.objects.bulk_create(requests)
