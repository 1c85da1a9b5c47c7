"""The topics of webhooks that we take, and what each delivery of one means."""

from __future__ import annotations

# What orders are now, whole. orders/edited alone names changes, and never adds anything up here.
ORDERS = ("orders/create", "orders/updated", "orders/cancelled", "orders/paid")
EDITED, REFUNDED, UNINSTALLED = "orders/edited", "refunds/create", "app/uninstalled"
SUBSCRIBED = (*ORDERS, EDITED, REFUNDED, UNINSTALLED)
DATA_REQUEST = "customers/data_request"
CUSTOMER_ERASURE, STORE_ERASURE = "customers/redact", "shop/redact"
PRIVACY = (DATA_REQUEST, CUSTOMER_ERASURE, STORE_ERASURE)
# Not Shopify's: an order that we fetched by GraphQL.
FETCHED = "orders/fetched"


def enum_of(topic: str) -> str:
    """Return a topic as GraphQL names it: ORDERS_CREATE."""
    return topic.replace("/", "_").upper()
