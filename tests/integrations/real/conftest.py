"""Each real kind of shop, connected to Juniper, and what it sends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from integrations.models import Connection
from integrations.shopify import tokens
from tests.cast import Cast
from tests.integrations.real.line import connected, now, post
from tests.integrations.real.outbox import Outbox
from tests.integrations.real.shops import KINDS, RealShop, running


@pytest.fixture
def outbox(settings: Any) -> Iterator[Outbox]:
    settings.BASE_URL = "https://tributary.example"
    tokens._kept.clear()
    made = Outbox(post)
    with made.taking():
        yield made
    tokens._kept.clear()


@pytest.fixture(params=KINDS, ids=lambda kind: kind.kind)
def shop(request: pytest.FixtureRequest, settings: Any) -> Iterator[RealShop]:
    made: RealShop = request.param(now() - timedelta(minutes=10))
    with running(made) as stand_ins:
        settings.STAND_INS = stand_ins
        yield made


@pytest.fixture
def connection(shop: RealShop, outbox: Outbox, at_juniper: Cast) -> Connection:
    return connected(shop)
