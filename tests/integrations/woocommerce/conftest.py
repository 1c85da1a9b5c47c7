"""A store on this machine, a client of it, and a receiver of what it sends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.woocommerce.client import WooClient
from integrations.woocommerce.shop import WooCommerce
from tests.integrations.stand_in import Reply, Sent, StandIn
from tests.integrations.woocommerce.stand_in import KEY, SECRET, WooStore


class Receiver(StandIn):
    """Answers each delivery with a status."""

    status = 200

    def answer(self, sent: Sent) -> Reply:
        return Reply(self.status)


def client_of(store: WooStore, /, **changes: str) -> WooClient:
    entered = {"store": store.address, "consumer_key": KEY, "consumer_secret": SECRET, **changes}
    return WooCommerce().client(WooCommerce().clean(entered))


@pytest.fixture
def store() -> Iterator[WooStore]:
    with WooStore().running() as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().running() as running:
        yield running


@pytest.fixture
def client(store: WooStore) -> WooClient:
    return client_of(store)
