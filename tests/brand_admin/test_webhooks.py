"""Connections → Webhooks: endpoints, their secrets, their deliveries, and sending again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from background.models import Work
from background.running import MAX_ROWS_RUN_AT_ONCE
from core.tenancy import acting_for
from tests.answers import Answer
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, sell, shown
from tests.cast import SYSTEM, Cast
from tests.integrations.stand_in import Fault, Reply
from tests.webhooks.conftest import endpoint, receiver
from tests.webhooks.facts import of
from tests.webhooks.receiver import Receiver
from webhooks.endpoints import MAX_FORMER_SECRETS, rotate_secret, send_test, switch_off
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.sending import sweep
from webhooks.signing import live_secrets

__all__ = ["endpoint", "receiver"]
pytestmark = pytest.mark.django_db
FILLED = {"address": "http://127.0.0.1:9/hook", "description": "Warehouse", "which": "all"}


@pytest.fixture
def busy(endpoint: Endpoint, receiver: Receiver, cast: Cast) -> Endpoint:
    """Two deliveries arrived, and a test failed."""
    sell(cast)
    sweep()
    receiver.faults.append(Fault(Reply(500, b"<b>no</b>")))
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    sweep()
    return endpoint


def secret_on(page: Answer) -> str:
    [found] = set(re.findall(r'data-copy="(whsec_[^"]+)"', shown(page)))
    return found


def test_an_owner_adds_an_endpoint_and_sees_its_secret_once(cast: Cast) -> None:
    ines = desk_of(cast.ines)
    assert "Tell another system what happens" in shown(ines.get(at(cast.juniper, "webhooks")))

    page = ines.post(at(cast.juniper, "webhook_add"), FILLED)

    with acting_for(cast.juniper):
        made = Endpoint.objects.get()
        assert live_secrets(made, now=timezone.now()) == (secret_on(page),)
    again = shown(ines.get(at(cast.juniper, "webhook", endpoint_id=made.pk)))
    assert "whsec_" not in again
    assert "All events" in again
    assert "Warehouse" in shown(ines.get(at(cast.juniper, "webhooks")))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"address": "ftp://x.example"}, "begins with https://"),
        ({"address": "https://10.0.0.1/"}, "private network"),
        ({"address": ""}, "This field is required"),
        ({"which": "chosen"}, "Choose at least one event"),
        ({"which": "chosen", "events": ["order.eaten"]}, "order.eaten is not one of"),
    ],
)
def test_what_was_entered_wrongly_is_said_at_its_field(
    cast: Cast, changes: dict[str, Any], said: str
) -> None:
    page = desk_of(cast.ines).post(at(cast.juniper, "webhook_add"), FILLED | changes)

    assert page.status_code == 422
    assert said in page.content.decode()
    with acting_for(cast.juniper):
        assert not Endpoint.objects.exists()


def test_an_endpoint_is_changed(endpoint: Endpoint, cast: Cast) -> None:
    ines = desk_of(cast.ines)
    address = at(cast.juniper, "webhook_change", endpoint_id=endpoint.pk)
    assert endpoint.address in shown(ines.get(address))

    ines.post(address, FILLED | {"which": "chosen", "events": ["order.recorded"]})

    endpoint.refresh_from_db()
    assert (endpoint.title, endpoint.events) == ("Warehouse", ["order.recorded"])
    page = shown(ines.get(at(cast.juniper, "webhook", endpoint_id=endpoint.pk)))
    assert "An order was recorded" in page
    taken = ines.post(at(cast.juniper, "webhook_add"), FILLED)
    assert "already" in taken.content.decode()


def test_it_is_turned_off_and_on_gets_a_new_secret_and_is_deleted(
    endpoint: Endpoint, cast: Cast
) -> None:
    ines = desk_of(cast.ines)

    def press(name: str) -> Answer:
        return ines.post(at(cast.juniper, name, endpoint_id=endpoint.pk))

    for name in ("webhook_off", "webhook_secret", "webhook_delete"):
        asked = ines.get(at(cast.juniper, name, endpoint_id=endpoint.pk))
        assert endpoint.address in shown(asked) or "new secret" in shown(asked)
    press("webhook_off")
    endpoint.refresh_from_db()
    assert endpoint.state == "off"
    press("webhook_test")
    assert of(endpoint) == []
    press("webhook_on")
    new = secret_on(press("webhook_secret"))
    endpoint.refresh_from_db()
    assert live_secrets(endpoint, now=timezone.now())[0] == new
    press("webhook_delete")
    page = ines.get(at(cast.juniper, "webhook", endpoint_id=endpoint.pk))
    assert page.status_code == 404


def test_a_secret_that_was_changed_too_often_stays_and_the_page_says_why(
    endpoint: Endpoint, cast: Cast
) -> None:
    for _ in range(MAX_FORMER_SECRETS):
        rotate_secret(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    endpoint.refresh_from_db()
    before = endpoint.sealed_secret

    page = desk_of(cast.ines).post(
        at(cast.juniper, "webhook_secret", endpoint_id=endpoint.pk), follow=True
    )

    assert "The secret was changed 3 times within a day" in shown(page)
    endpoint.refresh_from_db()
    assert endpoint.sealed_secret == before


def test_a_test_leads_to_its_delivery(endpoint: Endpoint, cast: Cast) -> None:
    answer = desk_of(cast.ines).post(at(cast.juniper, "webhook_test", endpoint_id=endpoint.pk))

    [sent] = of(endpoint)
    assert answer["Location"] == at(cast.juniper, "webhook_delivery", delivery_id=sent.pk)


def test_a_delivery_shows_its_body_and_every_attempt(busy: Endpoint, cast: Cast) -> None:
    failed = Delivery.objects.get(state="failed")

    page = shown(
        desk_of(cast.vera).get(at(cast.juniper, "webhook_delivery", delivery_id=failed.pk))
    )

    assert "The receiver answered 500." in page
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    assert "webhook.test" in page
    assert failed.message_id in page.replace("<wbr>", "")
    assert "Send again" not in page


def test_a_body_that_was_deleted_says_so(busy: Endpoint, cast: Cast) -> None:
    row = Delivery.objects.filter(state="delivered")[0]
    Delivery.objects.filter(pk=row.pk).update(body="")
    Attempt.objects.all().delete()

    page = shown(desk_of(cast.ines).get(at(cast.juniper, "webhook_delivery", delivery_id=row.pk)))

    assert "was deleted" in page
    assert "Send again" not in page


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", 3),
        ("?state=failed", 1),
        ("?event=order.recorded", 1),
        ("?event=webhook.test", 1),
        ("?state=nonsense&endpoint=x", 3),
        ("?q=order:0", 0),
        ("?sort=made", 3),
        ("?first=2020-01-01", 3),
    ],
)
def test_deliveries_are_searched_filtered_and_sorted(
    busy: Endpoint, cast: Cast, query: str, number: int
) -> None:
    page = desk_of(cast.vera).get(at(cast.juniper, "webhook_deliveries") + query)

    assert len(page.context["rows"]) == number


def test_a_delivery_is_found_by_its_id_and_by_what_it_is_about(busy: Endpoint, cast: Cast) -> None:
    vera, row = desk_of(cast.vera), of(busy)[0]
    for text in (row.message_id, str(row.event_id), row.about):
        page = vera.get(f"{at(cast.juniper, 'webhook_deliveries')}?q={text}")
        assert [one.pk for one in page.context["rows"]] == [row.pk], text


def test_deliveries_are_exported(busy: Endpoint, cast: Cast) -> None:
    lines = csv_of(desk_of(cast.vera).get(at(cast.juniper, "webhook_deliveries_csv")))

    assert lines[0][:4] == ["made", "event", "about", "sequence"]
    assert len(lines) == 4


def test_a_list_takes_as_many_queries_for_three_as_for_one(endpoint: Endpoint, cast: Cast) -> None:
    vera, address = desk_of(cast.vera), at(cast.juniper, "webhook_deliveries")
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    before = queries_of(vera, address)
    for _ in range(2):
        send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())

    assert queries_of(vera, address) == before


def test_chosen_deliveries_are_sent_again(busy: Endpoint, cast: Cast, receiver: Receiver) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "webhook_deliveries_change")
    ids = [one.pk for one in of(busy)]
    asked = ines.post(address, {"selected": ids, "action": "send_again"})
    assert "Send again: 3 deliveries." in shown(asked)

    ines.post(address, {"selected": ids, "action": "send_again", "confirmed": "1"})
    receiver.requests.clear()
    sweep()

    assert len(receiver.requests) == 3
    assert AuditEntry.objects.get(action="webhook.sent_again").detail["number"] == 3
    for person in (cast.theo, cast.vera):
        refused = desk_of(person).post(address, {"selected": ids, "action": "send_again"})
        assert refused.status_code == 403


def test_all_that_match_are_sent_again_by_a_worker(endpoint: Endpoint, cast: Cast) -> None:
    now = timezone.now()
    switch_off(endpoint=endpoint, by=SYSTEM, now=now)
    Delivery.objects.insert_many(
        Delivery(
            endpoint=endpoint, event="webhook.test", target=f"x:{number}", sequence=1, body="{}",
            happened_at=now, created_at=now, state="skipped", reason="off", settled_at=now,
        )
        for number in range(MAX_ROWS_RUN_AT_ONCE + 1)
    )  # fmt: skip

    address = f"{at(cast.juniper, 'webhook_deliveries_change')}?state=skipped&all=1"
    desk_of(cast.ines).post(address, {"action": "send_again", "confirmed": "1"})

    assert Work.objects.get().total == MAX_ROWS_RUN_AT_ONCE + 1


def test_what_was_missed_since_a_time_is_sent_again(
    busy: Endpoint, cast: Cast, receiver: Receiver
) -> None:
    ines = desk_of(cast.ines)
    address = at(cast.juniper, "webhook_again", endpoint_id=busy.pk)
    assert "Send again" in shown(ines.get(address))

    def press(since: str, which: str) -> Answer:
        return ines.post(address, {"since": since, "which": which}, follow=True)

    today = timezone.localtime(timezone.now(), cast.juniper.zone).replace(tzinfo=None)
    since = (today - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    assert "1 delivery will be sent again." in shown(press(since, "missed"))
    assert "3 deliveries will be sent again." in shown(press(since, "all"))
    future = (today + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert "a time that has passed" in press(future, "all").content.decode()
    assert "Enter a day and a time." in press("x", "all").content.decode()
    switch_off(endpoint=busy, by=SYSTEM, now=timezone.now())
    assert "Turn the endpoint on first." in press(since, "all").content.decode()


def test_what_is_beyond_the_limit_is_told_and_goes_on_with_the_next_press(
    busy: Endpoint, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.redelivering.MAX_AT_ONCE", 2)
    start = timezone.now().replace(microsecond=0) - timedelta(hours=1)
    for place, row in enumerate(of(busy)):
        made = start + timedelta(seconds=place)
        Delivery.objects.filter(pk=row.pk).update(created_at=made)
    ines = desk_of(cast.ines)
    address = at(cast.juniper, "webhook_again", endpoint_id=busy.pk)
    local = timezone.localtime(start, cast.juniper.zone)

    first = ines.post(address, {"since": f"{local:%Y-%m-%dT%H:%M:%S}", "which": "all"}, follow=True)

    assert "2 deliveries will be sent again." in shown(first)
    assert "1 more delivery is left. Press Send again to go on with them." in shown(first)
    form = first.context["form"]
    since = f"{local + timedelta(seconds=2):%Y-%m-%dT%H:%M:%S}"
    assert (form["since"].value(), form["which"].value()) == (since, "all")
    assert f'value="{since}"' in first.content.decode()

    last = ines.post(address, {"since": since, "which": "all"}, follow=True)
    assert "1 delivery will be sent again." in shown(last)
    assert "left" not in shown(last)
    assert last.request["PATH_INFO"] == at(cast.juniper, "webhook", endpoint_id=busy.pk)


def test_a_disabled_endpoint_says_why(busy: Endpoint, cast: Cast) -> None:
    Endpoint.objects.update(state="disabled", reason="Its receiver answered 410.")

    page = shown(desk_of(cast.vera).get(at(cast.juniper, "webhook", endpoint_id=busy.pk)))

    assert "Its receiver answered 410." in page
    assert "Turn on" not in page
    assert "Disabled" in shown(desk_of(cast.vera).get(at(cast.juniper, "webhooks")))
    assert "Webhooks disabled" in shown(desk_of(cast.vera).get(at(cast.juniper, "home")))
