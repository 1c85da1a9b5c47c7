"""The deliveries of webhooks, with what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.permissions import Permission
from brand_admin.listing.actions import Action, Done, Seen, Skipped
from brand_admin.listing.cells import Badge, Cell, Lines, Link, Muted, Titled
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing
from brand_admin.webhooks.forms import DeliveryFilters
from core.templatetags.display import moment
from webhooks import selectors
from webhooks.events import title_of
from webhooks.models import Delivery, DeliveryState
from webhooks.redelivering import Redelivered, redeliver

SECTION, HEADING = "connections", "Connections"
MAX_TITLE = 60  # characters of an endpoint's name or address, in the list
TONES = {
    DeliveryState.PENDING: "wait",
    DeliveryState.FAILED: "wait",
    DeliveryState.DELIVERED: "good",
    DeliveryState.GIVEN_UP: "bad",
    DeliveryState.SKIPPED: "neutral",
}


def delivery_state(row: Delivery) -> Cell:
    return Badge(row.get_state_display(), TONES[DeliveryState(row.state)])


def _endpoint(row: Delivery) -> object:
    title = row.endpoint.title
    if len(title) <= MAX_TITLE:
        return title
    return Titled(f"{title[:MAX_TITLE]}…", title)


def why(row: Delivery) -> object:
    """Why it is not delivered, and when it is tried next."""
    if row.is_waiting and row.tries and row.next_attempt_at is not None:
        return Lines(row.reason, Muted(f"Next attempt {moment(row.next_attempt_at, 'short')}"))
    return row.reason


def send_again(listing: Listing[Any], *, ids: list[int], by: Actor, now: datetime) -> Done:
    """Send these deliveries again."""
    done = redeliver(deliveries=Delivery.objects.filter(pk__in=ids), by=by, now=now)
    return Done(done.deliveries, skipped=left_out(done))


def left_out(done: Redelivered) -> list[Skipped]:
    """Why some are not sent again."""
    reasons = (
        (done.without_body, "no body any more, as it is kept for 30 days"),
        (done.not_on, "an endpoint that is not on"),
        (done.busy, "an attempt under way"),
    )
    return [
        Skipped(f"{number:,} of them", f"{'has' if number == 1 else 'have'} {what}")
        for number, what in reasons
        if number
    ]


class Deliveries(Listing[Delivery]):
    """All that was sent, or is to be sent, the newest first."""

    name, section = "webhook_deliveries", SECTION
    heading = HEADING
    subtitle = "What we send to your endpoints, and what came of it."
    label, noun = "Deliveries of webhooks", "deliveries"
    page_name, file_page = "webhook_deliveries", "webhook_deliveries_csv"
    change_page = "webhook_deliveries_change"
    export_in_header = True
    changes = Permission.ADMINISTER
    template = "brand_admin/webhooks/deliveries.html"
    search_label = "Event id, or cnv_…"
    filter_form = DeliveryFilters
    default_sort = "-made"
    is_long = True
    columns = (
        Column(
            "Event",
            lambda row: Lines(
                Link(title_of(row.event), "webhook_delivery", row.pk),
                Muted(f"{row.about}, number {row.sequence:,}"),
            ),
            look="wraps",
            names_row=True,
        ),
        Column("Made", lambda row: row.created_at, sort="made", by=("created_at", "pk")),
        Column("Endpoint", _endpoint, look="wide wraps"),
        Column("State", delivery_state),
        Column("Attempts", lambda row: row.attempts, look="number"),
        Column("Reason", why, look="wide wraps"),
    )
    file_columns = {
        "made": lambda row: row.created_at,
        "event": lambda row: row.event,
        "about": lambda row: row.about,
        "sequence": lambda row: row.sequence,
        "webhook_id": lambda row: row.message_id,
        "endpoint": lambda row: row.endpoint.address,
        "state": lambda row: row.state,
        "reason": lambda row: row.reason,
        "attempts": lambda row: row.attempts,
        "next_attempt": lambda row: row.next_attempt_at,
        "settled": lambda row: row.settled_at,
    }
    actions: ClassVar[Sequence[Action]] = (
        Action(
            key="send_again",
            label="Send again",
            act=send_again,
            done="will be sent again",
            icon="refresh",
            asks="Each is sent with the id and the number that it had, so that receivers know what"
            " they have already.",
        ),
    )
    nothing_yet = EmptyState(
        "Nothing was sent yet",
        "Each event of an endpoint is listed here, with every attempt to send it.",
        icon="send",
        links=(PageLink("Webhooks", "webhooks"),),
    )
    nothing_matches = EmptyState(
        "No delivery matches",
        "Search the whole id of an event, or what it is about, such as cnv_….",
        icon="search",
    )

    def find(self) -> QuerySet[Delivery]:
        return selectors.deliveries(search=self.search, **self.filters.chosen())

    def row_label(self, row: Delivery) -> str:
        return f"{title_of(row.event)}, {row.about} number {row.sequence}"

    def everything(self) -> QuerySet[Delivery]:
        """Also deliveries that no longer match, because the person saw them."""
        return selectors.deliveries()

    def seen(self, action: Action, ids: list[int]) -> list[Seen]:
        return [
            Seen(
                title_of(row.event),
                more=f"{row.about}, number {row.sequence:,}",
                note=" · ".join(
                    [str(row.endpoint), moment(row.created_at), row.get_state_display()]
                ),
            )
            for row in self.everything().filter(pk__in=ids)
        ]

    def file_title(self) -> str:
        return self.label

    def context(self) -> dict[str, Any]:
        return {"tab": "webhooks"}
