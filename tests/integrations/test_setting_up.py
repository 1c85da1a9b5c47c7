"""Setting up a connection: only what the shop accepts is kept, and what is wrong is named."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from background.models import Work
from core.tenancy import acting_for
from integrations.connections import StoreTakenError, disconnect
from integrations.credentials import credentials_of, secret_of
from integrations.entering import known_credentials, seal_entered, unseal_entered
from integrations.models import Connection
from integrations.setting_up import (
    SIGNED,
    SetUp,
    change_secret,
    check_everything,
    enter_again,
    set_up,
)
from integrations.shop import AccessRefusedError, CredentialError, Finding, ShopAwayError
from tests.cast import NOW, SYSTEM, Cast
from tests.integrations.deliveries import ENTERED, STORE, again, body_of, deliver, work
from tests.integrations.made_up_shop import KIND, store_of

pytestmark = pytest.mark.django_db


def connect_it(*, days: int = 0, **changes: str) -> SetUp:
    return set_up(
        kind=KIND, entered=ENTERED | changes, days_of_history=days, confirmation=uuid.uuid4(),
        by=SYSTEM, now=NOW,
    )  # fmt: skip


def test_a_store_that_accepts_what_was_entered_is_connected_at_once(
    made_up: None, at_juniper: Cast
) -> None:
    result = connect_it(days=60)

    assert result.connection is not None
    row = again(result.connection)
    assert (row.state, row.store) == ("waiting", STORE)
    assert list(store_of(STORE).webhooks.values()) == [secret_of(row)]
    work_asked = Work.objects.get()
    assert work_asked.kind == "history_import"
    assert work_asked.parameters["since"] == (NOW - timedelta(days=60)).timestamp()


def test_without_history_none_is_fetched(made_up: None, at_juniper: Cast) -> None:
    assert connect_it().connection is not None
    assert not Work.objects.exists()


@pytest.mark.parametrize(
    ("token", "failure", "said"),
    [
        ("wrong", None, "The shop refuses the token. Enter a new one."),
        ("right", ShopAwayError("The shop did not answer."), "The shop did not answer."),
    ],
)
def test_a_store_that_does_not_accept_it_is_not_kept(
    made_up: None, at_juniper: Cast, token: str, failure: Exception | None, said: str
) -> None:
    store_of(STORE).failure = failure

    result = connect_it(token=token, days=60)

    assert result.connection is None
    assert [one.advice for one in result.findings] == [said]
    assert (Connection.objects.count(), Work.objects.count()) == (0, 0)
    assert not AuditEntry.objects.filter(action__startswith="connection.").exists()


def test_nobody_can_take_a_store_that_is_not_theirs(made_up: None, cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        connect_it(token="guessed")
    with acting_for(cast.juniper):
        assert connect_it().connection is not None
    with acting_for(cast.saltmarsh), pytest.raises(StoreTakenError):
        connect_it()


def test_what_is_needed_stops_it_and_what_is_not_does_not(made_up: None, at_juniper: Cast) -> None:
    store_of(STORE).findings = (Finding("Scope read_orders", is_ok=False, advice="Add it."),)
    assert connect_it().connection is None

    store_of(STORE).findings = (
        Finding("Clock", is_ok=False, advice="It is wrong.", is_needed=False),
    )
    result = connect_it()

    assert result.connection is not None
    assert [one.title for one in result.findings] == ["Clock", "Webhooks"]


def test_new_credentials_replace_the_old_ones_if_the_shop_accepts_them(
    connection: Connection,
) -> None:
    secret = secret_of(connection)
    store_of(STORE).token = "new"

    refused = enter_again(connection=connection, entered=ENTERED, by=SYSTEM, now=NOW)
    accepted = enter_again(
        connection=connection, entered=ENTERED | {"token": "new"}, by=SYSTEM, now=NOW
    )

    assert refused.connection is None
    assert accepted.connection is not None
    assert credentials_of(again(connection))["token"] == "new"
    assert secret_of(again(connection)) == secret


def test_credentials_of_another_store_are_refused(connection: Connection) -> None:
    with pytest.raises(CredentialError, match="another store"):
        enter_again(
            connection=connection, entered=ENTERED | {"store": "two.example"}, by=SYSTEM, now=NOW
        )
    assert credentials_of(again(connection))["store"] == STORE


def test_a_check_says_that_the_shop_signs_with_another_secret(connection: Connection) -> None:
    def signatures(at: timedelta = timedelta(hours=1)) -> Finding:
        row = again(connection)
        found = check_everything(connection=row, by=SYSTEM, now=NOW + at)
        assert found[-1].title == SIGNED
        return found[-1]

    assert signatures().is_ok
    deliver(connection, {"id": "1"}, secret="another")
    deliver(connection, {"id": "2"}, secret="another")
    wrong = signatures()
    assert not wrong.is_ok
    assert wrong.advice.startswith("2 deliveries were refused since the last good one")

    deliver(connection, body_of({"id": "3"}), topic="nothing")
    work(connection)
    assert signatures().is_ok


def test_a_check_makes_webhooks_that_were_removed(connection: Connection) -> None:
    store_of(STORE).webhooks.clear()

    check_everything(connection=connection, by=SYSTEM, now=NOW)

    assert list(store_of(STORE).webhooks.values()) == [secret_of(connection)]


def test_a_check_of_a_shop_that_refuses_access_makes_no_webhooks(connection: Connection) -> None:
    store_of(STORE).failure = AccessRefusedError("The token was revoked.")
    found = check_everything(connection=connection, by=SYSTEM, now=NOW)

    assert [(one.is_ok, one.advice) for one in found] == [
        (False, "The token was revoked."),
        (True, ""),
    ]
    assert again(connection).state == "refused"


def test_a_changed_secret_is_told_to_the_shop(connection: Connection) -> None:
    before = secret_of(connection)

    change_secret(connection=connection, secret="", by=SYSTEM, now=NOW)

    after = secret_of(again(connection))
    assert after != before
    assert list(store_of(STORE).webhooks.values()) == [after]


def test_what_was_entered_comes_back_for_an_hour_to_the_same_brand_and_kind(cast: Cast) -> None:
    with acting_for(cast.juniper):
        sealed = seal_entered(kind=KIND, entered=ENTERED, now=NOW)
        hour = NOW + timedelta(hours=1)
        late = hour + timedelta(seconds=1)

        assert "right" not in sealed
        assert unseal_entered(kind=KIND, sealed=sealed, now=hour) == ENTERED
        assert unseal_entered(kind=KIND, sealed=sealed, now=late) == {}
        assert unseal_entered(kind="stripe", sealed=sealed, now=NOW) == {}
        assert unseal_entered(kind=KIND, sealed="nonsense é", now=NOW) == {}
    with acting_for(cast.saltmarsh):
        assert unseal_entered(kind=KIND, sealed=sealed, now=NOW) == {}


def test_a_form_knows_what_was_entered_and_not_the_secret_that_we_made(
    connection: Connection,
) -> None:
    assert known_credentials(connection) == {"store": STORE, "token": "right"}
    disconnect(connection=connection, by=SYSTEM, now=NOW)
    assert known_credentials(again(connection)) == {}
