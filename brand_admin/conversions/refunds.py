"""The list of refunds that wait for their order, or that took less than they asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from django.db.models import QuerySet
from django.utils.text import capfirst

from brand_admin.conversions.forms import RefundFilters
from brand_admin.conversions.tab_counts import tab_counts
from brand_admin.listing.cells import Badge, Cell, Lines, Link, Muted
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing
from core.money import Money
from tracking.figures.refunds_to_check import RefundOutcome, outcome_of, refunds_to_check
from tracking.figures.unattributed_orders import Brought
from tracking.models import Conversion, Refund
from tracking.orders.as_sent import refunded_lines

TONES = {
    RefundOutcome.WAITING: "neutral",
    RefundOutcome.IN_PART: "wait",
    RefundOutcome.NOT_AT_ALL: "bad",
}


class RefundRow(NamedTuple):
    """A refund, and the conversion of its order, if it has one."""

    refund: Refund
    conversion_id: int | None

    @property
    def outcome(self) -> RefundOutcome:
        return outcome_of(self.refund)

    @property
    def why(self) -> str:
        """What was not applied, and why."""
        if self.outcome is RefundOutcome.WAITING:
            return "the order has not come yet"
        return self.refund.reason

    @property
    def asked(self) -> Money | None:
        """What it asks for; None where it names no amount."""
        refund = self.refund
        if not refund.parts:
            minor = refund.asked_minor
            return None if minor is None else Money(minor, refund.currency)
        amounts = [part["amount_minor"] for part in refund.parts]
        return None if None in amounts else Money(sum(amounts), refund.currency)


def lines_in_words(refund: Refund) -> str:
    """What was given back: "GLOW-1 (quantity 2), SOAP", or "the whole order"."""
    return (
        ", ".join(
            f"{part['line_id'] or part['sku']}"
            + (f" (quantity {part['quantity']})" if part["quantity"] is not None else "")
            for part in refunded_lines(refund)
        )
        or "the whole order"
    )


def _order(row: RefundRow) -> object:
    number = row.refund.order_external_id
    if row.refund.order_id is None:
        return number
    if row.conversion_id is None:
        test = {"brought": Brought.TEST.value} if row.refund.order.is_test else {}
        return Link(number, "unattributed", q=number, **test)
    return Link(number, "conversion", row.conversion_id)


def _outcome(row: RefundRow) -> Cell:
    return Lines(Badge(row.outcome.label, TONES[row.outcome]), Muted(capfirst(row.why)))


def _refund(row: RefundRow) -> Cell:
    return Lines(row.refund.external_id, Muted(f"of {lines_in_words(row.refund)}"))


class RefundsToCheck(Listing[RefundRow]):
    """The refunds that need a look, the last received first."""

    name, section = "refunds", "conversions"
    heading = "Conversions"
    subtitle = (
        "Refunds that wait for their order, or that took less than they asked. One that waits is"
        " applied when its order comes from the same source."
    )
    label, noun = "Refunds to check", "refunds"
    page_name, file_page = "refunds", "refunds_csv"
    export_in_header = True
    template = "brand_admin/conversions/refunds.html"
    search_label = "Refund or order"
    filter_form = RefundFilters
    default_sort = "-received"
    is_long = True
    columns: ClassVar[Sequence[Column]] = (
        Column("Refund", _refund, look="wraps", names_row=True),
        Column("Order", _order, look="wraps"),
        Column(
            "Received",
            lambda row: row.refund.received_at,
            sort="received",
            by=("received_at", "pk"),
        ),
        Column("Source", lambda row: row.refund.source, look="off-phone"),
        Column("What came of it", _outcome, look="wide wraps"),
        Column("Asked", lambda row: row.asked or "What is left", look="number"),
        Column("Applied", lambda row: row.refund.given_back, look="number strong"),
    )
    file_columns = {
        "refund": lambda row: row.refund.external_id,
        "order": lambda row: row.refund.order_external_id,
        "source": lambda row: row.refund.source,
        "received": lambda row: row.refund.received_at,
        "refunded": lambda row: row.refund.refunded_at,
        "outcome": lambda row: row.outcome.value,
        "reason": lambda row: row.why,
        "lines": lambda row: lines_in_words(row.refund),
        "asked": lambda row: row.asked,
        "applied": lambda row: row.refund.given_back,
        "currency": lambda row: row.refund.currency,
    }
    nothing_yet = EmptyState(
        "No refund needs a look",
        "A refund whose order has not come yet appears here, and one that is larger than what is"
        " left of its order.",
        icon="good",
        links=(PageLink("Conversions", "conversions"),),
    )
    nothing_matches = EmptyState(
        "No refund matches", "Search a part of the refund's or the order's number.", icon="search"
    )

    def find(self) -> QuerySet[Refund]:
        found = refunds_to_check(search=self.search, **self.filters.chosen())
        return found.select_related("order")

    def rows_of(self, found: Sequence[Refund]) -> list[RefundRow]:
        orders = [row.order_id for row in found if row.order_id is not None]
        of_orders: dict[int | None, int] = dict(
            Conversion.objects.filter(order__in=orders)
            .order_by("-pk")  # the first one stays, of an order that several members share
            .values_list("order_id", "pk")
        )
        return [RefundRow(row, of_orders.get(row.order_id)) for row in found]

    def file_title(self) -> str:
        return self.label

    def file_name(self) -> str:
        return "refunds-to-check"

    def context(self) -> dict[str, Any]:
        return tab_counts()
