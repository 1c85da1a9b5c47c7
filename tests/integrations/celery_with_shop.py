"""The Celery application of the product, in a worker that also knows the made-up shop."""

from __future__ import annotations

from config.celery import app as app
from integrations.shops import SHOPS
from tests.integrations.made_up_shop import KIND, MadeUpShop

SHOPS[KIND] = MadeUpShop()
