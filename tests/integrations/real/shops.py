"""The three real kinds of shops, each against its stand-in, with one set of verbs for all.

A stand-in is reached by the shop's own address (settings.STAND_INS). What it sends to a webhook is
taken by an `Outbox`, which passes it on or keeps it.
"""

from __future__ import annotations

import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from stripe import WebhookSignature

from integrations.shopify.signature import sign as shopify_sign
from integrations.stripe.signature import HEADER as STRIPE_SIGNATURE
from integrations.woocommerce.signature import sign as woo_sign
from tests.integrations.shopify import payloads
from tests.integrations.shopify.stand_in import ShopifyStandIn
from tests.integrations.stand_in import StandIn
from tests.integrations.stripe import objects
from tests.integrations.stripe.stand_in import ACCOUNT, KEY, WANTED, StripeStandIn
from tests.integrations.woocommerce import orders as woo_orders
from tests.integrations.woocommerce import stand_in as woo
from tests.integrations.woocommerce.stand_in import WooStore

CODES = ("MARA15", "DIEGO10", "JUNE20", "NOBODY")


class RealShop(ABC):
    """One store. Each act happens a second after the one before, and is sent to the webhooks."""

    kind: ClassVar[str]
    server: StandIn

    def __init__(self, begun: datetime) -> None:
        self.begun = begun.replace(microsecond=0)
        self.ticks = itertools.count(1)
        self.ids = itertools.count(1)

    @property
    @abstractmethod
    def host(self) -> str: ...

    @property
    @abstractmethod
    def entered(self) -> dict[str, str]:
        """What one types on the setup page."""

    @property
    def stand_in(self) -> dict[str, str]:
        return {self.host: f"127.0.0.1:{self.server.port}"}

    def next_moment(self) -> datetime:
        return self.begun + timedelta(seconds=next(self.ticks))

    @abstractmethod
    def order_id(self, number: int) -> str:
        """The id of an order as we record it."""

    @abstractmethod
    def sell(
        self, number: int, *, code: str = "MARA15", amount: int = 100, currency: str = "GBP"
    ) -> None: ...

    @abstractmethod
    def change(self, number: int) -> None:
        """State the order again, with nothing new that counts."""

    @abstractmethod
    def refund(self, number: int, amount: int) -> None:
        """Give back some of the order's only line, in whole units."""

    @abstractmethod
    def cancel(self, number: int) -> None: ...

    @abstractmethod
    def revoke_access(self) -> None: ...

    @abstractmethod
    def give_access(self) -> dict[str, str]:
        """Allow access with new credentials, and return them."""

    def needs_access(self, number: int) -> None:
        """Send something about an order that can be understood only by asking the shop."""
        self.change(number)

    @abstractmethod
    def forget_webhooks(self) -> None:
        """As the shop does after failures, without a word."""

    @abstractmethod
    def webhooks(self) -> int: ...

    @abstractmethod
    def signature(self, body: bytes, secret: str) -> dict[str, str]:
        """The header with which the shop signs a body now."""


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


class ShopifyShop(RealShop):
    kind = "shopify"

    def __init__(self, begun: datetime, name: str = "juniper") -> None:
        super().__init__(begun)
        self.name = f"{name}.myshopify.com"
        self.server: ShopifyStandIn = ShopifyStandIn()
        self.server.domain = self.name
        self.server.clock.now = 10_000.0
        self.server.points.per_second = 1e9

    @property
    def host(self) -> str:
        return self.name

    @property
    def entered(self) -> dict[str, str]:
        return {
            "store": f"https://{self.name.upper()}/admin",
            "client_id": self.server.client_id,
            "client_secret": f" {self.server.client_secret} ",
        }

    def order_id(self, number: int) -> str:
        return str(6_012_345_000_000 + number)

    def put(self, number: int, topic: str, /, **changes: Any) -> dict[str, Any]:
        at = iso(self.next_moment())
        known = self.server.store.orders.get(self.order_id(number), {})
        payload = payloads.order(**{**known, **changes, "updated_at": at})
        self.server.store.put(payload)
        self.send(topic, payload)
        return payload

    def send(self, topic: str, payload: Any) -> None:
        self.server.deliver_to_subscribers(topic, json.loads(json.dumps(payload)))

    def sell(
        self, number: int, *, code: str = "MARA15", amount: int = 100, currency: str = "GBP"
    ) -> None:
        at = iso(self.next_moment())
        self.put(
            number,
            "orders/create",
            id=int(self.order_id(number)),
            name=f"#{number}",
            created_at=at,
            processed_at=at,
            currency=currency,
            discount_codes=[{"code": code, "amount": "0.00", "type": "percentage"}],
            customer={"id": 7_000_000 + number},
            line_items=[payloads.line(price=f"{amount}.00", currency=currency)],
            refunds=[],
        )

    def change(self, number: int) -> None:
        self.put(number, "orders/updated")

    def refund(self, number: int, amount: int) -> None:
        known = self.server.store.orders[self.order_id(number)]
        at = iso(self.next_moment())
        one = payloads.refund(
            payloads.refunded(subtotal=f"{amount}.00", quantity=0),
            id=number * 1_000 + next(self.ids),
            order_id=known["id"],
            created_at=at,
            processed_at=at,
            transactions=[payloads.paid_back(f"{amount}.00")],
        )
        self.put(number, "orders/updated", refunds=[*known["refunds"], one])
        self.send("refunds/create", one)

    def cancel(self, number: int) -> None:
        self.put(number, "orders/cancelled", cancelled_at=iso(self.next_moment()))

    def needs_access(self, number: int) -> None:
        order_id = int(self.order_id(number))
        self.send("orders/edited", {"order_edit": {"id": 1, "order_id": order_id}})

    def revoke_access(self) -> None:
        self.server.is_installed = False
        self.server.tokens.clear()

    def give_access(self) -> dict[str, str]:
        self.server.is_installed = True
        self.server.client_id = "d" * 32
        return self.entered

    def signature(self, body: bytes, secret: str) -> dict[str, str]:
        return {"X-Shopify-Hmac-Sha256": shopify_sign(body, secret)}

    def forget_webhooks(self) -> None:
        self.server.store.subscriptions.clear()

    def webhooks(self) -> int:
        return len(self.server.store.subscriptions)


class WooShop(RealShop):
    kind = "woocommerce"

    def __init__(self, begun: datetime, host: str = "shop.juniper.example") -> None:
        super().__init__(begun)
        self.name = host
        self.server: WooStore = WooStore()

    @property
    def host(self) -> str:
        return self.name

    @property
    def entered(self) -> dict[str, str]:
        return {
            "store": f" http://WWW.{self.name}/wp-admin/ ".replace("WWW.", ""),
            "consumer_key": woo.KEY,
            "consumer_secret": f"{woo.SECRET}\n",
        }

    def order_id(self, number: int) -> str:
        return str(number)

    def put(self, number: int, topic: str, /, **changes: Any) -> None:
        self.server.now = self.next_moment()
        self.server.put({**self.server.orders.get(number, {}), **changes})
        self.server.send(topic, number)

    def sell(
        self, number: int, *, code: str = "MARA15", amount: int = 100, currency: str = "GBP"
    ) -> None:
        at = f"{self.next_moment():%Y-%m-%dT%H:%M:%S}"
        order = woo_orders.an_order(
            id=number, number=str(number), status="processing", currency=currency,
            date_created_gmt=at, date_paid_gmt=at, total=f"{amount}.00", total_tax="0.00",
            shipping_total="0.00", line_items=[woo_orders.a_line(f"{amount}.00")], fee_lines=[],
            shipping_lines=[], meta_data=[], customer_id=number,
            coupon_lines=[{"id": 2, "code": code.lower()}],
        )  # fmt: skip
        self.put(number, "order.created", **json.loads(json.dumps(order, default=str)))

    def change(self, number: int) -> None:
        self.put(number, "order.updated")

    def refund(self, number: int, amount: int) -> None:
        self.server.now = self.next_moment()
        one = woo_orders.a_refund(
            f"{amount}.00",
            id=number * 1_000 + next(self.ids),
            date_created_gmt=f"{self.server.now:%Y-%m-%dT%H:%M:%S}",
            line_items=[woo_orders.refunded(1, f"-{amount}.00")],
        )
        self.server.refund(number, one)
        self.server.send("order.updated", number)

    def delete_refunds(self, number: int) -> None:
        self.server.refunds[number] = []
        self.server.send("order.updated", number)

    def cancel(self, number: int) -> None:
        self.put(number, "order.updated", status="cancelled")

    def delete(self, number: int) -> None:
        """For good: nothing can be asked about it any more."""
        del self.server.orders[number]
        self.server.send("order.deleted", number)

    def revoke_access(self) -> None:
        self.server.permissions = None

    def give_access(self) -> dict[str, str]:
        self.server.permissions = "read_write"
        return self.entered

    def signature(self, body: bytes, secret: str) -> dict[str, str]:
        return {"X-WC-Webhook-Signature": woo_sign(body, secret)}

    def forget_webhooks(self) -> None:
        for one in self.server.webhooks.values():
            one.status = "disabled"

    def webhooks(self) -> int:
        return len([one for one in self.server.webhooks.values() if one.status == "active"])


class StripeAccount(RealShop):
    kind = "stripe"

    def __init__(self, begun: datetime, account: str = ACCOUNT) -> None:
        super().__init__(begun)
        self.account, self.key = account, KEY
        self.server: StripeStandIn = StripeStandIn()
        self.server.stored["promotion_codes"] = [
            objects.promotion_code(number, code=code) for number, code in enumerate(CODES, 1)
        ]

    @property
    def host(self) -> str:
        return "api.stripe.com"

    @property
    def entered(self) -> dict[str, str]:
        return {"account": f" {self.account}", "key": f"{self.key} ", "webhook_secret": ""}

    def order_id(self, number: int) -> str:
        return f"pi_{number}"

    def happen(self, topic: str, found: Any) -> None:
        created = int(self.next_moment().timestamp())
        made = self.server.happen(topic, found, created=created)
        made["id"] = f"evt_{next(self.ids)}"  # each event has its own
        self.server.deliver(made)

    def sell(
        self, number: int, *, code: str = "MARA15", amount: int = 100, currency: str = "GBP"
    ) -> None:
        units = amount * 100
        sold = objects.session(
            number,
            created=int(self.next_moment().timestamp()),
            amount_subtotal=units,
            amount_total=units,
            currency=currency.lower(),
            discounts=[{"coupon": "c", "promotion_code": f"promo_{CODES.index(code) + 1}"}],
        )
        self.server.stored["checkout/sessions"].append(sold)
        paid = {"amount_subtotal": units, "amount_total": units, "currency": currency.lower()}
        self.server.items[sold["id"]] = [objects.item(1, **paid)]
        self.happen("checkout.session.completed", sold)

    def change(self, number: int) -> None:
        """Stripe states no order again: an event of its last refund, or none, is sent anew."""
        for one in self._refunds(number)[-1:]:
            self.happen("refund.updated", one)

    def refund(self, number: int, amount: int) -> None:
        one = objects.refund(
            number * 1_000 + next(self.ids),
            payment_intent=self.order_id(number),
            amount=amount * 100,
            created=int(self.next_moment().timestamp()),
        )
        self.server.stored["refunds"].append(one)
        self.happen("refund.created", one)

    def _refunds(self, number: int) -> list[Any]:
        intent = self.order_id(number)
        return [one for one in self.server.stored["refunds"] if one["payment_intent"] == intent]

    def cancel(self, number: int) -> None:
        """There is no cancelling: all that is left is given back."""
        [sold] = [
            one for one in self.server.stored["checkout/sessions"]
            if one["payment_intent"] == self.order_id(number)
        ]  # fmt: skip
        given_back = sum(one["amount"] for one in self._refunds(number))
        self.refund(number, (sold["amount_total"] - given_back) // 100)

    def needs_access(self, number: int) -> None:
        self.refund(number, 10)

    def revoke_access(self) -> None:
        self.server.permissions = {}

    def give_access(self) -> dict[str, str]:
        self.key = "rk_live_another0key0002"
        self.server.permissions = {self.key: WANTED}
        return self.entered

    def forget_webhooks(self) -> None:
        self.server.stored["webhook_endpoints"].clear()

    def webhooks(self) -> int:
        return len(self.server.stored["webhook_endpoints"])

    def signature(self, body: bytes, secret: str) -> dict[str, str]:
        signed_at = int(datetime.now(UTC).timestamp())
        text = body.decode()
        signed = WebhookSignature.generate_signature_header(text, secret, signed_at)
        return {STRIPE_SIGNATURE: signed}


KINDS: tuple[type[RealShop], ...] = (ShopifyShop, WooShop, StripeAccount)


@contextmanager
def running(*shops: RealShop) -> Iterator[dict[str, str]]:
    """Their stand-ins answer; yields the setting that leads to them."""
    with ExitStack() as stack:
        for shop in shops:
            stack.enter_context(shop.server.running())
        yield {host: where for shop in shops for host, where in shop.stand_in.items()}
