"""Connecting a store, checking it, changing its credentials, ending and connecting it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, transaction
from django.db import connection as database

from accounts.models import AuditEntry
from core.sealing import Seal, SealError
from core.tenancy import acting_for
from integrations.connections import (
    NotConnectedError,
    StoreTakenError,
    change_credentials,
    check,
    client_of,
    connect,
    disconnect,
    rename,
    rotate_secret,
    subscribe,
    webhook_address,
)
from integrations.credentials import credentials_of, secret_of
from integrations.models import Connection, ConnectionState
from integrations.shop import CredentialError, Finding, ShopAwayError
from integrations.shops import SHOPS
from integrations.states import end_connection
from payouts.sealing import unseal
from tests.cast import NOW, SYSTEM, Cast
from tests.integrations.deliveries import ENTERED, STORE, again, connected
from tests.integrations.made_up_shop import KIND, MadeUpShop, store_of

pytestmark = pytest.mark.django_db


def test_a_store_is_connected_with_what_was_pasted_and_told_where_to_send(
    made_up: None, at_juniper: Cast
) -> None:
    row = connect(
        kind=KIND, entered={"store": "HTTPS://Juniper.example/ ", "token": " right "}, by=SYSTEM,
        now=NOW,
    )  # fmt: skip
    assert (row.store, row.source, row.state) == (STORE, "made-up-juniper-example", "connecting")
    assert (row.name, row.created_at) == ("Made-up shop juniper.example", NOW)
    assert store_of(STORE).webhooks == {}

    findings = subscribe(connection=row, by=SYSTEM, now=NOW)

    row = again(row)
    assert findings == (Finding("Webhooks", is_ok=True),)
    assert store_of(STORE).webhooks == {webhook_address(row): secret_of(row)}
    assert (row.state, row.connected_at, row.filled_until) == ("waiting", NOW, NOW)
    assert [entry.action for entry in AuditEntry.objects.filter(target=f"connection:{row.pk}")] == [
        "connection.made",
        "connection.subscribed",
    ]


def test_nothing_secret_is_stored_as_it_is(connection: Connection) -> None:
    secret = secret_of(connection)
    with database.cursor() as cursor:
        cursor.execute("SELECT row::text FROM integrations_connection AS row")
        [stored] = [text for (text,) in cursor.fetchall()]

    assert credentials_of(connection)["token"] == "right"
    assert len(secret) > 30
    assert "right" not in stored
    assert secret not in stored


def test_credentials_open_for_their_own_connection_alone(
    connection: Connection, cast: Cast
) -> None:
    with acting_for(cast.saltmarsh):
        theirs = Connection(kind=KIND, store=STORE, brand=cast.saltmarsh)
        theirs.sealed_credentials = connection.sealed_credentials
        with pytest.raises(SealError):
            credentials_of(theirs)
    with pytest.raises(SealError):
        unseal("anybody", connection.sealed_credentials)


def test_payout_details_that_were_sealed_before_still_open(settings: Any) -> None:
    """Sealed by the code that sealed nothing but payout details."""
    settings.DETAILS_KEYS = ["the key of an installation"]
    sealed = (
        "gAAAAABrC7AaiBwfSgJpWJ-tFC-Sl60Tdir5mqzpNoyyQP09IY_nC72rwHFGtin_Ve6YoN4EX7AgoC_gbOoSUhe7Cx"
        "6p-T3SDdU00VkLC2B9DcjA7288efY4fq_WjeI4wDLdlGDojP904ah-yWQbITt2u4tkZNUTAg=="
    )

    assert unseal("creator:1", sealed) == {"iban": "DE89"}
    with pytest.raises(SealError):
        Seal("shop credentials").unseal("creator:1", sealed)


def test_an_address_that_is_too_long_is_named_beside_its_field(
    made_up: None, at_juniper: Cast
) -> None:
    with pytest.raises(CredentialError, match="more than 200 characters") as caught:
        connect(kind=KIND, entered=ENTERED | {"store": "a" * 201}, by=SYSTEM, now=NOW)

    assert caught.value.field == "store"
    assert not Connection.objects.exists()


def test_a_store_that_is_connected_already_is_refused_without_saying_whose(
    connection: Connection, cast: Cast
) -> None:
    with pytest.raises(StoreTakenError) as own:
        connect(kind=KIND, entered=ENTERED, by=SYSTEM, now=NOW)
    with acting_for(cast.saltmarsh), pytest.raises(StoreTakenError) as theirs:
        connect(kind=KIND, entered=ENTERED, by=SYSTEM, now=NOW)

    assert str(own.value) == str(theirs.value)
    assert "juniper &" not in str(theirs.value).lower()
    with acting_for(cast.saltmarsh):
        assert Connection.objects.count() == 0


def test_a_store_that_one_brand_left_another_can_connect(
    connection: Connection, cast: Cast
) -> None:
    disconnect(connection=connection, by=SYSTEM, now=NOW)
    with acting_for(cast.saltmarsh):
        assert connected().state == ConnectionState.WAITING

    with pytest.raises(StoreTakenError):
        connect(kind=KIND, entered=ENTERED, by=SYSTEM, now=NOW)


def test_disconnecting_forgets_the_credentials_and_removes_the_webhooks(
    connection: Connection,
) -> None:
    row = disconnect(connection=connection, by=SYSTEM, now=NOW)

    assert store_of(STORE).webhooks == {}
    assert (row.state, row.ended_at, row.next_fill_at) == ("disconnected", NOW, None)
    assert (row.sealed_credentials, row.sealed_secret, row.sealed_former_secret) == ("", "", "")
    with pytest.raises(NotConnectedError):
        client_of(row)
    with pytest.raises(NotConnectedError):
        rotate_secret(connection=row, by=SYSTEM, now=NOW)
    assert disconnect(connection=row, by=SYSTEM, now=NOW + timedelta(days=1)).ended_at == NOW


def test_a_shop_that_is_away_is_disconnected_too(connection: Connection) -> None:
    store_of(STORE).failure = ShopAwayError("The shop did not answer.")

    assert disconnect(connection=connection, by=SYSTEM, now=NOW).state == "disconnected"

    left = AuditEntry.objects.get(action="connection.webhooks_left")
    assert left.detail == {"reason": "The shop did not answer."}


def test_connecting_again_keeps_source_and_row_and_takes_a_new_address(
    connection: Connection,
) -> None:
    disconnect(connection=connection, by=SYSTEM, now=NOW)
    row = connected(now=NOW + timedelta(days=3))

    assert (row.pk, row.source) == (connection.pk, connection.source)
    assert row.public_id != connection.public_id
    assert (row.state, row.ended_at, row.created_at) == ("waiting", None, NOW)


def test_what_the_check_finds_is_told_and_access_is_noted(connection: Connection) -> None:
    store = store_of(STORE)
    assert check(connection=connection, by=SYSTEM, now=NOW) == store.findings

    store.failure = ShopAwayError("The shop did not answer within 15 s.")
    [finding] = check(connection=connection, by=SYSTEM, now=NOW)
    assert (finding.is_ok, finding.advice) == (False, "The shop did not answer within 15 s.")
    assert again(connection).state == "waiting"

    store.failure, store.token = None, "new"
    [finding] = check(connection=connection, by=SYSTEM, now=NOW)
    assert not finding.is_ok
    assert again(connection).state == "refused"

    store.token = "right"
    check(connection=connection, by=SYSTEM, now=NOW)
    assert (again(connection).state, again(connection).problem) == ("waiting", "")


def test_a_new_connection_without_access_stays_in_connecting(
    made_up: None, at_juniper: Cast
) -> None:
    row = connect(kind=KIND, entered=ENTERED | {"token": "wrong"}, by=SYSTEM, now=NOW)
    [finding] = subscribe(connection=row, by=SYSTEM, now=NOW)

    row = again(row)
    assert (finding.is_ok, row.state) == (False, "connecting")
    assert row.problem == "The shop refuses the token. Enter a new one."

    row = change_credentials(connection=row, entered=ENTERED, by=SYSTEM, now=NOW)
    subscribe(connection=row, by=SYSTEM, now=NOW)
    assert (again(row).state, again(row).problem) == ("waiting", "")


def test_credentials_of_another_store_are_refused(connection: Connection) -> None:
    with pytest.raises(CredentialError, match="This is another store"):
        change_credentials(
            connection=connection, entered=ENTERED | {"store": "other.example"}, by=SYSTEM, now=NOW
        )
    assert credentials_of(again(connection))["token"] == "right"


def test_new_credentials_keep_the_secret_that_the_shop_was_told(connection: Connection) -> None:
    secret = secret_of(connection)
    entered = ENTERED | {"token": "new"}
    row = change_credentials(connection=connection, entered=entered, by=SYSTEM, now=NOW)

    assert (credentials_of(row)["token"], secret_of(row)) == ("new", secret)
    assert row.sealed_former_secret == ""


def test_a_secret_that_the_shop_alone_makes_has_to_be_entered(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SignsWithItsToken(MadeUpShop):
        secret_field = "token"

    monkeypatch.setitem(SHOPS, KIND, SignsWithItsToken())
    with pytest.raises(CredentialError, match="make a new one there"):
        rotate_secret(connection=connection, by=SYSTEM, now=NOW)

    row = rotate_secret(connection=connection, secret=" fresh ", by=SYSTEM, now=NOW)

    assert (secret_of(row), credentials_of(row)["token"]) == ("fresh", "fresh")
    assert row.former_secret_until == NOW + timedelta(days=1)


def test_a_secret_that_the_shop_chose_while_subscribing_is_kept(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Chooses(MadeUpShop):
        def client(self, credentials: Any) -> Any:
            client = super().client(credentials)
            client.chosen_secret = "chosen"  # type: ignore[attr-defined]
            return client

    monkeypatch.setitem(SHOPS, KIND, Chooses())
    subscribe(connection=connection, by=SYSTEM, now=NOW)

    assert secret_of(again(connection)) == "chosen"
    assert credentials_of(again(connection))["webhook_secret"] == "chosen"


def test_it_is_renamed(connection: Connection) -> None:
    assert (
        rename(connection=connection, name="  Main shop ", by=SYSTEM, now=NOW).name == "Main shop"
    )
    assert rename(connection=connection, name=" ", by=SYSTEM, now=NOW).name == "Main shop"
    assert AuditEntry.objects.filter(action="connection.renamed").count() == 1


def test_long_and_equal_names_of_stores_make_different_sources(
    made_up: None, at_juniper: Cast
) -> None:
    names = ["a.b.example", "a-b.example", "x" * 80 + ".example"]
    sources = [connected(store=name).source for name in names]

    assert len(set(sources)) == 3
    assert sources[0] == "made-up-a-b-example"
    assert max(map(len, sources)) <= 60


@pytest.mark.parametrize("column", ["source", "store", "kind"])
def test_postgresql_keeps_what_a_connection_is(connection: Connection, column: str) -> None:
    with pytest.raises(DatabaseError, match="a connection stays"), transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(**{column: "other"})
    with pytest.raises(DatabaseError, match="a connection stays"), transaction.atomic():
        Connection.objects.filter(pk=connection.pk).delete()


@pytest.mark.parametrize(
    "change",
    [
        {"state": "odd"},
        {"sealed_credentials": ""},
        {"state": "disconnected"},
        {"sealed_former_secret": "x"},
        {"former_secret_until": NOW},
    ],
)
def test_postgresql_refuses_states_that_contradict_themselves(
    connection: Connection, change: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(**change)


def test_one_store_has_one_live_connection_in_postgresql(
    connection: Connection, cast: Cast
) -> None:
    with acting_for(cast.saltmarsh), pytest.raises(IntegrityError), transaction.atomic():
        Connection.objects.create(
            kind=KIND, store=STORE, source="x", name="x", created_at=NOW, sealed_credentials="x"
        )


def test_keys_can_be_replaced(connection: Connection, settings: Any, capsys: Any) -> None:
    secret, old = secret_of(connection), list(settings.DETAILS_KEYS)
    settings.DETAILS_KEYS = ["new", *old]
    call_command("reseal_connections")
    call_command("reseal_connections")
    settings.DETAILS_KEYS = ["new"]

    assert secret_of(again(connection)) == secret
    assert credentials_of(again(connection))["token"] == "right"
    assert capsys.readouterr().out.splitlines() == [
        "1 connections were encrypted with the first key.",
        "0 connections were encrypted with the first key.",
    ]


def test_ending_it_twice_in_two_ways(connection: Connection) -> None:
    removed = end_connection(connection, ConnectionState.UNINSTALLED, by=SYSTEM, now=NOW)
    assert (removed.state, bool(removed.sealed_secret)) == ("uninstalled", True)
    ended = disconnect(connection=removed, by=SYSTEM, now=NOW)
    assert (ended.state, ended.sealed_secret) == ("disconnected", "")
    assert end_connection(ended, ConnectionState.UNINSTALLED, by=SYSTEM, now=NOW).state == (
        "disconnected"
    )
