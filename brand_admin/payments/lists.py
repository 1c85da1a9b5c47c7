"""The list of payments, and the list from which the member of a bonus is chosen.

Files for a bank or PayPal are in brand_admin.payments.run_views. They contain account numbers, so
they are streamed to the person and never stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.permissions import Permission
from brand_admin.enrollment_choice import EnrollmentChoice
from brand_admin.listing.actions import Action, Done, Seen, Skipped
from brand_admin.listing.cells import Cell, Fragment, Link, person
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing, Selection
from brand_admin.payments.forms import PaymentFilters
from brand_admin.payments.run_forms import MarkPaidForm
from core.templatetags.display import day, money
from payouts.models import OPEN_STATES, Payout, PayoutRun, PayoutState
from payouts.selectors import payouts
from payouts.services import PayoutError, mark_paid

SECTION = "payments"
HEADING = "Payments"
SUBTITLE = "Pay members outside of Tributary, and record here exactly what was paid."
HEADER_LINKS = (
    PageLink("Bonus or correction", "adjustment_new", icon="plus", needs=Permission.PAY),
    PageLink(
        "New payout run", "payment_run_new", icon="payments", kind="primary", needs=Permission.PAY
    ),
)


def payment_state(row: Payout | PayoutRun) -> Cell:
    return Fragment("brand_admin/payments/state.html", payout=row)


DATE = Column(
    "Date",
    lambda row: Link(row.created_at, "payment", row.pk),
    sort="date",
    by=("created_at", "pk"),
    names_row=True,
)
REFERENCE = Column("Reference", lambda row: row.reference)
RECORDED_BY = Column("Recorded by", lambda row: person(row.created_by), look="off-phone")
AMOUNT = Column(
    "Amount",
    lambda row: row.amount,
    sort="amount",
    by=("currency", "amount_minor", "pk"),
    look="number strong",
)


def _mark_paid(
    listing: Listing[Any], *, ids: list[int], reference: str, by: Actor, now: datetime
) -> Done:
    """Mark each payment that is still open; say why others stay as they are."""
    marked, unchanged, skipped = 0, 0, []
    for row in listing.everything().filter(pk__in=ids).select_related("member").order_by("pk"):
        if row.state == PayoutState.PAID:
            unchanged += 1
            continue
        try:
            mark_paid(payout=row, reference=reference, by=by, now=now)
        except PayoutError as error:
            skipped.append(Skipped(f"{money(row.amount)} to {row.member}:", str(error)))
        else:
            marked += 1
    return Done(marked, unchanged=unchanged, skipped=skipped)


class Payments(Listing[Payout]):
    """All payments, newest first."""

    name, section = "payments", SECTION
    heading, subtitle, header_links = HEADING, SUBTITLE, HEADER_LINKS
    label, noun = "Payments", "payments"
    page_name, file_page, change_page = "payments_sent", "payments_csv", "payments_change"
    changes = Permission.PAY
    template = "brand_admin/payments/list.html"
    search_label = "Search member or reference"
    filter_form = PaymentFilters
    only_member = "payments to"
    default_sort = "-date"
    is_long = True
    columns: ClassVar[Sequence[Column]] = (
        DATE,
        Column(
            "Member",
            lambda row: Link(row.member, "member", row.member_id),
            sort="member",
            by=("member__last_name", "member__first_name", "pk"),
            look="bare",
        ),
        REFERENCE,
        RECORDED_BY,
        Column("State", payment_state, look="bare"),
        AMOUNT,
    )
    file_columns = {
        "payment": lambda row: row.pk,
        "recorded": lambda row: row.created_at,
        "member": lambda row: row.member.full_name,
        "email": lambda row: row.member.email,
        "amount": lambda row: row.amount,
        "currency": lambda row: row.currency,
        "state": lambda row: row.state,
        "settled": lambda row: row.settled_at,
        "reference": lambda row: row.reference,
        "reason": lambda row: row.reason,
        "recorded_by": lambda row: row.created_by,
    }
    actions: ClassVar[Sequence[Action]] = (
        Action(
            key="paid",
            label="Mark as paid",
            act=_mark_paid,
            form=MarkPaidForm,
            icon="check",
            kind="primary",
            asks="Mark them when the money has left your account. Their members see them as paid.",
            done="marked as paid",
            unchanged="were paid",
        ),
    )
    nothing_yet = EmptyState(
        "No payments yet",
        "Record the first one from what is due now.",
        icon="payments",
        links=(PageLink("Due now", "payments", kind="primary"),),
    )
    nothing_matches = EmptyState(
        "No payment matches", "Change the search or the filter.", icon="search"
    )

    def selection(self) -> Selection:
        return Selection(payouts, {"search": self.search, **self.filters.chosen()})

    def everything(self) -> QuerySet[Payout]:
        return Payout.objects.all()

    all_chosen = False  # staff mark what their page showed, and no payment that came since
    all_href = ""

    def can_choose(self, row: Payout) -> bool:
        return row.state in OPEN_STATES

    def row_label(self, row: Payout) -> str:
        return f"{row.member}, {money(row.amount)}"

    def seen(self, action: Action, ids: list[int]) -> list[Seen]:
        rows = self.everything().filter(pk__in=ids).select_related("member").order_by("-pk")
        return [
            Seen(str(row.member), day(row.created_at), row.amount, row.get_state_display())
            for row in rows
        ]

    def context(self) -> dict[str, Any]:
        return {"tab": "sent"}


class ChosenEnrollment(EnrollmentChoice):
    """The enrollments to choose from for a bonus or a correction."""

    name, section = "adjustment", SECTION
    heading, subtitle = "Bonus or correction", "For whom, and in which offer?"
    page_name = "adjustment_new"
    template = "brand_admin/payments/choose.html"
    nothing_yet = EmptyState(
        "Nobody is in an offer yet",
        "A bonus belongs to a member in an offer. Open the offer and add members first.",
        icon="members",
        links=(PageLink("Sales Tracking", "reporting"),),
    )
