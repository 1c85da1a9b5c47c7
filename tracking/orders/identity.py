"""The lock that recording an order and recording its refunds both take."""

from __future__ import annotations

from core.tenancy import current_brand_id


def order_identity(source: str, external_id: str) -> str:
    """Return the name of the lock of an order and its refunds."""
    return f"order:{current_brand_id()}:{source}:{external_id}"
