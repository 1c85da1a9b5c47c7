"""A connection to a shop that exists in tests alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.models import Connection
from integrations.shops import SHOPS
from tests.cast import Cast
from tests.integrations import made_up_shop
from tests.integrations.deliveries import connected


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The made-up shop is one that can be connected."""
    monkeypatch.setitem(SHOPS, made_up_shop.KIND, made_up_shop.MadeUpShop())
    made_up_shop.STORES.clear()
    yield
    made_up_shop.STORES.clear()


@pytest.fixture
def connection(made_up: None, at_juniper: Cast) -> Connection:
    """Juniper's shop, waiting for its first order."""
    return connected()
