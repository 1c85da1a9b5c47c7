"""The pages of connections in every state: no axe violation, nothing wider than the screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.tenancy import acting_for
from integrations.connections import connect
from integrations.models import Connection, ConnectionState, Event, EventState, RefusedDelivery
from integrations.test_order import send_test_order
from integrations.working import work_events
from tests.cast import NOW, SYSTEM, Cast, raw_order
from tests.inspection import faults_of, prepare
from tests.integrations.woocommerce.stand_in import KEY, SECRET, WooStore
from tests.journeys.devices import on_a
from tests.journeys.furnished import LONG
from tracking.orders.reading import read_order
from tracking.orders.recording import record_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Desk = Callable[..., Page]


def report(faults: list[str]) -> None:
    assert not faults, "\n".join(faults)


@pytest.fixture
def connection(cast: Cast) -> Connection:
    """A shop with a long name, two orders, a failed delivery and refused ones."""
    with acting_for(cast.juniper):
        given = {"store": "http://127.0.0.1:1", "consumer_key": KEY, "consumer_secret": SECRET}
        made = connect(kind="woocommerce", entered=given, name=LONG, by=SYSTEM, now=NOW)
        for number, code in (("1", "MARA15"), ("2", "NOBODY")):
            order = read_order(raw_order(number, promo_code=code))
            record_order(source=made.source, order=order, by=SYSTEM, now=NOW)
        sent = {"connection": made, "received_at": NOW, "worked_at": NOW, "brand": cast.juniper}
        Event.objects.create(state=EventState.DONE, order_ids=["1", "2"], event_id="1", **sent)
        Event.objects.create(state=EventState.FAILED, reason="No.", event_id="2", **sent)
        RefusedDelivery.objects.create(
            brand=cast.juniper, connection=made, reason="signature", hour=NOW, last_at=NOW
        )
        return made


STATES: dict[str, dict[str, Any]] = {
    "connecting": {"problem": "Webhooks: the store does not make them.", "problem_at": NOW},
    "waiting": {"connected_at": NOW},
    "connected": {"connected_at": NOW, "last_order_at": NOW, "silent_since": NOW},
    "refused": {"connected_at": NOW, "problem": "Enter another key.", "problem_at": NOW},
    "uninstalled": {"connected_at": NOW, "ended_at": NOW, "sealed_credentials": ""},
}


@on_a("desktop")
def test_a_connection_in_every_state(
    connection: Connection, cast: Cast, desk: Desk, device: dict[str, Any]
) -> None:
    page = prepare(desk(cast.ines, **device), is_shown_on_both=True)
    faults = []
    for state, fields in STATES.items():
        with acting_for(cast.juniper):
            Connection.objects.update(state=ConnectionState(state), **fields)
        page.goto(f"/admin/juniper/connections/{connection.pk}/")
        faults += faults_of(page, f"connection, {state}")
        page.goto("/admin/juniper/connections/")
        faults += faults_of(page, f"connections, {state}")
    page.goto("/admin/juniper/")
    faults += faults_of(page, "home")
    report(faults)


@on_a("desktop")
def test_a_test_order_at_every_step(
    connection: Connection,
    cast: Cast,
    desk: Desk,
    device: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A worker of another journey would take the test order that is to wait.
    monkeypatch.setattr("integrations.receiving.publish", lambda *_, **__: False)
    page = prepare(desk(cast.ines, **device), is_shown_on_both=True)
    faults = []
    with acting_for(cast.juniper):
        late = send_test_order(
            connection=connection, code="MARA15", by=SYSTEM, now=NOW - timedelta(days=1)
        )
        done = send_test_order(connection=connection, code="MARA15", by=SYSTEM, now=NOW)
        lost = send_test_order(
            connection=connection, code="NOBODY", by=SYSTEM, now=NOW + timedelta(seconds=1)
        )
        Event.objects.filter(pk__in=[late.event_id]).update(try_again_at=NOW + timedelta(days=999))
        work_events(connection_id=connection.pk, now=NOW + timedelta(seconds=2))
    for test in (late, done, lost):
        page.goto(f"/admin/juniper/connections/{connection.pk}/test/{test.event_id}/")
        expect(page.locator("#shop-side")).to_contain_text("Wrong: Store address")
        faults += faults_of(page, "test order")
    report(faults)


@on_a("phone")
def test_a_shop_that_does_not_accept_what_was_pasted(
    cast: Cast, desk: Desk, device: dict[str, Any]
) -> None:
    page = prepare(desk(cast.ines, **device), is_shown_on_both=True)
    with WooStore().running() as store:
        store.permissions = "read"
        page.goto("/admin/juniper/connections/new/woocommerce/")
        page.get_by_role("button", name="Check and connect").click()
        expect(page.locator("[aria-invalid=true]").first).to_be_visible()
        faults = faults_of(page, "nothing pasted")
        page.locator("#id_store").fill(store.address)
        page.locator("#id_consumer_key").fill(KEY)
        page.locator("#id_consumer_secret").fill(SECRET)
        page.get_by_role("button", name="Check and connect").click()
        expect(page.locator("#findings")).to_contain_text("Wrong: Permissions")
        faults += faults_of(page, "refused")
    report(faults)
