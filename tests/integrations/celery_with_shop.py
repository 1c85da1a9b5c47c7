"""The Celery application of the product, in a worker that also knows the made-up shop."""

from __future__ import annotations

import django

from config.celery import app as app

django.setup()  # before the shops, whose mappings know the models


def _add_made_up_shop() -> None:
    from integrations.shops import SHOPS
    from tests.integrations.made_up_shop import KIND, MadeUpShop

    SHOPS[KIND] = MadeUpShop()


_add_made_up_shop()
