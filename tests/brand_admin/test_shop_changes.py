"""Changing a connection: its name, credentials and secret, earlier orders, its end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from background.models import Work
from brand_admin.connections import changing
from core.tenancy import acting_for
from integrations.connections import connect, disconnect
from integrations.credentials import credentials_of
from integrations.models import Connection
from integrations.states import note_access_refused
from tests.answers import page_text
from tests.brand_admin.desk import at, desk_of, logged, shown
from tests.brand_admin.shops import (
    entered,
    only,
    page_of,
    secret_of_connection,
    setup_of,
)
from tests.cast import NOW, SYSTEM, Cast
from tests.integrations.woocommerce.stand_in import SECRET, WooStore
from tests.snapshot import snapshot

pytestmark = pytest.mark.usefixtures("at_noon")


def test_earlier_orders_are_imported_once_per_form(connection: Connection, cast: Cast) -> None:
    theo, address = desk_of(cast.theo), page_of(cast, connection, "connection_history")
    form = {"confirmation": "00000000-0000-4000-8000-000000000002", "days": "365"}

    theo.post(address, form)
    theo.post(address, form)

    with acting_for(cast.juniper):
        work = Work.objects.get()
    assert work.parameters["since"] == (NOW - timedelta(days=365)).timestamp()
    assert theo.post(address, form | {"days": "9999"}).status_code == 422


def test_it_is_renamed(ines: Client, connection: Connection, cast: Cast) -> None:
    address = page_of(cast, connection, "connection_name")

    assert ines.post(address, {"name": ""}).status_code == 422
    page = shown(ines.post(address, {"name": "The\nshop"}, follow=True))

    assert "It is called The shop now." in page
    assert only(cast).name == "The shop"


def test_new_credentials_are_kept_if_the_store_accepts_them(
    ines: Client, connection: Connection, cast: Cast, store: WooStore
) -> None:
    address = page_of(cast, connection, "connection_credentials")
    wrong = entered(store, consumer_secret="cs_" + "9" * 40)

    refused = ines.post(address, wrong)
    accepted = ines.post(address, entered(store, consumer_secret=""), follow=True)
    other = ines.post(address, entered(store, store="https://other.example"))

    assert refused.status_code == 422
    assert "Wrong: " in page_text(refused)
    assert "The shop accepts the new credentials." in shown(accepted)
    assert other.status_code == 422
    with acting_for(cast.juniper):
        assert credentials_of(only(cast))["consumer_secret"] == SECRET


def test_access_that_was_refused_is_regained_with_new_credentials(
    ines: Client, connection: Connection, cast: Cast, store: WooStore
) -> None:
    with acting_for(cast.juniper):
        note_access_refused(connection, "Enter another key.", by=SYSTEM, now=NOW)
    refused = shown(ines.get(page_of(cast, connection)))

    ines.post(page_of(cast, connection, "connection_credentials"), entered(store))

    assert "The shop refuses access" in refused
    assert "Enter another key." in refused
    assert "Access refused" not in shown(ines.get(at(cast.juniper, "home")))
    assert only(cast).state == "waiting"


def test_a_changed_secret_is_told_to_the_store(
    ines: Client, connection: Connection, cast: Cast, store: WooStore
) -> None:
    before = secret_of_connection(connection, cast)

    ines.post(page_of(cast, connection, "connection_secret"))

    after = secret_of_connection(only(cast), cast)
    assert after != before
    assert {one.secret for one in store.webhooks.values()} == {after}


def test_the_secret_of_shopify_is_entered_by_a_person(ines: Client, cast: Cast) -> None:
    with acting_for(cast.juniper):
        given = {"store": "glow", "client_id": "c" * 32, "client_secret": "s" * 32}
        row = connect(kind="shopify", entered=given, by=SYSTEM, now=NOW)
    address = page_of(cast, row, "connection_secret")

    assert ines.post(address, {"secret": " "}).status_code == 422
    assert ines.post(address, {"secret": "n" * 32}).status_code == 302
    assert secret_of_connection(only(cast), cast) == "n" * 32


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        (f" “{'n' * 32}”\u200b ", "n" * 32),
        (f"{'n' * 16} {'n' * 16}", "has a space in it"),
        (f"shpat_{'n' * 32}", "This is an access token"),
    ],
)
def test_a_secret_is_cleaned_as_the_shops_first_one(
    pasted: str, kept: str, ines: Client, cast: Cast
) -> None:
    with acting_for(cast.juniper):
        given = {"store": "glow", "client_id": "c" * 32, "client_secret": "s" * 32}
        row = connect(kind="shopify", entered=given, by=SYSTEM, now=NOW)

    page = ines.post(page_of(cast, row, "connection_secret"), {"secret": pasted})

    if page.status_code == 302:
        assert secret_of_connection(only(cast), cast) == kept
    else:
        assert kept in page_text(page)
        assert pasted not in page_text(page)
        assert secret_of_connection(only(cast), cast) == "s" * 32


@pytest.mark.parametrize("name", ["connection_credentials", "connection_secret"])
def test_what_is_disconnected_while_the_shop_is_asked_says_so(
    name: str,
    ines: Client,
    connection: Connection,
    cast: Cast,
    store: WooStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def found_before(*args: object, **kwargs: object) -> Connection:
        disconnect(connection=connection, by=SYSTEM, now=NOW)
        return connection

    monkeypatch.setattr(changing, "get_object_or_404", found_before)

    page = shown(ines.post(page_of(cast, connection, name), entered(store), follow=True))

    assert "This shop is not connected any more" in page


def test_it_is_disconnected_after_a_question_and_connected_again(
    ines: Client, connection: Connection, cast: Cast, store: WooStore
) -> None:
    address = page_of(cast, connection, "connection_disconnect")
    assert "No order and no refund" in shown(ines.get(address))
    assert only(cast).is_live

    page = shown(ines.post(address, follow=True))

    assert only(cast).state == "disconnected"
    assert store.webhooks == {}
    again = f"{setup_of(cast.juniper)}?again={connection.pk}"
    assert f'href="{again}"' in page
    assert f'value="127.0.0.1:{store.port}"' in shown(ines.get(again))
    ines.post(setup_of(cast.juniper), entered(store))
    assert only(cast).state == "waiting"


def test_a_link_puts_no_store_into_the_form(
    ines: Client, connection: Connection, cast: Cast
) -> None:
    """The owner who pastes the keys beside it would send them to that store."""
    page = setup_of(cast.juniper)

    assert "evil" not in shown(ines.get(f"{page}?store=https://evil.example&again=evil"))
    other = at(cast.juniper, "connection_setup", kind="shopify")
    assert connection.store not in shown(ines.get(f"{other}?again={connection.pk}"))
    assert connection.store in shown(ines.get(f"{page}?again={connection.pk}"))
    elsewhere = at(cast.saltmarsh, "connection_setup", kind="woocommerce")
    otto = desk_of(cast.otto)
    assert connection.store not in shown(otto.get(f"{elsewhere}?again={connection.pk}"))


def test_before_shopify_is_disconnected_the_page_tells_what_shoppers_lose(
    ines: Client, connection: Connection, cast: Cast
) -> None:
    with acting_for(cast.juniper):
        given = {"store": "glow", "client_id": "c" * 32, "client_secret": "s" * 32}
        row = connect(kind="shopify", entered=given, by=SYSTEM, now=NOW)
    told = "remove the app in Shopify in place of this"

    assert told in shown(ines.get(page_of(cast, row, "connection_disconnect")))
    page = shown(ines.get(page_of(cast, connection, "connection_disconnect")))
    assert "What shoppers ask" not in page


def test_who_is_no_owner_changes_nothing(connection: Connection, cast: Cast) -> None:
    theo, vera = desk_of(cast.theo), desk_of(cast.vera)
    before = snapshot()

    for name in ("name", "credentials", "secret", "disconnect"):
        address = page_of(cast, connection, f"connection_{name}")
        for client in (theo, vera):
            assert client.get(address).status_code == 403
            assert client.post(address, {"name": "x"}).status_code == 403
    for name in ("check", "test", "history"):
        address = page_of(cast, connection, f"connection_{name}")
        assert vera.post(address, {"code": "MARA15"}).status_code == 403

    assert snapshot() == before


def test_the_audit_log_tells_what_was_done_to_the_shop_by_its_name(
    ines: Client, cast: Cast, store: WooStore
) -> None:
    ines.post(setup_of(cast.juniper), entered(store))
    connection = only(cast)
    ines.post(page_of(cast, connection, "connection_name"), {"name": "The shop"})
    ines.post(page_of(cast, connection, "connection_test"), {"code": "MARA15"})
    ines.post(page_of(cast, connection, "connection_secret"))
    ines.post(page_of(cast, connection, "connection_disconnect"))

    lines = logged(ines.get(at(cast.juniper, "settings_audit"), {"about": "shops"}))

    address = f"127.0.0.1:{store.port}"
    assert [line.words for line in reversed(lines)] == [
        f"connected the shop {address}",
        "had the shop send its orders",
        f"renamed the connection from WooCommerce {address} to The shop",
        "sent a test order with the code MARA15",
        "changed what the shop signs with",
        f"disconnected the shop {address}",
    ]
    assert {line.name for line in lines} == {"The shop"}
    assert {line.page for line in lines} == {"brand_admin:connection"}
