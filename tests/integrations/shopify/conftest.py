"""A store on this machine, and a client of it. Nothing here sleeps: the store's clock is moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import override_settings

from integrations.shopify import tokens
from integrations.shopify.client import ShopifyClient
from tests.integrations.shopify.stand_in import ShopifyStandIn

Connect = Callable[..., ShopifyClient]


@pytest.fixture
def store() -> Iterator[ShopifyStandIn]:
    with ShopifyStandIn().running() as running, override_settings(STAND_INS=running.led_here):
        yield running


@pytest.fixture
def connect(store: ShopifyStandIn) -> Iterator[Connect]:
    """A client of the store, with these credentials instead."""

    def connected(*, seconds: float = 5.0, **changes: str) -> ShopifyClient:
        given = {**store.credentials, **changes}
        return ShopifyClient(given, seconds=seconds, sleep=store.clock.sleep, clock=store.clock)

    tokens._kept.clear()
    yield connected
    tokens._kept.clear()


@pytest.fixture
def client(connect: Connect) -> ShopifyClient:
    return connect()
