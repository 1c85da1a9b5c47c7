"""The tables of Sales Tracking: the offers with their figures, and an offer's members."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

from django import forms
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property

from accounts.permissions import Permission
from affiliates.models import Member
from brand_admin.listing.actions import Action, Seen
from brand_admin.listing.cells import Cell, Fragment, Link
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing, Selection
from brand_admin.reporting.addresses import into_drawer, to_drawer
from brand_admin.reporting.columns import (
    MEMBER_DEFAULTS,
    OF_MEMBERS,
    OF_OFFERS,
    OFFER_DEFAULTS,
    STATUS_BADGES,
    Columns,
    columns_in,
)
from brand_admin.reporting.forms import OfferMemberFilters, OfferReportFilters
from brand_admin.reporting.members import MEMBER_ACTIONS, notes_on_removal, owed_among
from brand_admin.segments import in_segment
from core.kept_queries import kept_selection
from offers.models import Enrollment, Offer, Terms
from offers.selectors import offers, terms_of
from tracking.commissions.tier_progress import tier_names_today
from tracking.figures.member_table import MemberRow, export_rows, member_rows
from tracking.figures.metrics import ALL_TIME, DateRange, today
from tracking.figures.offer_report import OfferRow, in_order, offer_rows
from tracking.figures.periods import BRAND_CHOICES, ChosenPeriod, choose
from tracking.figures.ranking import (
    BY_NAME,
    is_by_figure,
    offer_members,
    offer_members_by_name,
    ranked,
    with_at_least,
)

SECTION = "sales_tracking"
# Parameters that every filter keeps.
LOOK = ("columns", "range", "first", "last", "show", "currency")
FIGURES = ("figure", "least")


class WithFigures(Listing[Any]):
    """A list of figures in a period, with columns that the reader chooses."""

    section = SECTION
    always_filters = True
    carried = LOOK
    shows_times = False

    @cached_property
    def chosen(self) -> ChosenPeriod:
        """The range of days; without one in the address, six months."""
        asked = {name: str(value) for name, value in self.GET.items()}
        return choose(asked, choices=BRAND_CHOICES, default="6m", today=today())

    def file_period(self) -> DateRange:
        return self.chosen.period

    @property
    @abstractmethod
    def chosen_columns(self) -> Columns:
        """The columns that the reader chose."""

    @property
    def filter_fields(self) -> list[forms.BoundField]:
        """The filter fields, without those for figures, which have their own template."""
        return [field for field in super().filter_fields if field.name not in FIGURES]

    @property
    def kept(self) -> list[tuple[str, str]]:
        return [(name, value) for name in LOOK for value in self.GET.getlist(name)]

    @property
    def kept_with_columns(self) -> list[tuple[str, str]]:
        """The hidden fields of the form for the columns."""
        names = (*self.filter_names, *LOOK[1:], "sort")
        return [(name, value) for name in names for value in self.GET.getlist(name)]

    def figure_columns(self) -> list[Column]:
        return [
            Column(
                figure.label,
                figure.show,
                sort=figure.sort,
                look="number strong" if figure.is_strong else "number",
            )
            for figure in self.chosen_columns.shown
        ]

    def context(self) -> dict[str, Any]:
        return {"chosen": self.chosen, "filters": self.filters, "columns": self.chosen_columns}


class OfferFigures(WithFigures):
    """The figures of every offer in a period. Without a filter, active offers."""

    name = "sales_tracking"
    heading = "Sales tracking"
    label, noun = "Offers", "offers"
    page_name, file_page = "reporting", "reporting_csv"
    template = "brand_admin/reporting/sales_tracking.html"
    search_label = "Search offers"
    filter_form = OfferReportFilters
    file_columns = {
        "offer": lambda row: row.offer.name,
        "status": lambda row: row.offer.status,
        "kind": lambda row: row.offer.kind,
        "currency": lambda row: row.offer.currency,
        "members": lambda row: row.figures.members,
        "members_with_conversions": lambda row: row.figures.members_with_conversions,
        "clicks": lambda row: row.figures.totals.clicks if row.offer.gives_links else None,
        "conversions": lambda row: row.figures.totals.conversions,
        "sales": lambda row: row.figures.sales,
        "refunds": lambda row: row.figures.refunds,
        "net_sales": lambda row: row.figures.net_sales,
        "sales_per_member": lambda row: row.figures.sales_per_member,
        "commission": lambda row: row.figures.commission,
        "average_commission": lambda row: row.figures.average_commission,
        "due": lambda row: row.payments_due,
        "members_due": lambda row: row.due.members,
    }
    nothing_yet = EmptyState(
        "No active offers",
        "An offer says what a member earns, and gives them the code or link to share. Its figures"
        " appear here with the first click or order.",
        icon="offers",
        links=(
            PageLink(
                "Add offer", "offer_new", icon="plus", kind="primary", needs=Permission.MANAGE
            ),
            PageLink("Show all offers", "reporting", query="?status=all"),
        ),
    )
    nothing_matches = EmptyState(
        "No offer matches", "Change the search or the filters.", icon="search"
    )

    @cached_property
    def chosen_columns(self) -> Columns:
        return columns_in(self.GET, OF_OFFERS, OFFER_DEFAULTS)

    def shown_columns(self) -> Sequence[Column]:
        return (
            Column(
                "Offer",
                lambda row: Link(row.offer.name, "offer_report", row.offer.pk),
                sort="name",
                names_row=True,
            ),
            Column("Kind", lambda row: row.offer.get_kind_display()),
            Column(
                "Status",
                lambda row: Fragment("brand_admin/reporting/offer_status.html", offer=row.offer),
            ),
            *self.figure_columns(),
        )

    @property
    def offer_rows(self) -> Sequence[OfferRow]:
        """The rows of all matching offers."""
        return cast("Sequence[OfferRow]", self.found)

    def find(self) -> list[OfferRow]:
        chosen, search = self.filters.chosen(), self.search
        kept = kept_selection(offers)
        found = list(offers(search=search, **chosen)) if search else kept.all_rows(**chosen)
        rows = offer_rows(found, period=self.chosen.period, now=self.now)
        enough = [row for row in rows if self.filters.enough(row)]
        return in_order(enough, self.GET.get("sort", ""), first_currency=self.brand.currency)


class MemberLine(NamedTuple):
    """A member's figures in the offer, and today's tier."""

    row: MemberRow
    tier: str

    @property
    def enrollment(self) -> Enrollment:
        return self.row.enrollment

    @property
    def member(self) -> Member:
        member: Member = self.row.enrollment.member
        return member


class OfferMembers(WithFigures):
    """An offer's members with their figures; removed ones only if the filter names them."""

    name = "offer"
    heading = "Members"
    label, noun = "Members of this offer", "members"
    page_name, file_page, change_page = "offer_report", "offer_export", "offer_members"
    arguments = ("offer_id",)
    template = "brand_admin/reporting/offer.html"
    rows_are_enrollments = True
    search_label = "Search members"
    filter_form = OfferMemberFilters
    default_sort = "name"
    actions = (
        Action(
            key="email_members",
            label="Email Members",
            icon="emails",
            leads=to_drawer,
            html=into_drawer,
        ),
        *MEMBER_ACTIONS,
    )
    nothing_yet = EmptyState(
        "Nobody is in this offer yet",
        "Add members, and each gets a personal code or link and a dashboard of their own.",
        icon="members",
    )
    nothing_matches = EmptyState(
        "No member matches", "Change the search or the filter.", icon="search"
    )

    def prepare(self, **args: int) -> None:
        self.offer = get_object_or_404(Offer, pk=args["offer_id"])

    def belongs_to(self) -> str:
        return self.offer.name

    @cached_property
    def terms(self) -> Terms:
        return terms_of(self.offer).at(self.now)

    @cached_property
    def chosen_columns(self) -> Columns:
        return columns_in(self.GET, OF_MEMBERS, MEMBER_DEFAULTS)

    def shown_actions(self) -> Sequence[Action]:
        return [
            action for action in self.actions if action.key != "refresh" or self.offer.gives_codes
        ]

    def shown_columns(self) -> Sequence[Column]:
        tier = Column("Tier", lambda line: line.tier)
        return (
            Column(
                "Member",
                lambda line: Link(line.member, "member", line.member.pk),
                sort="name",
                names_row=True,
            ),
            Column(
                "Code and link",
                lambda line: Fragment("brand_admin/reporting/items.html", items=line.row.items),
                look="wide",
            ),
            Column("Status", lambda line: STATUS_BADGES[line.enrollment.status]),
            *([tier] if self.terms.tier_list else []),
            *self.figure_columns(),
            Column("Actions", self._menu, hidden=True),
        )

    def figure_columns(self) -> list[Column]:
        """Return the columns of figures; the number of conversions links to the conversions."""
        return [
            Column(
                figure.label,
                self._conversions if figure.key == "conversions" else _of_row(figure.show),
                sort=figure.sort,
                look="number strong" if figure.is_strong else "number",
            )
            for figure in self.chosen_columns.shown
        ]

    def _conversions(self, line: MemberLine) -> Cell:
        number = line.row.totals.conversions
        return Link(number, "conversions", offer=self.offer.pk, member=line.member.pk)

    def _menu(self, line: MemberLine) -> Cell:
        return Fragment(
            "brand_admin/reporting/member_menu.html",
            offer=self.offer,
            enrollment=line.enrollment,
            items=line.row.items,
            may_pay=self._may(Permission.PAY),
        )

    def selection(self) -> Selection | None:
        """Return what selects the members by name; an order by a figure depends on its days."""
        is_narrowed = self.filters.within or self.filters.least_of(self.offer.currency)
        return None if is_narrowed or is_by_figure(self.GET.get("sort", "")) else self._by_name

    @property
    def _by_name(self) -> Selection:
        order, status = self.GET.get("sort", ""), self.filters.chosen()
        chosen = {"offer_id": self.offer.pk, "status": status, "is_reversed": order == "-name"}
        return Selection(offer_members_by_name, chosen)

    def known_count(self) -> int | None:
        """Return how many match, which no order changes."""
        narrowed = self.search or self.filters.within or self.filters.least_of(self.offer.currency)
        if narrowed:
            return None
        return kept_selection(offer_members_by_name).count(self._by_name.arguments)

    def find(self) -> QuerySet[Enrollment]:
        """Return the members that match the status, the search and the minimum of a figure."""
        return ranked(
            self._among(), order=self.GET.get("sort", ""), period=self.chosen.period, now=self.now
        )

    def _among(self) -> QuerySet[Enrollment]:
        found = offer_members(self.offer.pk, search=self.search, status=self.filters.chosen())
        found = found.filter(in_segment(self.filters.within, member="member"))
        asked = self.filters.least_of(self.offer.currency)
        if asked is None:
            return found
        figure, least = asked
        period = self.chosen.period
        return with_at_least(found, figure=figure, least=least, period=period, now=self.now)

    def rows_of(self, found: Sequence[Enrollment]) -> list[MemberLine]:
        tiers = tier_names_today(found, self.terms, today=today())
        lines = member_rows(self.offer, found, now=self.now, period=self.chosen.period)
        return [MemberLine(row, tiers.get(row.enrollment.pk, "")) for row in lines]

    # Its file is that of `manage.py export_offer`, with the filters of the page.

    @property
    def count(self) -> int:
        return self._in_file().count()

    def file_period(self) -> DateRange:
        """The days of the page; without any in the address, all."""
        return self.chosen.period if self.GET.get("range") else ALL_TIME

    def file_lines(self) -> Iterator[list[str]]:
        found, period = self._in_file(), self.file_period()
        return export_rows(self.offer, now=self.now, found=found, period=period)

    def _in_file(self) -> QuerySet[Enrollment]:
        """The members of the file; without any filter, all members including removed ones."""
        if any(self.GET.get(name) for name in (*self.filter_names, "range")):
            return self._among()
        return self.everything()

    def for_file(self) -> dict[str, str]:
        return {"range": self.chosen.key}

    def file_name(self) -> str:
        return f"offer-{self.offer.pk}"

    def file_title(self) -> str:
        return f"Members of {self.offer.name}"

    # Actions on its members.

    def everything(self) -> QuerySet[Enrollment]:
        return Enrollment.objects.filter(offer=self.offer)

    def row_key(self, row: MemberLine) -> str:
        return str(row.enrollment.pk)

    def row_label(self, row: MemberLine) -> str:
        return str(row.member)

    def seen(self, action: Action, ids: list[int]) -> list[Seen]:
        rows = self.everything().filter(pk__in=ids).select_related("member", "offer")
        notes = notes_on_removal(rows, now=self.now) if action.key == "remove" else {}
        return [
            Seen(str(row.member), row.member.email, *notes.get(row.pk, (None, "")))
            for row in rows.order_by(*BY_NAME)
        ]

    def warning(self, action: Action, ids: list[int]) -> str:
        if action.key != "remove":
            return ""
        rows = self.everything().filter(pk__in=ids).select_related("offer")
        number = len(owed_among(rows, now=self.now))
        if not number:
            return ""
        them = "is owed money and stays" if number == 1 else "are owed money and stay"
        return f"{number:,} of them {them} in the offer: pay them first."


def _of_row(show: Any) -> Any:
    return lambda line: show(line.row)
