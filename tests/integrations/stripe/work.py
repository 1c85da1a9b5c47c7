"""Work on an event as a worker does."""

from __future__ import annotations

import json

from integrations.shop import Statements
from integrations.stripe.client import StripeShopClient
from integrations.stripe.shop import StripeShop
from tests.integrations.stripe.objects import JSON


def understand(event: JSON, client: StripeShopClient | None) -> Statements:
    shop, body = StripeShop(), json.dumps(event).encode()
    return shop.understand(shop.read_headers({}, body), body, client=client)
