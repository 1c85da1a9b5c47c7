"""Stripe's stand-in, and a client that calls it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from integrations.stripe.client import StripeShopClient
from integrations.stripe.shop import StripeShop
from tests.integrations.stripe.objects import BEGUN
from tests.integrations.stripe.stand_in import ACCOUNT, KEY, StripeStandIn


@pytest.fixture
def stripe() -> Iterator[StripeStandIn]:
    with StripeStandIn().running() as server, override_settings(STAND_INS=server.led_here):
        yield server


@pytest.fixture
def client(stripe: StripeStandIn) -> StripeShopClient:
    """A client whose clock stands a day after everything began."""
    made = StripeShop().client({"account": ACCOUNT, "key": KEY})
    made.clock = lambda: BEGUN + 86_400.0
    return made
