"""What came from shops: events, refused deliveries, and what shoppers ask about their data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet

from accounts.actors import Actor
from brand_admin.connections.events_forms import (
    ConnectionFilter,
    DataRequestFilters,
    EventFilters,
)
from brand_admin.listing.actions import Action, Done, Seen, Skipped
from brand_admin.listing.cells import Badge, Cell, Lines, Link, Muted
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing
from core.templatetags.display import moment, who
from integrations import selectors
from integrations.models import DataRequest, Event, EventState, RefusedDelivery
from integrations.replaying import replay_events

SECTION, HEADING = "connections", "Connections"
TONES = {
    EventState.WAITING: "wait",
    EventState.DONE: "good",
    EventState.FAILED: "bad",
    EventState.IGNORED: "neutral",
}
SHOWN_ORDERS = 3  # of an event, in the list


def event_state(row: Event) -> Cell:
    return Badge(row.get_state_display(), TONES[EventState(row.state)])


def why(row: Event) -> object:
    """The reason of the state, and when it is tried again."""
    if row.state == EventState.WAITING and row.tries and row.try_again_at is not None:
        return Lines(row.reason, Muted(f"Next try {moment(row.try_again_at, 'short')}"))
    return row.reason


def _orders(row: Event) -> object:
    more = len(row.order_ids) - SHOWN_ORDERS
    named = ", ".join(row.order_ids[:SHOWN_ORDERS])
    return f"{named} and {more:,} more" if more > 0 else named


def replay(listing: Listing[Any], *, ids: list[int], by: Actor, now: datetime) -> Done:
    """Work on these events again."""
    done = replay_events(events=Event.objects.filter(pk__in=ids), by=by, now=now)
    busy = len(ids) - done.events - done.without_body
    skipped = []
    if done.without_body:
        skipped.append(_skipped(done.without_body, "no contents any more"))
    if busy > 0:
        skipped.append(_skipped(busy, "a worker at the moment"))
    return Done(done.events, skipped=skipped)


def _skipped(number: int, what: str) -> Skipped:
    return Skipped(f"{number:,} of them", f"{'has' if number == 1 else 'have'} {what}")


class Events(Listing[Event]):
    """All that came from shops, the newest first."""

    name, section = "events", SECTION
    heading = HEADING
    subtitle = "What your shops sent, what we fetched from them, and what came of it."
    label, noun = "Events", "events"
    page_name, file_page, change_page = "events", "events_csv", "events_replay"
    export_in_header = True
    template = "brand_admin/connections/events.html"
    search_label = "Order, event id or topic"
    filter_form = EventFilters
    default_sort = "-received"
    is_long = True
    columns = (
        Column(
            "Event",
            lambda row: Lines(
                Link(row.topic or "Without a topic", "event", row.pk), Muted(row.connection.name)
            ),
            look="wraps",
            names_row=True,
        ),
        Column(
            "Received",
            lambda row: Lines(row.received_at, Muted(row.get_origin_display())),
            sort="received",
            by=("received_at", "pk"),
        ),
        Column("Orders", _orders, look="wraps"),
        Column("State", event_state),
        Column("Reason", why, look="wide wraps"),
    )
    file_columns = {
        "received": lambda row: row.received_at,
        "connection": lambda row: row.connection.name,
        "topic": lambda row: row.topic,
        "event_id": lambda row: row.event_id,
        "origin": lambda row: row.origin,
        "state": lambda row: row.state,
        "reason": lambda row: row.reason,
        "tries": lambda row: row.tries,
        "worked_at": lambda row: row.worked_at,
        "orders": lambda row: "; ".join(row.order_ids),
        "refunds": lambda row: "; ".join(row.refund_ids),
    }
    actions: ClassVar[Sequence[Action]] = (
        Action(
            key="replay",
            label="Work on again",
            act=replay,
            done="will be worked on again",
            icon="refresh",
            asks="What they state is recorded anew. What is recorded already stays as it is, so"
            " nothing is counted twice.",
        ),
    )
    nothing_yet = EmptyState(
        "Nothing came yet",
        "Each delivery of a connected shop is listed here with what came of it.",
        icon="stream",
        links=(PageLink("Refused deliveries", "refused_deliveries"),),
    )
    nothing_matches = EmptyState(
        "No event matches",
        "Search a whole order number or event id, or the beginning of a topic.",
        icon="search",
    )

    def find(self) -> QuerySet[Event]:
        return selectors.events(search=self.search, **self.filters.chosen())

    def row_label(self, row: Event) -> str:
        return f"{row.topic or 'Event'} of {moment(row.received_at, 'short')}"

    def everything(self) -> QuerySet[Event]:
        """Also events that no longer match, because the person saw them."""
        return selectors.events()

    def seen(self, action: Action, ids: list[int]) -> list[Seen]:
        return [
            Seen(
                row.topic or "Without a topic",
                more=", ".join(row.order_ids[:SHOWN_ORDERS]),
                note=" · ".join(
                    [row.connection.name, moment(row.received_at), row.get_state_display()]
                ),
            )
            for row in self.everything().filter(pk__in=ids)
        ]

    def context(self) -> dict[str, Any]:
        return {"tab": "events"}


class RefusedDeliveries(Listing[RefusedDelivery]):
    """What was refused in the last days: how many in an hour, and why. Nothing of it is kept."""

    name, section = "refused_deliveries", SECTION
    heading = HEADING
    subtitle = (
        "Deliveries of the last 7 days that we did not take. If there are some, the shop is wired,"
        " but wrongly; if there are none and nothing comes, it sends nothing."
    )
    label, noun = "Refused deliveries", "hours"
    page_name, file_page = "refused_deliveries", "refused_deliveries_csv"
    template = "brand_admin/connections/events.html"
    search_label = "Network"
    filter_form = ConnectionFilter
    default_sort = "-hour"
    columns = (
        Column("Connection", lambda row: row.connection.name, look="wraps", names_row=True),
        Column("Hour from", lambda row: row.hour, sort="hour", by=("hour", "pk")),
        Column("Reason", lambda row: row.get_reason_display(), look="wraps"),
        Column(
            "Deliveries", lambda row: row.number, sort="number", by=("number", "pk"), look="number"
        ),
        Column("Last", lambda row: row.last_at, sort="last", by=("last_at", "pk")),
        Column("Last from the network", lambda row: row.last_network),
    )
    file_columns = {
        "hour": lambda row: row.hour,
        "connection": lambda row: row.connection.name,
        "reason": lambda row: row.reason,
        "deliveries": lambda row: row.number,
        "last": lambda row: row.last_at,
        "network": lambda row: row.last_network,
    }
    nothing_yet = EmptyState(
        "Nothing was refused",
        "In the last 7 days every delivery was signed with its connection's secret.",
        icon="good",
    )

    def find(self) -> QuerySet[RefusedDelivery]:
        found = selectors.refused_deliveries(now=self.now, connection=self.filters.connection_id())
        return found.filter(last_network__startswith=self.search) if self.search else found

    def file_title(self) -> str:
        return self.label

    def context(self) -> dict[str, Any]:
        return {"tab": "refused"}


def data_request_state(row: DataRequest, now: datetime) -> Cell:
    if row.answered_at is not None:
        return Badge("Answered", "good")
    return Badge("Late", "bad") if row.is_late(now) else Badge("Open", "wait")


class DataRequests(Listing[DataRequest]):
    """Shoppers who asked what is known of them; the one that is due first comes first."""

    name, section = "data_requests", SECTION
    heading = HEADING
    subtitle = (
        "Shoppers who asked your shop what is known of them. Answer each within 30 days; we know"
        " their orders, and no name or address."
    )
    label, noun = "Requests of shoppers", "requests"
    page_name, file_page = "data_requests", "data_requests_csv"
    template = "brand_admin/connections/events.html"
    search_label = "Customer or order"
    filter_form = DataRequestFilters
    default_sort = "due"
    columns: ClassVar[Sequence[Column]] = (
        Column("Connection", lambda row: row.connection.name),
        Column("Orders", lambda row: len(row.order_ids), look="number"),
        Column("Received", lambda row: row.received_at, sort="received", by=("received_at", "pk")),
        Column("Due", lambda row: row.due_at, sort="due", by=("due_at", "pk")),
    )
    file_columns = {
        "customer": lambda row: row.customer_ref,
        "connection": lambda row: row.connection.name,
        "orders": lambda row: "; ".join(row.order_ids),
        "received": lambda row: row.received_at,
        "due": lambda row: row.due_at,
        "answered": lambda row: row.answered_at,
        "answered_by": lambda row: row.answered_by,
    }
    nothing_yet = EmptyState(
        "No shopper has asked",
        "When a shopper asks your Shopify store what is known of them, Shopify tells us, and the"
        " request is listed here with the day by which it has to be answered.",
        icon="good",
    )

    def shown_columns(self) -> Sequence[Column]:
        return (
            Column("Shopper", _shopper, names_row=True),
            *self.columns,
            Column("State", lambda row: data_request_state(row, self.now)),
            Column(
                "Answered",
                lambda row: (
                    Lines(row.answered_at, Muted(who(row.answered_by))) if row.answered_at else ""
                ),
            ),
        )

    def find(self) -> QuerySet[DataRequest]:
        return selectors.data_requests(state=self.filters.chosen(), search=self.search)

    def file_title(self) -> str:
        return self.label

    def context(self) -> dict[str, Any]:
        return {"tab": "shoppers"}


def _shopper(row: DataRequest) -> Cell:
    name = f"Customer {row.customer_ref}" if row.customer_ref else "A guest"
    return Link(name, "data_request", row.pk)
