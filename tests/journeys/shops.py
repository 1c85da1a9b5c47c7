"""Shops of journeys: addresses that lead to this machine, and a store of each kind there.

A worker learns these addresses when it starts, so they stay for all journeys; which store answers
there is changed from one to the next.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.utils import timezone

from tests.integrations.shopify.payloads import order as shopify_order
from tests.integrations.shopify.stand_in import ShopifyStandIn
from tests.integrations.stand_in import Fault, Reply, Sent, StandIn
from tests.integrations.stripe.stand_in import ACCOUNT, StripeStandIn
from tests.integrations.stripe.stand_in import KEY as STRIPE_KEY
from tests.integrations.woocommerce.orders import a_line, an_order
from tests.integrations.woocommerce.stand_in import KEY, SECRET, WooStore

SHOPIFY, WOOCOMMERCE, STRIPE = (
    "juniper-tea.myshopify.com",
    "shop.juniper-tea.example",
    "api.stripe.com",
)


class Address(StandIn):
    """An address at which a store answers; without one, the line is cut."""

    def __init__(self) -> None:
        super().__init__()
        self.store: StandIn | None = None

    def answer(self, sent: Sent) -> Reply:
        assert self.store is not None
        self.store.requests.append(sent)
        return self.store.answer(sent)

    def is_away(self) -> None:
        """Cut the line for the next requests."""
        self.faults.extend([Fault(drops=True)] * 20)

    def is_back(self) -> None:
        self.faults.clear()


@dataclass
class HighStreet:
    """The addresses by host."""

    addresses: dict[str, Address] = field(default_factory=dict)

    @property
    def stand_ins(self) -> dict[str, str]:
        return {host: f"127.0.0.1:{one.port}" for host, one in self.addresses.items()}

    def open(self, host: str, store: StandIn) -> Address:
        """Have this store answer at the address, which is as it was at first."""
        address = self.addresses[host]
        address.store, address.clock_ahead = store, 0.0
        address.is_back()
        return address


@contextmanager
def open_high_street() -> Iterator[HighStreet]:
    with ExitStack() as all_of_them:
        street = HighStreet()
        for host in (SHOPIFY, WOOCOMMERCE, STRIPE):
            street.addresses[host] = all_of_them.enter_context(Address().running())
        yield street


class Shop(Protocol):
    """A shop as a journey uses it: what an owner pastes, and what shoppers do."""

    name: str
    host: str

    @property
    def stand_in(self) -> StandIn: ...

    def pasted(self) -> dict[str, str]: ...

    def sell(self, code: str) -> list[int]:
        """Sell for 100.00 with this code; return the statuses of our answers."""

    def sold_before(self) -> None:
        """Have an order of last month in the store."""


class ShopifyShop:
    name, host = "Shopify", SHOPIFY

    def __init__(self) -> None:
        self.stand_in = ShopifyStandIn()
        self.stand_in.domain = SHOPIFY

    def pasted(self) -> dict[str, str]:
        return {
            "Store address": f"https://{SHOPIFY}/admin",
            "Client ID": self.stand_in.client_id,
            "Client secret": self.stand_in.client_secret,
        }

    def order(self, number: int, code: str) -> dict[str, Any]:
        now = timezone.now().isoformat()
        codes = [{"code": code, "amount": "0.00", "type": "percentage"}]
        made = shopify_order(
            id=number, name=f"#{number}", discount_codes=codes if code else [],
            created_at=now, processed_at=now, updated_at=now,
        )  # fmt: skip
        made["line_items"][0] |= {"price": "100.00"}
        both = {"amount": "100.00", "currency_code": "GBP"}
        made["line_items"][0]["price_set"] = {"shop_money": both, "presentment_money": both}
        return made

    def sell(self, code: str) -> list[int]:
        order = self.order(7001, code)
        self.stand_in.store.put(order)
        return self.stand_in.deliver_to_subscribers("orders/create", order)

    def sold_before(self) -> None:
        self.stand_in.store.put(self.order(6001, ""))


class WooCommerceShop:
    name, host = "WooCommerce", WOOCOMMERCE

    def __init__(self) -> None:
        self.stand_in = WooStore()
        self.stand_in.now = timezone.now()

    def pasted(self) -> dict[str, str]:
        return {
            "Store address": f"http://{WOOCOMMERCE}/shop/",
            "Consumer key": KEY,
            "Consumer secret": f" {SECRET}",
        }

    def _put(self, number: int, code: str) -> int:
        now = f"{timezone.now():%Y-%m-%dT%H:%M:%S}"
        return self.stand_in.put(
            an_order(
                id=number, number=str(number), currency="GBP", status="processing",
                date_created_gmt=now, date_paid_gmt=now, line_items=[a_line("100.00")],
                coupon_lines=[{"id": 1, "code": code.lower()}] if code else [],
                fee_lines=[], shipping_lines=[], customer_id=0, refunds=[], meta_data=[],
                total="100.00", total_tax="0.00", shipping_total="0.00",
            )
        )  # fmt: skip

    def sell(self, code: str) -> list[int]:
        before = len(self.stand_in.delivered)
        self.stand_in.send("order.created", self._put(7001, code))
        return [one.status for one in self.stand_in.delivered[before:]]

    def sold_before(self) -> None:
        self._put(6001, "")


class StripeShop:
    name, host = "Stripe", STRIPE

    def __init__(self) -> None:
        self.stand_in = StripeStandIn()

    def pasted(self) -> dict[str, str]:
        return {"Account ID": f" {ACCOUNT}", "Restricted key": STRIPE_KEY}

    def sell(self, code: str) -> list[int]:
        self.stand_in.stored["coupons"].append({"id": "co_1", "object": "coupon"})
        self.stand_in.stored["promotion_codes"].append(
            {
                "id": "promo_1", "object": "promotion_code", "code": code, "active": True,
                "times_redeemed": 0, "promotion": {"type": "coupon", "coupon": "co_1"},
            }
        )  # fmt: skip
        now = int(time.time())
        return self.stand_in.deliver(self.stand_in.sell(7001, code=code, created=now))

    def sold_before(self) -> None:
        now = int(time.time())
        sold = self.stand_in.sell(6001, created=now)
        sold["created"] = now
