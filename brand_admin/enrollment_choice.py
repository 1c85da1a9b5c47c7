"""The list from which a member in an offer is chosen, for sections that do something for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet

from affiliates.selectors import members
from brand_admin.listing.cells import Cell, Link
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState
from brand_admin.listing.listing import Listing
from offers.models import Enrollment


class EnrollmentChoice(Listing[Enrollment]):
    """Members with their offers. Each name leads to the same page with `enrollment` added."""

    label, noun = "Members and their offers", "members in offers"
    search_label = "Search members"
    always_filters = True
    shows_times = False
    columns: ClassVar[Sequence[Column]] = (
        Column("Email", lambda row: row.member.email or "no address", look="wraps bare"),
        Column("Offer", lambda row: row.offer.name, look="bare"),
        Column("Currency", lambda row: row.offer.currency, look="off-phone"),
    )
    nothing_matches = EmptyState(
        "Nobody matches", "Every word must stand in the name or the address.", icon="search"
    )

    def find(self) -> QuerySet[Enrollment]:
        return (
            Enrollment.objects.filter(member__in=members(search=self.search))
            .select_related("member", "offer")
            .order_by("member__last_name", "member__first_name", "pk")
        )

    def shown_columns(self) -> Sequence[Column]:
        return (Column("Member", self._chosen, names_row=True), *self.columns)

    def more_in_address(self) -> dict[str, Any]:
        """Return parameters of the next page, besides `enrollment`."""
        return {}

    def _chosen(self, row: Enrollment) -> Cell:
        return Link(row.member, self.page_name, enrollment=row.pk, **self.more_in_address())
