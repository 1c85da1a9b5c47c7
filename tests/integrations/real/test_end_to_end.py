"""Each real kind of shop from end to end: connected, heard, fetched, refused, and heard again.

Its stand-in is reached by the shop's own address, and sends signed deliveries to the view.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from background.models import Work, WorkState
from background.running import run_slice
from brand_admin.work_handlers import HANDLERS
from core.tenancy import acting_for
from integrations import connections
from integrations.connections import StoreTakenError, connect, webhook_address
from integrations.credentials import live_secrets, secret_of
from integrations.filling import fill, request_history
from integrations.models import Connection, Event, RefusedDelivery
from integrations.selectors import NoticeKind, live_health, notices_of
from integrations.test_order import follow_test_order, send_test_order, sent_test_orders
from integrations.working import work_events
from tests.cast import SYSTEM, Cast
from tests.integrations.real.line import again, commission, connected, now, post, work
from tests.integrations.real.outbox import Outbox, Posted
from tests.integrations.real.shops import RealShop, ShopifyShop, StripeAccount, WooShop, running
from tracking.models import Conversion, Order, Refund, RefundState

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


def test_from_connecting_to_a_commission_and_back(
    shop: RealShop, connection: Connection, outbox: Outbox
) -> None:
    assert connection.state == "waiting"
    found = connections.check(connection=connection, by=SYSTEM, now=now())
    assert all(one.is_ok for one in found), found

    shop.sell(1)
    work(connection)
    order, conversion = Order.objects.get(), Conversion.objects.get()
    assert (order.external_id, order.source) == (shop.order_id(1), connection.source)
    assert (conversion.commission_minor, commission()) == (1_000, 1_000)
    assert again(connection).state == "connected"

    shop.refund(1, 30)
    work(connection)
    assert (commission(), Refund.objects.get().state) == (700, RefundState.APPLIED)

    shop.sell(2, code="DIEGO10", amount=50)
    shop.cancel(2)
    work(connection)
    assert commission() == 700
    assert set(outbox.statuses) == {200}
    assert RefusedDelivery.objects.count() == 0


def test_a_test_order_passes_every_hop(connection: Connection) -> None:
    sent = send_test_order(connection=connection, code="MARA15", by=SYSTEM, now=now())
    work(connection)
    assert sent.event_id is not None
    event = sent_test_orders(connection).get(pk=sent.event_id)
    sent = follow_test_order(event=event, now=now())

    assert [(hop.title, hop.text) for hop in sent.hops if not hop.is_ok] == []
    assert (Order.objects.get().is_test, Conversion.objects.count()) == (True, 0)


def test_the_history_is_imported_on_connecting(
    shop: RealShop, outbox: Outbox, at_juniper: Cast
) -> None:
    for number in range(1, 4):
        shop.sell(number)
    shop.refund(2, 40)
    connection = connected(shop)
    asked = request_history(
        connection=connection, since=now() - A_DAY, confirmation=uuid.uuid4(), by=SYSTEM, now=now()
    )
    run_slice(asked.pk, handlers=HANDLERS, now=now())
    work(connection)

    done = Work.objects.get(pk=asked.pk)
    assert (done.state, done.error) == (WorkState.DONE, "")
    assert Order.objects.count() == 3
    assert commission() == 2_600
    shop.change(2)  # what the shop sends by itself says nothing new
    work(connection)
    assert commission() == 2_600


def test_what_was_not_delivered_is_fetched_and_lost_webhooks_are_made_again(
    shop: RealShop, connection: Connection
) -> None:
    wanted = shop.webhooks()
    shop.sell(1)
    shop.forget_webhooks()
    shop.sell(2)
    shop.refund(1, 20)
    work(connection)
    assert (Order.objects.count(), commission(), shop.webhooks()) == (1, 1_000, 0)

    tomorrow = now() + A_DAY
    assert fill(connection_id=connection.pk, now=tomorrow, clock=lambda: tomorrow) >= 2
    work_events(connection_id=connection.pk, now=tomorrow)

    assert (Order.objects.count(), commission(), shop.webhooks()) == (2, 1_800, wanted)
    shop.sell(3)
    work(connection)
    assert Order.objects.count() == 3


def test_revoked_access_is_told_and_new_credentials_work_on_what_waits(
    shop: RealShop, connection: Connection
) -> None:
    shop.sell(1)
    work(connection)
    shop.revoke_access()
    shop.needs_access(1)
    work_events(connection_id=connection.pk, now=now())

    waiting = Event.objects.get(state="waiting")
    assert waiting.reason
    assert again(connection).state == "refused"
    assert [(one.kind, one.text) for one in notices_of(live_health(now=now()))] == [
        (NoticeKind.ACCESS, waiting.reason)
    ]

    secret = secret_of(connection)
    entered = shop.give_access()
    row = connections.change_credentials(
        connection=connection, entered=entered, by=SYSTEM, now=now()
    )
    found = connections.check(connection=row, by=SYSTEM, now=now())
    assert all(one.is_ok for one in found), found
    work(connection)

    assert (again(connection).state, notices_of(live_health(now=now()))) == ("connected", [])
    assert secret_of(again(connection)) == secret
    shop.refund(1, 10)
    work(connection)
    assert Refund.objects.count() >= 1


def test_two_secrets_are_live_after_one_is_changed(
    shop: RealShop, connection: Connection, outbox: Outbox
) -> None:
    outbox.is_holding = True
    shop.sell(1)
    [*before] = outbox.kept
    outbox.is_holding = False
    if isinstance(shop, ShopifyShop):
        shop.server.client_secret = "t" * 32
        new = shop.server.client_secret
        connections.rotate_secret(connection=connection, secret=new, by=SYSTEM, now=now())
    else:
        connections.rotate_secret(connection=connection, by=SYSTEM, now=now())
    connections.subscribe(connection=again(connection), by=SYSTEM, now=now())
    shop.sell(2)

    assert set(outbox.statuses) == {200}  # with the new one
    assert [post(one) for one in before] == [200] * len(before)  # with the former one
    work(connection)
    assert Order.objects.count() == 2
    row = again(connection)
    assert len(live_secrets(row, now=now())) == 2
    assert len(live_secrets(row, now=now() + A_DAY)) == 1


def test_two_brands_can_not_connect_one_store(
    shop: RealShop, connection: Connection, cast: Cast
) -> None:
    with acting_for(cast.saltmarsh), pytest.raises(StoreTakenError):
        connect(kind=shop.kind, entered=shop.entered, by=SYSTEM, now=now())

    connections.disconnect(connection=connection, by=SYSTEM, now=now())
    assert shop.webhooks() == 0
    with acting_for(cast.saltmarsh):
        assert connected(shop).state == "waiting"


def test_a_delivery_for_a_connection_that_ended_is_answered_like_one_for_none(
    shop: RealShop, connection: Connection, outbox: Outbox
) -> None:
    outbox.is_holding = True
    shop.sell(1)
    connections.disconnect(connection=connection, by=SYSTEM, now=now())

    assert {post(one) for one in outbox.kept} == {404}
    unknown = webhook_address(connection).replace(str(connection.public_id), str(uuid.uuid4()))
    assert {post(Posted(unknown, one.headers, one.body)) for one in outbox.kept} == {404}
    assert Event.objects.count() == 0


def test_what_is_sent_again_or_late_changes_nothing(
    shop: RealShop, connection: Connection, outbox: Outbox
) -> None:
    outbox.is_holding = True
    shop.sell(1)
    shop.change(1)
    shop.refund(1, 30)
    shop.refund(1, 20)
    for posted in [*reversed(outbox.kept), *outbox.kept]:
        assert post(posted) == 200
        work(connection)

    assert Order.objects.count() == 1
    assert sorted(Refund.objects.values_list("amount_minor", "state")) == [
        (2_000, "applied"),
        (3_000, "applied"),
    ]
    assert commission() == 500


class TestWooCommerce:
    @pytest.fixture
    def shop(self, settings: Any) -> Iterator[WooShop]:
        made = WooShop(now() - timedelta(minutes=10))
        with running(made) as stand_ins:
            settings.STAND_INS = stand_ins
            yield made

    def test_a_refund_that_was_deleted_is_undone(
        self, shop: WooShop, connection: Connection
    ) -> None:
        shop.sell(1)
        shop.refund(1, 30)
        work(connection)
        shop.delete_refunds(1)
        work(connection)

        assert (commission(), Refund.objects.get().state) == (1_000, RefundState.UNDONE)

    def test_an_order_that_is_gone_is_cancelled_whatever_comes_later(
        self, shop: WooShop, connection: Connection, outbox: Outbox
    ) -> None:
        shop.sell(1)
        work(connection)
        outbox.is_holding = True
        shop.change(1)
        shop.delete(1)
        [changed, deleted] = outbox.kept

        assert post(deleted) == 200
        work(connection)
        gone = Order.objects.get()
        assert (commission(), gone.cancelled_at is not None) == (0, True)
        assert post(changed) == 200
        assert post(deleted) == 200
        work(connection)
        assert (commission(), Order.objects.get().cancelled_at) == (0, gone.cancelled_at)

    def test_a_deletion_counts_for_an_order_that_is_heard_of_later(
        self, shop: WooShop, connection: Connection, outbox: Outbox
    ) -> None:
        outbox.is_holding = True
        shop.sell(1)
        shop.delete(1)
        for posted in reversed(outbox.kept):
            assert post(posted) == 200
            work(connection)

        assert Order.objects.get().cancelled_at is not None
        assert commission() == 0

    def test_the_source_of_a_store_in_a_folder_with_a_port(self, at_juniper: Cast) -> None:
        keys = {name: WooShop(now()).entered[name] for name in ("consumer_key", "consumer_secret")}
        stores = ["https://a.example:8443/shop/wp-admin", "https://a.example/shop/wp-admin"]
        made = [
            connect(kind="woocommerce", entered={"store": one, **keys}, by=SYSTEM, now=now())
            for one in stores
        ]

        assert [one.store for one in made] == ["a.example:8443/shop", "a.example/shop"]
        assert [one.source for one in made] == [
            "woocommerce-a-example-8443-shop",
            "woocommerce-a-example-shop",
        ]


class TestShopify:
    @pytest.fixture
    def shop(self, settings: Any) -> Iterator[ShopifyShop]:
        made = ShopifyShop(now() - timedelta(minutes=10))
        with running(made) as stand_ins:
            settings.STAND_INS = stand_ins
            yield made

    def test_of_one_second_the_later_statement_counts(
        self, shop: ShopifyShop, connection: Connection, outbox: Outbox
    ) -> None:
        """An order is made and paid at once: both deliveries have the same `updated_at`."""
        outbox.is_holding = True
        shop.sell(1)
        [order] = shop.server.store.orders.values()
        at = datetime.fromisoformat(order["updated_at"])
        for after, status in ((100, "pending"), (300, "paid")):
            headers, body = shop.server.delivery(
                "orders/updated", {**order, "financial_status": status}
            )
            headers["X-Shopify-Triggered-At"] = (at + timedelta(milliseconds=after)).isoformat()
            outbox.kept.append(Posted(outbox.kept[0].url, headers, body))
        _, pending, paid = outbox.kept
        for posted in (paid, pending):
            assert post(posted) == 200
            work(connection)

        assert Order.objects.get().payment_status == "paid"
        assert commission() == 1_000

    def test_an_event_of_two_topics_is_two_events(
        self, shop: ShopifyShop, connection: Connection, outbox: Outbox
    ) -> None:
        outbox.is_holding = True
        shop.sell(1)
        [order] = shop.server.store.orders.values()
        for topic in ("orders/create", "orders/paid", "orders/paid"):
            headers, body = shop.server.delivery(topic, order, event_id="e-1")
            assert post(Posted(outbox.kept[0].url, headers, body)) == 200

        assert sorted(Event.objects.values_list("event_id", flat=True)) == [
            "orders/create e-1",
            "orders/paid e-1",
        ]

    def test_the_app_that_was_removed_ends_the_connection(
        self, shop: ShopifyShop, connection: Connection
    ) -> None:
        shop.send("app/uninstalled", {"myshopify_domain": "glow.myshopify.com"})
        work(connection)

        assert again(connection).state == "uninstalled"


class TestStripe:
    @pytest.fixture
    def shop(self, settings: Any) -> Iterator[StripeAccount]:
        made = StripeAccount(now() - timedelta(minutes=10))
        with running(made) as stand_ins:
            settings.STAND_INS = stand_ins
            yield made

    def test_the_secret_is_the_one_that_stripe_chose(
        self, shop: StripeAccount, connection: Connection
    ) -> None:
        [endpoint] = shop.server.stored["webhook_endpoints"]
        assert secret_of(connection) == shop.server.secrets[endpoint["id"]]

        tomorrow = now() + A_DAY
        fill(connection_id=connection.pk, now=tomorrow, clock=lambda: tomorrow)
        assert shop.server.stored["webhook_endpoints"] == [endpoint]
        assert secret_of(again(connection)) == secret_of(connection)

    def test_a_refund_that_failed_is_undone(
        self, shop: StripeAccount, connection: Connection
    ) -> None:
        shop.sell(1)
        shop.refund(1, 30)
        work(connection)
        [refund] = shop.server.stored["refunds"]
        refund["status"] = "failed"
        shop.happen("refund.failed", refund)
        work(connection)

        assert (commission(), Refund.objects.get().state) == (1_000, RefundState.UNDONE)
