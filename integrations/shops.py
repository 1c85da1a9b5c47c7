"""The kinds of shops that can be connected."""

from __future__ import annotations

from datetime import timedelta

from integrations.shop import Shop
from integrations.shopify.shop import Shopify
from integrations.stripe.shop import StripeShop
from integrations.woocommerce.shop import WooCommerce

_all: tuple[Shop, ...] = (Shopify(), WooCommerce(), StripeShop())
SHOPS = {shop.kind: shop for shop in _all}  # in the order in which the setup page shows them
# How often the orders that changed are fetched, beside what the shop sends by itself.
FILLED_EVERY = {"woocommerce": timedelta(minutes=15)}
FILLED_NIGHTLY = timedelta(days=1)


def shop_of(kind: str) -> Shop:
    """Return the shop of this kind. Raises KeyError."""
    return SHOPS[kind]


def filled_every(kind: str) -> timedelta:
    return FILLED_EVERY.get(kind, FILLED_NIGHTLY)
