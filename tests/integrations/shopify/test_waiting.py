"""The client waits as long as the store asks, within its own bounds."""

from __future__ import annotations

import pytest

from core.outgoing import calls_within
from integrations.shop import ShopAwayError
from integrations.shopify.client import ShopifyClient
from tests.integrations.shopify.stand_in import ShopifyStandIn
from tests.integrations.shopify.test_client import ids
from tests.integrations.stand_in import Fault, Reply


def test_waiting_has_a_bound_and_says_when_to_come_back(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    store.points.empty()
    store.points.per_second = 1.0

    with pytest.raises(ShopAwayError, match="limits how much") as caught:
        ids(client)

    assert sum(store.clock.slept) <= 30
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 30


def test_a_page_that_waits_for_the_store_waits_no_longer_than_it_may(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    ids(client)
    store.faults.append(Fault(Reply(429, b"", {"Retry-After": "7"})))

    with calls_within(5), pytest.raises(ShopAwayError, match="limits how much"):
        ids(client)

    assert store.clock.slept == []


def test_too_many_requests_are_waited_for_as_long_as_is_said(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    ids(client)
    store.faults.append(Fault(Reply(429, b"", {"Retry-After": "7.0"})))
    assert ids(client) == []
    assert store.clock.slept == [7.0]

    store.faults.append(Fault(Reply(429, b"", {"Retry-After": "600"})))
    with pytest.raises(ShopAwayError) as caught:
        ids(client)
    assert caught.value.retry_after == 600.0


@pytest.mark.parametrize("text", ["", "soon", "120000, 5", "1234567x", "-1", "1.2.3"])
def test_too_many_requests_without_a_number_of_seconds(
    text: str, store: ShopifyStandIn, client: ShopifyClient
) -> None:
    ids(client)
    store.faults.append(Fault(Reply(429, b"", {"Retry-After": text})))

    assert ids(client) == []
    assert store.clock.slept == [2.0]
