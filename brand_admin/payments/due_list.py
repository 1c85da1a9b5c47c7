"""The list of members who are due money now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.functional import cached_property

from accounts.permissions import Permission
from affiliates.models import Member
from affiliates.selectors import members
from brand_admin.listing.actions import Action
from brand_admin.listing.cells import ButtonTo, Cell, Lines, Link, LinkTo, Muted
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing
from brand_admin.pages import id_in
from brand_admin.payments.lists import HEADER_LINKS, HEADING, SECTION, SUBTITLE
from brand_admin.payments.run_forms import known_currency
from core.money import Money
from core.templatetags.display import money
from payouts.due import DuePage, DueRow, due_page


@dataclass(frozen=True, slots=True)
class DueToMember:
    member: Member
    amount: Money

    @property
    def label(self) -> str:
        """The label of the checkbox, with the currency, because a member can have several rows."""
        return f"{self.member}, {money(self.amount)}"

    @property
    def box(self) -> str:
        """The value that the checkbox posts: a member and a currency."""
        return f"{self.member.pk}-{self.amount.currency}"

    @property
    def is_carried(self) -> bool:
        """Whether the balance is negative: it is carried to the next commission."""
        return self.amount.minor <= 0


def _pay(row: DueToMember) -> Cell:
    if row.is_carried:
        debt = LinkTo("See the debt", f"of {row.member}", "member", row.member.pk)
        return Lines(Muted("carried to the next payment"), debt)
    return ButtonTo(
        "Send payment",
        f"to {row.member}",
        "payment_new",
        member=row.member.pk,
        currency=row.amount.currency,
    )


class Due(Listing[DueToMember]):
    """The amounts due now, per member and currency."""

    name, section = "due", SECTION
    heading, subtitle, header_links = HEADING, SUBTITLE, HEADER_LINKS
    label, noun = "Due now", "members due"
    page_name, file_page, change_page = "payments", "payments_due_csv", "payment_run_new"
    changes = Permission.PAY
    template = "brand_admin/payments/due.html"
    search_label = "Search members"
    more_filters = ("currency",)
    carried = ("currency",)
    default_sort = "-due"
    shows_times = False
    columns = (
        Column("Member", lambda row: Link(row.member, "member", row.member.pk), names_row=True),
        Column("Email", lambda row: row.member.email or "no address", look="wide"),
        Column("Due now", lambda row: row.amount, sort="due", look="number strong"),
    )
    file_columns = {
        "member": lambda row: row.member.full_name,
        "email": lambda row: row.member.email,
        "due": lambda row: row.amount,
        "currency": lambda row: row.amount.currency,
    }
    actions = (Action(key="run", label="Pay in one run", icon="payments", kind="primary"),)
    nothing_yet = EmptyState(
        "Nothing is due",
        "Commissions appear here when they are accepted and their hold is over.",
        icon="payments",
        links=(PageLink("See conversions", "conversions"),),
    )
    change_method = "get"
    nothing_matches = EmptyState(
        "Nobody matches", "Nobody of that name is due money now in this currency.", icon="search"
    )

    def shown_columns(self) -> Sequence[Column]:
        if not self.may_change:
            return self.columns
        return (*self.columns, Column("Actions", _pay, look="number", hidden=True))

    def find(self) -> list[DueRow]:
        return self._due().rows

    @cached_property
    def page(self) -> Page[DueRow]:
        """The page; only its own rows are read."""
        return self._page_and_sums[0]

    @property
    def totals(self) -> list[Money]:
        """The amounts due to all members, per currency; independent of the search."""
        return self._page_and_sums[1]

    @cached_property
    def _page_and_sums(self) -> tuple[Page[DueRow], list[Money]]:
        asked = self.GET.get("page", "1")
        number = id_in(asked) or 1
        number = number if number < 10**6 else 1
        found = self._due(start=(number - 1) * self.per_page, limit=self.per_page)
        nobody: list[DueRow] = []
        paginator = Paginator(nobody, self.per_page)
        paginator.count = found.count
        nearest = paginator.get_page(asked).number
        if nearest != number:
            found = self._due(start=(nearest - 1) * self.per_page, limit=self.per_page)
        totals = [Money(minor, currency) for currency, minor in found.sums.items()]
        return Page(found.rows, nearest, paginator), totals

    def _due(self, *, start: int = 0, limit: int | None = None) -> DuePage:
        """Return a page of amounts due; the brand's own currency comes first."""
        search = self.search
        among = list(members(search=search).values_list("pk", flat=True)) if search else None
        return due_page(
            now=self.now,
            among=among,
            own=self.brand.currency,
            only=self.currency,
            smallest_first=self.GET.get("sort") == "due",
            start=start,
            limit=limit,
        )

    @property
    def currency(self) -> str:
        return known_currency(self.GET.get("currency", ""))

    def rows_of(self, found: Sequence[DueRow]) -> list[DueToMember]:
        people = Member.objects.in_bulk([row.member_id for row in found])
        return [
            DueToMember(people[row.member_id], Money(row.due_minor, row.currency)) for row in found
        ]

    def row_key(self, row: DueToMember) -> str:
        return row.box

    def row_label(self, row: DueToMember) -> str:
        return row.label

    def can_choose(self, row: DueToMember) -> bool:
        return not row.is_carried

    def file_title(self) -> str:
        return "Payments due"

    def context(self) -> dict[str, Any]:
        return {"tab": "due", "totals": self.totals, "currency": self.currency, "due": self.rows}
