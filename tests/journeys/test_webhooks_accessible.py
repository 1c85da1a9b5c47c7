"""The pages of webhooks in every state: no axe violation, nothing wider than the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from core.tenancy import acting_for
from tests.cast import SYSTEM, Cast
from tests.inspection import faults_of, prepare
from tests.integrations.stand_in import Fault, Reply
from tests.journeys.devices import DESKTOP, on_a
from tests.webhooks.conftest import endpoint_for
from tests.webhooks.facts import reject, sell
from tests.webhooks.receiver import Receiver
from webhooks.endpoints import add_endpoint, send_test
from webhooks.models import Delivery, Endpoint
from webhooks.sending import sweep

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Desk = Callable[..., Page]
STATES: dict[str, dict[str, Any]] = {
    "on": {},
    "failing": {"failing_since": timezone.now()},
    "off": {"state": "off", "failing_since": None},
    "disabled": {"state": "disabled", "reason": "Its receiver answered 410 (Gone)."},
}


@pytest.fixture
def endpoint(cast: Cast) -> Endpoint:
    """An endpoint with deliveries in several states, and one with a long address and few events."""
    with Receiver().running() as receiver, acting_for(cast.juniper):
        made = endpoint_for(receiver)
        sell("1")
        sweep()
        receiver.faults.append(Fault(Reply(500, b"Internal Server Error " * 60)))
        reject("1")
        sweep()
        send_test(endpoint=made, by=SYSTEM, now=timezone.now())
        now = timezone.now()
        long = add_endpoint(
            address=f"http://127.0.0.1:1/{'receiver/' * 12}{'x' * 120}",
            events=["order.recorded", "payout.changed"], description="", by=SYSTEM, now=now,
        ).endpoint  # fmt: skip
        send_test(endpoint=long, by=SYSTEM, now=now)
        Delivery.objects.filter(endpoint=long).update(
            state="skipped", reason="The endpoint was off.", next_attempt_at=None, settled_at=now,
            lease_token=None, lease_until=None,  # a worker of another test may be sending it
        )  # fmt: skip
    return made


@on_a("desktop")
def test_the_pages_of_webhooks(
    endpoint: Endpoint, cast: Cast, desk: Desk, device: dict[str, Any]
) -> None:
    page = prepare(desk(cast.ines, **device), is_shown_on_both=True)
    faults, start = [], "/admin/juniper/connections/webhooks/"
    for state, fields in STATES.items():
        with acting_for(cast.juniper):
            Endpoint.objects.filter(pk=endpoint.pk).update(**fields)
        for address in (start, f"{start}{endpoint.pk}/"):
            page.goto(address)
            faults += faults_of(page, f"{address}, {state}")
    with acting_for(cast.juniper):
        failed = Delivery.objects.filter(endpoint=endpoint).order_by("-attempts")[0]
        other = Endpoint.objects.exclude(pk=endpoint.pk).get()
    parts = [f"{endpoint.pk}/{part}/" for part in ("change", "secret", "off", "again", "delete")]
    for part in ("new/", "deliveries/", f"deliveries/{failed.pk}/", f"{other.pk}/", *parts):
        page.goto(start + part)
        faults += faults_of(page, part)
    assert not faults, "\n".join(faults)


def test_an_owner_adds_an_endpoint_in_a_browser(cast: Cast, desk: Desk) -> None:
    page = prepare(desk(cast.ines, **DESKTOP))
    page.goto("/admin/juniper/connections/webhooks/")
    page.get_by_role("link", name="Add an endpoint").click()
    page.get_by_label("Address").fill("http://127.0.0.1:1/hook")
    event = page.get_by_text("An order was credited to a member")
    expect(event).to_be_hidden()
    page.get_by_text("Chosen events").click()
    event.click()
    page.get_by_role("button", name="Add endpoint").click()

    expect(page.get_by_text("whsec_")).to_be_visible()
    with acting_for(cast.juniper):
        assert Endpoint.objects.get().events == ["conversion.recorded"]
