"""Codes kept in step with stand-ins of the real shops, whose codes have cases of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

import pytest
from django.test import override_settings

from integrations import comparing
from integrations.codes import end_in_shop, keep_in_step, make_in_shop
from integrations.comparing import compare_codes
from integrations.connections import connect
from integrations.models import ComparedCode, OfferDiscount
from integrations.shop import Discount, ShopClient
from integrations.shopify import tokens
from integrations.shopify.client import ShopifyClient
from integrations.stripe.shop import StripeShop
from integrations.woocommerce.client import WooClient
from tests.cast import NOW, SYSTEM, Cast
from tests.integrations.shopify.stand_in import ShopifyStandIn
from tests.integrations.stripe.objects import BEGUN
from tests.integrations.stripe.stand_in import ACCOUNT, StripeStandIn
from tests.integrations.stripe.stand_in import KEY as KEY_OF_STRIPE
from tests.integrations.woocommerce.conftest import client_of
from tests.integrations.woocommerce.stand_in import KEY, SECRET, WooStore
from tracking.links.membership import deactivate_member

pytestmark = pytest.mark.django_db
Opened = tuple[dict[str, str], ShopClient]


@contextmanager
def shopify() -> Iterator[Opened]:
    tokens._kept.clear()
    with ShopifyStandIn().running() as store, override_settings(STAND_INS=store.led_here):
        client = ShopifyClient(
            store.credentials, seconds=5.0, sleep=store.clock.sleep, clock=store.clock
        )
        yield store.credentials, client
    tokens._kept.clear()


@contextmanager
def woocommerce() -> Iterator[Opened]:
    with WooStore().running() as store:
        client: WooClient = client_of(store)
        entered = {"store": store.address, "consumer_key": KEY, "consumer_secret": SECRET}
        yield entered, client


@contextmanager
def stripe() -> Iterator[Opened]:
    with StripeStandIn().running() as server, override_settings(STAND_INS=server.led_here):
        entered = {"account": ACCOUNT, "key": KEY_OF_STRIPE}
        client = StripeShop().client(entered)
        client.clock = lambda: BEGUN + 86_400.0
        yield entered, client


@pytest.mark.parametrize(
    ("kind", "opened"),
    [("shopify", shopify), ("woocommerce", woocommerce), ("stripe", stripe)],
    ids=["shopify", "woocommerce", "stripe"],
)
def test_codes_are_kept_in_step_with(
    kind: str,
    opened: Callable[[], AbstractContextManager[Opened]],
    at_juniper: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with opened() as (entered, client):
        monkeypatch.setattr(comparing, "client_of", lambda _: client)
        connection = connect(kind=kind, entered=entered, by=SYSTEM, now=NOW)
        discount = keep_in_step(
            connection=connection, offer=at_juniper.glow, percent_bp=1250, by=SYSTEM, now=NOW
        )
        there = Discount(discount.name, 1250)

        def active() -> list[str]:
            return sorted(one.code.upper() for one in client.codes(there) if one.is_active)

        def compare() -> dict[str, str]:
            OfferDiscount.objects.filter(pk=discount.pk).update(compare_at=NOW)
            assert compare_codes(discount_id=discount.pk, now=NOW, clock=lambda: NOW)
            assert OfferDiscount.objects.get(pk=discount.pk).problem == ""
            return dict(ComparedCode.objects.values_list("code", "state"))

        assert set(compare().values()) == {"in_step"}
        assert set(compare().values()) == {"in_step"}
        assert active() == ["DIEGO10", "JUNE20", "MARA15"]

        deactivate_member(enrollment=at_juniper.june_in_glow, by=SYSTEM, now=NOW)
        client.end_codes(there, ["MARA15"])
        client.make_codes(there, ["SHOPS-OWN"])
        found = {code.upper(): state for code, state in compare().items()}
        assert found == {
            "DIEGO10": "in_step", "JUNE20": "ended", "MARA15": "missing", "SHOPS-OWN": "unknown",
        }  # fmt: skip

        ids = {row.code.upper(): row.pk for row in ComparedCode.objects.all()}
        later = NOW + timedelta(seconds=1)
        make_in_shop(codes=[ids["MARA15"]], discount=discount, by=SYSTEM, now=later)
        end_in_shop(codes=[ids["SHOPS-OWN"]], discount=discount, by=SYSTEM, now=later)
        compare()
        assert active() == ["DIEGO10", "MARA15"]
