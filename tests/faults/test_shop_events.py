"""A small run of shuffled deliveries of three shops; `make soak` does the whole one."""

from __future__ import annotations

import os
from random import Random

import pytest
from django.db import connection

from integrations.shopify import tokens
from tests.cast import Cast
from tests.faults.shop_events import ShopEvents

EVENTS, KILLS = 40, 2


@pytest.mark.django_db(transaction=True)
def test_shuffled_and_repeated_deliveries_leave_what_they_leave_in_order_and_once(
    cast: Cast,
) -> None:
    address, mark, where = os.environ["DATABASE_URL"].partition("?")
    database = f"{address.rpartition('/')[0]}/{connection.settings_dict['NAME']}{mark}{where}"
    environment = {**os.environ, "DATABASE_URL": database}
    tokens._kept.clear()

    figures = ShopEvents(environment, events=EVENTS, kills=KILLS, chance=Random(3)).run()

    assert figures.differences == []
    assert figures.is_well, figures
    assert figures.kills == {"worker": 1, "web": 1}
    assert figures.statuses[200] == figures.deliveries > figures.events >= EVENTS
