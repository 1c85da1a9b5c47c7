"""The page of a connection: its state, its check and its test order; the list, and Home."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from brand_admin.connections.words import Checked, ago
from core.tenancy import acting_for
from integrations.connections import connect
from integrations.models import Connection, Event
from integrations.shop import Finding
from tests.answers import Answer
from tests.brand_admin.desk import at, desk_of, queries_of, sell, shown
from tests.brand_admin.shops import (
    deliver,
    deliver_order,
    entered,
    page_of,
    secret_of_connection,
    send_test_order,
    setup_of,
    work,
)
from tests.brand_admin.staff import new_brand
from tests.cast import NOW, SYSTEM, Cast, order
from tests.integrations.woocommerce.stand_in import KEY, SECRET, WooStore
from tests.snapshot import snapshot
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_noon")


def test_the_first_order_makes_it_connected_and_shows_what_it_earned(
    ines: Client, connection: Connection, cast: Cast, store: WooStore
) -> None:
    deliver_order(connection, cast, 7001, "MARA15")
    deliver_order(connection, cast, 7002, "NOBODY")

    page = shown(ines.get(page_of(cast, connection)))

    assert "Connected: last order just now" in page
    assert "Latest orders from this shop" in page
    assert "Mara Lindqvist" in page
    assert "£10.00" in page
    assert "No member has the code" in page
    assert "First real order" not in page


def test_refused_deliveries_tell_a_wrongly_connected_shop_from_a_quiet_one(
    ines: Client, connection: Connection, cast: Cast
) -> None:
    quiet = shown(ines.get(page_of(cast, connection)))
    assert deliver(connection, b"{}", "forged").status_code == 401

    page = shown(ines.get(page_of(cast, connection)))

    assert "Nothing has arrived from the shop yet." in quiet
    assert "The shop is connected wrongly, not quiet." in page
    assert "1 delivery of the last 7 days was refused" in page
    assert "The signature is wrong or missing" in page
    home = shown(ines.get(at(cast.juniper, "home")))
    assert "1 delivery of the last 7 days was refused" in home
    assert page_of(cast, connection) in home


def test_a_page_asks_again_while_something_is_awaited(
    ines: Client, connection: Connection, cast: Cast, store: WooStore
) -> None:
    waiting = shown(ines.get(page_of(cast, connection)))
    deliver_order(connection, cast, 7001, "MARA15")
    connected = shown(ines.get(page_of(cast, connection)))
    ines.post(page_of(cast, connection, "connection_disconnect"))
    ended = shown(ines.get(page_of(cast, connection)))

    assert 'data-hx-trigger="every 3s"' in waiting
    assert 'data-hx-trigger="every 30s"' in connected
    assert 'data-hx-trigger="every' not in ended


@pytest.mark.parametrize("person", ["theo", "vera"])
def test_no_page_shows_a_secret(person: str, connection: Connection, cast: Cast) -> None:
    client = desk_of(getattr(cast, person))
    secrets = [SECRET, KEY, secret_of_connection(connection, cast)]

    page = shown(client.get(page_of(cast, connection)))

    assert [one for one in secrets if one in page] == []
    assert "Change the secret" not in page
    assert ("Send a test order" in page) == (person == "theo")


def test_an_owner_sees_known_credentials_without_secrets(
    ines: Client, connection: Connection, cast: Cast
) -> None:
    page = shown(ines.get(page_of(cast, connection, "connection_credentials")))

    assert f'value="{KEY}"' in page
    assert SECRET not in page
    assert "We have it. Leave it empty to keep it." in page


def check(client: Client, cast: Cast, connection: Connection) -> Answer:
    return client.post(page_of(cast, connection, "connection_check"))


def test_a_check_says_that_all_is_right(connection: Connection, cast: Cast) -> None:
    assert "All is right" in shown(check(desk_of(cast.theo), cast, connection))


def test_a_check_makes_webhooks_again_and_says_so(
    ines: Client, connection: Connection, cast: Cast, store: WooStore
) -> None:
    store.webhooks.clear()

    page = shown(check(ines, cast, connection))

    assert "Webhook order.created, Webhook order.updated" in page
    assert "It was not there, so we made it." in page
    assert len(store.webhooks) == 4


def test_a_revoked_key_is_named(
    ines: Client, connection: Connection, cast: Cast, store: WooStore
) -> None:
    store.permissions = None

    page = shown(check(ines, cast, connection))

    assert "Wrong: </span>Key" in page


def test_an_ended_connection_is_not_checked(
    ines: Client, connection: Connection, cast: Cast, store: WooStore
) -> None:
    ines.post(page_of(cast, connection, "connection_disconnect"))
    store.requests.clear()

    answer = ines.post(page_of(cast, connection, "connection_check"), follow=True)

    assert "This shop is not connected any more: connect it again first." in shown(answer)
    assert store.requests == []


def test_findings_with_the_same_advice_are_told_once() -> None:
    checked = Checked.of(
        [
            Finding("A", is_ok=True),
            Finding("B", is_ok=False, advice="Do it."),
            Finding("C", is_ok=False, advice="Do it."),
            Finding("D", is_ok=False, advice="Wait.", is_needed=False),
            Finding("E", is_ok=True, advice="Known."),
        ]
    )

    assert [(one.title, one.advice) for one in checked.wrong] == [("B, C", "Do it.")]
    assert [one.title for one in checked.weak] == ["D"]
    assert [one.title for one in checked.noted] == ["E"]
    assert checked.right == ["A"]
    assert not checked.is_right


def test_a_test_order_is_followed_until_it_is_credited(
    ines: Client, connection: Connection, cast: Cast
) -> None:
    under_way = send_test_order(ines, cast, connection, "MARA15")
    [(address, _)] = under_way.redirect_chain
    with acting_for(cast.juniper):
        event = Event.objects.get()
    work(connection, cast)

    page = shown(ines.get(address))

    assert address == page_of(cast, connection, "connection_test_order", event_id=event.pk)
    assert "It waits for a worker." in shown(under_way)
    assert 'data-hx-trigger="every 1s"' in shown(under_way)
    assert "Mara Lindqvist in Winter Glow creators: the order brought the code MARA15." in page
    assert "10.00 GBP. A test order is not paid." in page
    assert "All of it works on our side." in page
    assert 'data-hx-trigger="every 1s"' not in page


def test_a_listed_code_is_entered_already(ines: Client, connection: Connection, cast: Cast) -> None:
    page = shown(ines.get(page_of(cast, connection)))

    assert 'value="JUNE20"' in page
    assert '<option value="MARA15">Mara Lindqvist in Winter Glow creators</option>' in page


def test_a_brand_without_codes_can_test_all_the_same(cast: Cast, store: WooStore) -> None:
    bare = new_brand("bare", owner=cast.ines)
    client = desk_of(cast.ines)
    client.post(setup_of(bare), entered(store))
    with acting_for(bare):
        connection = Connection.objects.get()
    page = shown(client.get(at(bare, "connection", connection_id=connection.pk)))

    answer = client.post(at(bare, "connection_test", connection_id=connection.pk), {"code": ""})

    assert "No member has a code yet" in page
    assert answer.status_code == 302


def test_the_test_of_an_ended_connection_says_so(
    ines: Client, connection: Connection, cast: Cast
) -> None:
    ines.post(page_of(cast, connection, "connection_disconnect"))
    before = snapshot()

    answer = send_test_order(ines, cast, connection, "MARA15")

    assert answer.status_code == 200
    changed = {name for name, n in snapshot().counts.items() if n != before.counts[name]}
    assert changed <= {"accounts_auditentry", "accounts_auditcount"}


def test_an_event_that_is_no_test_order_is_not_followed(
    ines: Client, connection: Connection, cast: Cast, store: WooStore
) -> None:
    deliver_order(connection, cast, 7001, "MARA15")
    with acting_for(cast.juniper):
        event = Event.objects.get()
    address = page_of(cast, connection, "connection_test_order", event_id=event.pk)

    assert ines.get(address).status_code == 404


def test_the_list_takes_as_many_queries_for_three_as_for_one(
    ines: Client, connection: Connection, cast: Cast
) -> None:
    address = at(cast.juniper, "connections")
    one = queries_of(ines, address)
    with acting_for(cast.juniper):
        for number in (2, 3):
            given = {
                "store": f"glow-{number}", "client_id": "c" * 32, "client_secret": "s" * 32,
            }  # fmt: skip
            connect(kind="shopify", entered=given, by=SYSTEM, now=NOW)

    assert queries_of(ines, address) == one


def test_the_list_says_how_each_shop_is(
    ines: Client, connection: Connection, cast: Cast, store: WooStore
) -> None:
    waiting = shown(ines.get(at(cast.juniper, "connections")))
    deliver_order(connection, cast, 7001, "MARA15")
    with acting_for(cast.juniper):
        Connection.objects.update(
            last_order_at=NOW - timedelta(hours=3), silent_since=NOW - timedelta(hours=3)
        )

    page = shown(ines.get(at(cast.juniper, "connections")))

    assert "Waiting for the first order" in waiting
    assert "none yet" in waiting
    assert "Connected, but silent" in page
    assert "3 hours ago" in page
    assert "No order has come for much longer than usual." in shown(
        ines.get(at(cast.juniper, "home"))
    )


def test_home_says_that_a_shop_is_to_be_connected_until_a_real_order_came(
    ines: Client, connection: Connection, cast: Cast
) -> None:
    def step() -> tuple[str, bool]:
        [*_, last] = ines.get(at(cast.juniper, "home")).context["first_steps"]
        return last.href, last.is_done

    send_test_order(ines, cast, connection, "NOBODY")
    work(connection, cast)
    shop = at(cast.juniper, "connection", connection_id=connection.pk)
    assert step() == (shop, False)

    with acting_for(cast.juniper):
        real = order("2001", promo_code="NOBODY")
        record_order(source="api", order=real, by=SYSTEM, now=NOW)
    assert step() == (shop, True)


def test_home_is_quiet_about_a_shop_that_works(
    ines: Client, connection: Connection, cast: Cast
) -> None:
    sell(cast)

    needs = ines.get(at(cast.juniper, "home")).context["needs"]
    assert connection.name not in {need.title for need in needs}


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=2), "2 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=1200), "1,200 days ago"),
    ],
)
def test_how_long_ago_it_was(passed: timedelta, words: str) -> None:
    assert ago(NOW - passed, NOW) == words


def test_never_is_no_time_ago() -> None:
    assert ago(None, NOW) == ""
