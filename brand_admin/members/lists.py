"""The list of members, its file, and its actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.db.models import QuerySet

from accounts.permissions import Permission
from accounts.selectors import staff_of_brand
from affiliates.details import MemberDetails, member_details_of
from affiliates.models import Member, Platform
from brand_admin.listing.actions import Action
from brand_admin.listing.cells import (
    Cell,
    Chip,
    Chips,
    Fragment,
    Lines,
    Link,
    Muted,
    address,
    amounts,
    sales,
)
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing, Selection
from brand_admin.members.acts import acts_on
from brand_admin.members.bulk import MAX_NAMED, MEMBER_ACTIONS, ONLY
from brand_admin.members.forms import (
    AddToOfferForm,
    AddToProjectForm,
    MemberFilters,
    OwnerForm,
)
from brand_admin.pages import id_in
from brand_admin.segments import NO_OFFER, in_words, selected_members, to_save
from brand_admin.suppressed import suppressed_in_words
from core.templatetags.display import day
from tracking.figures.member_ranking import FIGURES, ranked_members
from tracking.figures.member_summaries import MemberSummary, member_summaries

# The name of what a form chose, by its field.
CHOSEN_NAMES: dict[str, Callable[[str], str]] = {
    "to_offer": lambda chosen: dict(AddToOfferForm.offers())[chosen],
    "to_project": lambda chosen: dict(AddToProjectForm.projects())[chosen],
}


class MemberLine(NamedTuple):
    """A member with their figures. `suppressed` is the reason why they get no mail."""

    summary: MemberSummary
    noted: MemberDetails
    suppressed: str

    @property
    def member(self) -> Member:
        return self.summary.member

    @property
    def pk(self) -> int:
        return self.summary.member.pk

    def __str__(self) -> str:
        return str(self.member)


def _handle(platform: Platform) -> Callable[[MemberLine], str | None]:
    return lambda row: row.noted.handles.get(platform)


def _name(row: MemberLine) -> Cell:
    noted: list[Cell] = [Chip(tag, "neutral") for tag in row.noted.tags]
    if row.noted.owner:
        noted.append(Muted(row.noted.owner.user))
    return Lines(Link(row.member, "member", row.member.pk), Chips(*noted) if noted else "")


class Members(Listing[MemberLine]):
    """All members of the brand, with the sales and the amount due of each."""

    name, section = "members", "members"
    heading, subtitle = "Members", "The affiliates and creators who sell for you."
    label, noun = "Members", "members"
    page_name, file_page, change_page = "members", "members_export", "members_change"
    template = "brand_admin/members/list.html"
    search_label = "Search name or email"
    filter_form = MemberFilters
    default_sort = "name"
    shows_times = False
    more_filters = (ONLY,)
    rows_are_members = True
    with_menu: ClassVar[bool] = True
    columns: ClassVar[Sequence[Column]] = (
        Column("Member", _name, sort="name", by=("last_name", "first_name", "pk"), names_row=True),
        Column(
            "Email",
            lambda row: address(row.member.email, row.suppressed),
            sort="email",
            by=("email", "pk"),
            look="wide off-phone",
        ),
        Column("Offers", lambda row: row.summary.offers, sort="offers", look="number off-phone"),
        Column(
            "Conversions", lambda row: row.summary.conversions, sort="conversions", look="number"
        ),
        Column(
            "Sales", lambda row: Lines(*map(sales, row.summary.sold)), sort="sales", look="number"
        ),
        Column(
            "Commission",
            lambda row: amounts(row.summary.commission),
            sort="commission",
            look="number off-phone",
        ),
        Column("Due", lambda row: amounts(row.summary.due), sort="due", look="number strong"),
        Column(
            "Joined",
            lambda row: day(row.member.joined_at),
            sort="joined",
            by=("joined_at", "pk"),
            look="number off-phone",
        ),
    )
    file_columns = {
        "email": lambda row: row.member.email,
        "first_name": lambda row: row.member.first_name,
        "last_name": lambda row: row.member.last_name,
        "joined": lambda row: row.member.joined_at.isoformat(),
        "owner": lambda row: row.noted.owner.user if row.noted.owner else "",
        "tags": lambda row: "; ".join(row.noted.tags),
        **{platform.value: _handle(platform) for platform in Platform},
        "offers": lambda row: row.summary.offers,
        "conversions": lambda row: row.summary.conversions,
        "sales": lambda row: "; ".join(str(sold.sales) for sold in row.summary.sold),
        "net_sales": lambda row: "; ".join(str(sold.net_sales) for sold in row.summary.sold),
        "commission": lambda row: "; ".join(map(str, row.summary.commission)),
        "due": lambda row: "; ".join(map(str, row.summary.due)),
    }
    actions: ClassVar[Sequence[Action]] = MEMBER_ACTIONS
    header_links = (
        PageLink("Import CSV", "members_import", icon="upload", needs=Permission.MANAGE),
        PageLink("Add member", "member_new", icon="plus", kind="primary", needs=Permission.MANAGE),
    )
    nothing_yet = EmptyState(
        "No members yet",
        "Add one by hand, or bring them all in from a CSV file with the codes they have already.",
        icon="members",
        links=(header_links[1], header_links[0]),
    )
    nothing_matches = EmptyState(
        "Nobody matches", "Every word must stand in the name or the address.", icon="search"
    )

    def selection(self) -> Selection | None:
        """Return what selects the members, unless they are sorted by a figure."""
        return None if self._figure or self._only else Selection(selected_members, self.chosen())

    def chosen(self) -> dict[str, Any]:
        """Return keyword arguments for `selected_members`."""
        offer = self.filters.chosen
        return {
            "search": self.search_word,
            **self.filters.details,
            "in_no_offer": offer == NO_OFFER,
            "offer_id": int(offer) if offer and offer != NO_OFFER else None,
        }

    @property
    def _order(self) -> list[str]:
        return [] if self._figure else super()._order

    @property
    def _figure(self) -> str:
        """The figure that the address sorts by, with its minus; "" for another order."""
        order = self.GET.get("sort", "")
        is_column = any(column.sort == order.removeprefix("-") for column in self.columns)
        return order if is_column and order.removeprefix("-") in FIGURES else ""

    @property
    def _only(self) -> list[int]:
        """The members that the address names, for the file of a selection."""
        named = map(id_in, self.GET.get(ONLY, "").split(",")[:MAX_NAMED])
        return [pk for pk in named if pk is not None]

    def find(self) -> QuerySet[Member]:
        chosen = self.selection()
        if chosen is not None:
            return chosen.select(**chosen.arguments)
        found = selected_members(**self.chosen())
        if self._only:
            found = found.filter(pk__in=self._only)
        if not self._figure:
            return found
        return ranked_members(found, order=self._figure, currency=self.brand.currency, now=self.now)

    def rows_of(self, found: Sequence[Member]) -> list[MemberLine]:
        noted = member_details_of(found)
        suppressed = suppressed_in_words(member.email for member in found)
        return [
            MemberLine(row, noted[row.member.pk], suppressed.get(row.member.email, ""))
            for row in member_summaries(found, now=self.now)
        ]

    def everything(self) -> QuerySet[Member]:
        return Member.objects.all()

    def form_of(self, action: Action, data: Any = None, **kwargs: Any) -> forms.Form:
        if action.form is OwnerForm:
            kwargs["staff"] = self.filters.staff
        return super().form_of(action, data, **kwargs)

    def done_words(self, action: Action, values: dict[str, Any]) -> str:
        owner = values.get("owner")
        who = staff_of_brand().filter(pk=owner).first() if owner else None
        names = {name: CHOSEN_NAMES[name](values[name]) for name in CHOSEN_NAMES if name in values}
        return super().done_words(
            action, {**values, **names, "owner": who.user if who else "nobody"}
        )

    def shown_columns(self) -> Sequence[Column]:
        menu = (Column("Actions", self._menu, hidden=True),) if self.with_menu else ()
        return (*self.columns, *menu)

    def _menu(self, row: MemberLine) -> Cell:
        return Fragment(
            "brand_admin/members/menu.html",
            acts=acts_on(row.summary),
            who=str(row.member),
            may_manage=self.may_change,
            may_pay=self._may(Permission.PAY),
        )

    def context(self) -> dict[str, Any]:
        segment = self.filters.chosen_segment
        return {
            "segment": segment,
            "segment_words": in_words(segment.query) if segment else "",
            "to_save": "" if segment else to_save(self.GET),
        }
