"""Connections → Events, refused deliveries, and shoppers who ask what is known of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from background.models import Work
from background.running import run_slice
from brand_admin.work_handlers import HANDLERS
from core.tenancy import acting_for
from integrations import retention
from integrations.models import Connection, DataRequest, Event
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, shown
from tests.cast import NOW, Cast, raw_order
from tests.integrations.conftest import connection, made_up
from tests.integrations.deliveries import deliver, work
from tests.snapshot import snapshot
from tracking.models import Conversion, Order

__all__ = ["connection", "made_up"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def busy(connection: Connection) -> Connection:
    """One delivery was recorded, one failed, one waits, and one was refused."""
    told = {"id": "1", "order": raw_order("1001"), "email": "ann@shopper.example"}
    deliver(connection, told, **{"X-Forwarded-For": "192.0.2.7"})
    deliver(connection, {"id": "2"}, topic="hat")
    work(connection)
    deliver(connection, {"id": "3", "order": raw_order("1003")})
    deliver(connection, {"id": "4"}, secret="somebody else's")
    return connection


def ids(listed: Any) -> list[str]:
    return [row.event_id for row in listed.context["rows"]]


def event(event_id: str) -> Event:
    return Event.objects.get(event_id=event_id)


def test_events_are_listed_with_what_came_of_them(busy: Connection, cast: Cast) -> None:
    page = desk_of(cast.vera).get(at(cast.juniper, "events"))

    text = shown(page)
    assert ids(page) == ["3", "2", "1"]
    assert "The topic &#x27;hat&#x27; is not known." in text
    assert "Waiting" in text
    assert "Work on again" not in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?state=failed", ["2"]),
        ("?q=1001", ["1"]),
        ("?q=3", ["3"]),
        ("?origin=fetched", []),
        ("?first=2026-11-21", []),
        ("?last=2026-11-20", ["3", "2", "1"]),
        ("?state=nonsense&connection=x", ["3", "2", "1"]),
        ("?sort=received", ["1", "2", "3"]),
    ],
)
def test_events_are_searched_filtered_and_sorted(
    busy: Connection, cast: Cast, query: str, found: list[str]
) -> None:
    assert ids(desk_of(cast.vera).get(at(cast.juniper, "events") + query)) == found


def test_events_are_filtered_by_connection_and_exported(busy: Connection, cast: Cast) -> None:
    vera = desk_of(cast.vera)

    page = vera.get(f"{at(cast.juniper, 'events')}?connection={busy.pk}&state=done")
    lines = csv_of(vera.get(f"{at(cast.juniper, 'events_csv')}?connection={busy.pk}&state=done"))

    assert ids(page) == ["1"]
    assert [line[3] for line in lines] == ["event_id", "1"]


def test_the_page_takes_as_many_queries_for_three_as_for_one(
    connection: Connection, cast: Cast
) -> None:
    vera = desk_of(cast.vera)
    deliver(connection, {"id": "1"})
    before = queries_of(vera, at(cast.juniper, "events"))
    for name in ("2", "3"):
        deliver(connection, {"id": name})

    assert queries_of(vera, at(cast.juniper, "events")) == before


def test_an_event_leads_to_the_conversion(busy: Connection, cast: Cast) -> None:
    page = shown(desk_of(cast.vera).get(at(cast.juniper, "event", event_id=event("1").pk)))

    conversion = Conversion.objects.get()
    assert at(cast.juniper, "conversion", conversion_id=conversion.pk) in page
    assert "Mara Lindqvist in Winter Glow creators" in page


def test_an_event_of_an_order_that_nobody_is_credited_for_says_why(
    connection: Connection, cast: Cast
) -> None:
    deliver(connection, {"id": "1", "order": raw_order("1001", promo_code="NOBODYS")})
    work(connection)

    page = shown(desk_of(cast.vera).get(at(cast.juniper, "event", event_id=event("1").pk)))

    assert f"Nobody: {Order.objects.get().unattributed}" in page
    assert f"{at(cast.juniper, 'unattributed')}?q=1001" in page


def test_owners_alone_read_the_contents_and_nothing_personal(busy: Connection, cast: Cast) -> None:
    address = at(cast.juniper, "event", event_id=event("1").pk)

    owners = shown(desk_of(cast.ines).get(address))
    managers, viewers = (shown(desk_of(one).get(address)) for one in (cast.theo, cast.vera))

    assert "MARA15" in owners
    assert "x-made-up-topic" in owners
    assert "x-forwarded-for" in owners
    assert "192.0.2.7" not in owners
    assert "ann@shopper.example" not in owners
    for page in (managers, viewers):
        assert "MARA15" not in page
        assert "x-made-up-topic" not in page
        assert "Owners of the brand can read the contents" in page


def test_contents_that_were_deleted_say_so(busy: Connection, cast: Cast) -> None:
    retention.empty_old_bodies(now=NOW + timedelta(days=91))

    page = shown(desk_of(cast.ines).get(at(cast.juniper, "event", event_id=event("1").pk)))

    assert "The contents are kept for 90 days, and were deleted." in page


def test_one_event_is_worked_on_again_after_being_asked(busy: Connection, cast: Cast) -> None:
    theo, address = desk_of(cast.theo), at(cast.juniper, "events_replay")
    sent = {"selected": event("2").pk, "action": "replay"}

    asked = shown(theo.post(address, sent))
    assert event("2").state == "failed"
    page = shown(theo.post(address, sent | {"confirmed": "1"}, follow=True))

    assert "nothing is counted twice" in asked
    assert "1 event will be worked on again." in page
    assert event("2").state == "waiting"
    assert AuditEntry.objects.get(action="event.replayed").detail == {"events": [event("2").pk]}


def test_what_has_no_contents_is_skipped(busy: Connection, cast: Cast) -> None:
    Event.objects.filter(event_id="1").update(body=None)
    sent = {"selected": [event("1").pk, event("2").pk], "action": "replay", "confirmed": "1"}

    page = shown(desk_of(cast.theo).post(at(cast.juniper, "events_replay"), sent, follow=True))

    assert "1 event will be worked on again." in page
    assert "1 skipped: 1 of them has no contents any more." in page


@pytest.mark.usefixtures("few")
def test_all_that_match_are_worked_on_again_in_the_background(busy: Connection, cast: Cast) -> None:
    address = f"{at(cast.juniper, 'events_replay')}?all=1"
    deliver(busy, {"id": "5", "order": raw_order("1004")})
    work(busy)

    desk_of(cast.theo).post(address, {"action": "replay", "confirmed": "1"})
    started = Work.objects.get()
    run_slice(started.pk, handlers=HANDLERS, now=NOW)

    done = Work.objects.get()
    assert (done.state, done.total, done.counts) == ("done", 4, {"done": 4})
    assert set(Event.objects.values_list("state", flat=True)) == {"waiting"}


def test_a_viewer_replays_nothing(busy: Connection, cast: Cast) -> None:
    vera, before = desk_of(cast.vera), snapshot()
    sent = {"selected": event("2").pk, "action": "replay", "confirmed": "1"}

    assert vera.post(at(cast.juniper, "events_replay"), sent).status_code == 403
    assert snapshot() == before


def test_refused_deliveries_are_counted_with_their_reason(busy: Connection, cast: Cast) -> None:
    vera = desk_of(cast.vera)

    page = shown(vera.get(at(cast.juniper, "refused_deliveries")))
    lines = csv_of(vera.get(at(cast.juniper, "refused_deliveries_csv")))

    assert "The signature is wrong or missing" in page
    assert lines[1][1:4] == [busy.name, "signature", "1"]


@pytest.fixture
def asked(busy: Connection) -> DataRequest:
    """A shopper asks what is known of them; one more order of theirs is named."""
    Order.objects.update(customer_ref="c-77")
    contents = {"id": "p", "kind": "data_request", "customer": "c-77", "orders": ["1001", "x"]}
    deliver(busy, contents, topic="privacy")
    work(busy)
    return DataRequest.objects.get()


def test_a_shoppers_request_is_listed_until_it_is_answered(
    asked: DataRequest, cast: Cast, theo: Client
) -> None:
    listed = shown(theo.get(at(cast.juniper, "data_requests") + "?state=open&q=c-77"))
    address = at(cast.juniper, "data_request", data_request_id=asked.pk)
    page = shown(theo.get(address))
    answered = shown(theo.post(address, follow=True))

    assert "Customer c-77" in listed
    assert "20 Dec 2026" in listed
    assert "Glow set" in page
    assert "The request is marked as answered." in answered
    assert "Theo Marsh" in answered
    assert "No shopper" not in shown(theo.get(at(cast.juniper, "data_requests")))
    assert "Nothing matches" in shown(theo.get(at(cast.juniper, "data_requests") + "?state=open"))
    assert AuditEntry.objects.filter(action="data_request.answered").count() == 1


def test_a_late_request_says_so(asked: DataRequest, cast: Cast) -> None:
    DataRequest.objects.update(due_at=NOW - timedelta(days=1))

    assert "Late" in shown(desk_of(cast.vera).get(at(cast.juniper, "data_requests")))


def test_the_file_holds_what_is_known_of_the_shopper(
    asked: DataRequest, cast: Cast, theo: Client
) -> None:
    lines = csv_of(theo.get(at(cast.juniper, "data_request_file", data_request_id=asked.pk)))

    assert [line[0] for line in lines] == ["order", "1001"]
    assert lines[1][2:6] == ["c-77", "GBP", "84.20", "0.00"]
    assert lines[1][-1] == "1 x Glow set"


def test_a_viewer_answers_nothing_and_takes_no_file(asked: DataRequest, cast: Cast) -> None:
    vera, before = desk_of(cast.vera), snapshot()
    place = {"data_request_id": asked.pk}

    assert vera.post(at(cast.juniper, "data_request", **place)).status_code == 403
    assert vera.get(at(cast.juniper, "data_request_file", **place)).status_code == 403
    assert snapshot() == before


def test_another_brand_finds_nothing(asked: DataRequest, cast: Cast) -> None:
    otto = desk_of(cast.otto)

    for name in ("events", "refused_deliveries", "data_requests"):
        assert list(otto.get(at(cast.saltmarsh, name)).context["rows"]) == []
    with acting_for(cast.juniper):
        pk = event("1").pk
    assert otto.get(at(cast.saltmarsh, "event", event_id=pk)).status_code == 404
