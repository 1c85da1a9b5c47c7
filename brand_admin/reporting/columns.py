"""The columns of figures in Sales Tracking: all, and those that the reader chose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from brand_admin.listing.cells import Badge
from core.templatetags.display import count, money
from offers.models import EnrollmentStatus
from tracking.figures.member_table import MemberRow
from tracking.figures.offer_report import OfferRow

STATUS_BADGES = {
    EnrollmentStatus.ACTIVE: Badge("Active", "good"),
    EnrollmentStatus.INACTIVE: Badge("Inactive", "wait"),
    EnrollmentStatus.REMOVED: Badge("Removed"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures. `sort` is its value of ?sort=; "" if it can't be sorted."""

    key: str
    label: str
    show: Callable[[Any], str]
    sort: str = ""
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns shown, and all columns, each with whether it is shown."""

    shown: tuple[Column, ...]
    choices: tuple[tuple[Column, bool], ...]

    def cells(self, row: Any) -> list[tuple[Column, str]]:
        """Return a row's values for the columns shown."""
        return [(column, column.show(row)) for column in self.shown]


def _offer_clicks(row: OfferRow) -> str:
    return count(row.figures.totals.clicks) if row.offer.gives_links else "—"


def _member_clicks(row: MemberRow) -> str:
    return count(row.totals.clicks) if row.enrollment.offer.gives_links else "—"


OF_OFFERS = (
    Column("members", "Members", lambda row: count(row.figures.members), "members"),
    Column("sellers", "With conversions", lambda row: count(row.figures.members_with_conversions)),
    Column("clicks", "Clicks", _offer_clicks, "clicks"),
    Column(
        "conversions",
        "Conversions",
        lambda row: count(row.figures.totals.conversions),
        "conversions",
    ),
    Column("sales", "Sales", lambda row: money(row.figures.sales), "sales"),
    Column("refunds", "Refunds", lambda row: money(row.figures.refunds)),
    Column("net", "After refunds", lambda row: money(row.figures.net_sales)),
    Column("per-member", "Sales per member", lambda row: money(row.figures.sales_per_member)),
    Column("commission", "Commission", lambda row: money(row.figures.commission), "commission"),
    Column("average", "Average commission", lambda row: money(row.figures.average_commission)),
    Column("due", "Due", lambda row: money(row.payments_due), "due", is_strong=True),
    Column("members-due", "Members due", lambda row: count(row.due.members)),
)
OFFER_DEFAULTS = ("members", "clicks", "conversions", "sales", "net", "commission", "due")

OF_MEMBERS = (
    Column("clicks", "Clicks", _member_clicks, "clicks"),
    Column("conversions", "Conversions", lambda row: count(row.totals.conversions), "conversions"),
    Column("sales", "Sales", lambda row: money(row.sales), "sales"),
    Column("refunds", "Refunds", lambda row: money(row.refunds), "refunds"),
    Column("net", "After refunds", lambda row: money(row.net_sales)),
    Column("commission", "Commission", lambda row: money(row.commission), "commission"),
    Column("paid", "Paid", lambda row: money(row.paid), "paid"),
    Column("due", "Due", lambda row: money(row.due), "due", is_strong=True),
)
MEMBER_DEFAULTS = ("clicks", "conversions", "sales", "net", "commission", "paid", "due")


def columns_in(
    query: QueryDict | Mapping[str, Any], every: Sequence[Column], defaults: Sequence[str]
) -> Columns:
    """Return the columns that ?columns= names, in their order; without any, the default ones."""
    asked = set(query.getlist("columns")) if isinstance(query, QueryDict) else set()
    known = asked & {column.key for column in every} or set(defaults)
    return Columns(
        shown=tuple(column for column in every if column.key in known),
        choices=tuple((column, column.key in known) for column in every),
    )
