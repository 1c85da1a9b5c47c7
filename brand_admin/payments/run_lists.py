"""The list of payout runs, and the list of a run's members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.text import capfirst

from accounts.permissions import Permission
from brand_admin.listing.cells import Badge, Cell, Lines, Link, Muted, QuietButtonTo, person
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing, Selection
from brand_admin.payments.lists import (
    AMOUNT,
    HEADER_LINKS,
    HEADING,
    SECTION,
    SUBTITLE,
    payment_state,
)
from brand_admin.payments.run_forms import LineFilters, RunFilters
from brand_admin.payments.run_pages import RunLine, lines_of, open_in_words
from core.components.page_urls import page_url
from payouts.models import PayoutRun, PayoutRunMember, PayoutState
from payouts.selectors import run_members, runs, waiting_of_runs
from tracking.outreach.first_texts import DETAILS


class Runs(Listing[PayoutRun]):
    """All payout runs, newest first."""

    name, section = "runs", SECTION
    heading, subtitle, header_links = HEADING, SUBTITLE, HEADER_LINKS
    label, noun = "Payout runs", "runs"
    page_name, file_page = "payment_runs", "payment_runs_csv"
    changes = Permission.PAY
    template = "brand_admin/payments/list.html"
    search_label = "Search reference or staff"
    filter_form = RunFilters
    default_sort = "-drafted"
    columns = (
        Column(
            "Drafted",
            lambda row: Link(row.created_at, "payment_run", row.pk),
            sort="drafted",
            by=("created_at", "pk"),
            names_row=True,
        ),
        Column("By", lambda row: person(row.created_by)),
        Column("Confirmed by", lambda row: person(row.confirmed_by), look="off-phone"),
        Column("Reference", lambda row: row.reference),
        Column("State", lambda row: row.state, look="bare"),
        Column(
            "Payments",
            lambda row: row.payments,
            sort="payments",
            by=("payments", "pk"),
            look="number",
        ),
        AMOUNT,
    )
    file_columns = {
        "run": lambda row: row.pk,
        "drafted": lambda row: row.created_at,
        "drafted_by": lambda row: row.created_by,
        "state": lambda row: row.state,
        "payments": lambda row: row.payments,
        "amount": lambda row: row.amount,
        "currency": lambda row: row.currency,
        "minimum": lambda row: row.minimum,
        "reference": lambda row: row.reference,
        "reason": lambda row: row.reason,
        "confirmed": lambda row: row.confirmed_at,
        "confirmed_by": lambda row: row.confirmed_by,
        "settled": lambda row: row.settled_at,
    }
    nothing_yet = EmptyState(
        "No payout runs yet",
        "A run pays many members at once: draft it, look at it, confirm it.",
        icon="payments",
        links=(
            PageLink("New payout run", "payment_run_new", kind="primary", needs=Permission.PAY),
        ),
    )
    nothing_matches = EmptyState(
        "No run matches", "Change the search or the filters.", icon="search"
    )

    def rows_of(self, found: Sequence[PayoutRun]) -> Sequence[PayoutRun]:
        self.open_payments = waiting_of_runs(row.pk for row in found)
        return found

    def shown_columns(self) -> Sequence[Column]:
        return [
            replace(column, cell=self._state) if column.label == "State" else column
            for column in self.columns
        ]

    def _state(self, row: PayoutRun) -> Cell:
        """What is open of the run, in words; else its state."""
        if row.state == PayoutState.DRAFT and not row.drawn_up_at:
            return Badge("Being drafted", "wait")
        if row.pk in self.open_payments:
            return Badge(capfirst(open_in_words(self.open_payments[row.pk])), "wait")
        return payment_state(row)

    def selection(self) -> Selection:
        return Selection(runs, {"search": self.search_word, **self.filters.chosen()})

    def file_name(self) -> str:
        return "payout-runs"

    def file_title(self) -> str:
        return "Payout runs"

    def context(self) -> dict[str, Any]:
        return {"tab": "runs"}


SHOWN = Column(
    "Member",
    lambda row: Lines(
        Link(row.line.member, "member", row.line.member_id),
        Muted(row.line.member.email or "no address"),
    ),
    sort="name",
    by=("member__last_name", "member__first_name", "pk"),
    names_row=True,
)
PAID_TO = Column(
    "Paid to", lambda row: row.paid_to.words if row.paid_to else Muted("waits for details")
)
RUN_AMOUNT = Column(
    "Amount", lambda row: row.amount, sort="amount", by=("due_minor", "pk"), look="number strong"
)


def _of_payout(name: str) -> Callable[[RunLine], object]:
    return lambda row: getattr(row.payout, name) if row.payout else ""


class RunMembers(Listing[RunLine]):
    """The members that a run pays, or those that it leaves out. It shows no account numbers."""

    name, section = "run", SECTION
    heading = "Members of a payout run"
    label, noun = "Members of the run", "members"
    page_name, file_page = "payment_run", "payment_run_members"
    template = "brand_admin/payments/run.html"
    arguments = ("run_id",)
    changes = Permission.PAY
    search_label = "Search members"
    filter_form = LineFilters
    carried = ("show",)
    rows_are_members = True
    default_sort = "-amount"
    shows_times = False
    file_columns = {
        "member": lambda row: row.line.member.full_name,
        "email": lambda row: row.line.member.email,
        "amount": lambda row: row.amount,
        "currency": lambda row: row.amount.currency,
        "payment": _of_payout("pk"),
        "state": _of_payout("state"),
        "reference": _of_payout("reference"),
        "reason": _of_payout("reason"),
    }
    nothing_matches = EmptyState(
        "Nobody matches", "Change the search or the filter.", icon="search"
    )

    def prepare(self, **args: int) -> None:
        self.run = get_object_or_404(runs(), pk=args["run_id"])

    @property
    def left_out(self) -> bool:
        return bool(self.filters.chosen()["left_out"])

    def shown_columns(self) -> Sequence[Column]:
        if self.left_out:
            return (SHOWN, PAID_TO, RUN_AMOUNT)
        details = Column("Details", self._details, look="number", hidden=True)
        if self.run.confirmed_at is None:
            return (SHOWN, PAID_TO, RUN_AMOUNT, details)
        state = Column("State", lambda row: payment_state(row.payout))
        return (SHOWN, PAID_TO, state, RUN_AMOUNT, details)

    def _details(self, row: RunLine) -> object:
        whom = str(row.line.member)
        if row.payout:
            return QuietButtonTo("Payment", f"to {whom}", "payment", row.payout.pk)
        if self.run.state == PayoutState.DRAFT:
            place = (self.run.pk, row.line.pk)
            return QuietButtonTo("Entries", f"of {whom}", "payment_run_line", *place)
        return ""

    @property
    def filter_fields(self) -> list[forms.BoundField]:
        """The filter fields; the state of payments only if there are payments."""
        return [self.filters["state"]] if self.run.confirmed_at and not self.left_out else []

    @property
    def filter_names(self) -> list[str]:
        return ["q", "state"]

    def find(self) -> QuerySet[PayoutRunMember]:
        return run_members(self.run, search=self.search, **self.filters.chosen())

    def member_ids(self) -> QuerySet[Any, int]:
        lines: QuerySet[Any] = self.find()
        return lines.order_by("pk").values_list("member_id", flat=True)

    def rows_of(self, found: Sequence[PayoutRunMember]) -> list[RunLine]:
        return lines_of(self.run, found)

    def empty(self) -> EmptyState:
        if self.clear_href:
            return self.nothing_matches
        if self.left_out:
            return EmptyState(
                "Nobody is left out", "Everybody chosen reaches the minimum.", icon="members"
            )
        if not self.run.drawn_up_at and self.run.state == PayoutState.DRAFT:
            return EmptyState(
                "No lines yet",
                "Members appear here while the run is being drafted. You can confirm it once that"
                " is done.",
                icon="clock",
            )
        return EmptyState("Nobody here", "This run pays nobody.", icon="members")

    @property
    def ask_href(self) -> str:
        """The address to mail those whose payment waits for their details."""
        rows = (
            f"{self.name}?{urlencode({'state': PayoutState.PENDING_INFO, 'run_id': self.run.pk})}"
        )
        query = {"rows": rows, "started": DETAILS}
        return f"{page_url('brand_admin:members_email', [self.brand.slug])}?{urlencode(query)}"

    def file_name(self) -> str:
        return f"run-{self.run.pk}"
