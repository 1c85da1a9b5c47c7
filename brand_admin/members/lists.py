"""The list of members, its file, and its actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.permissions import Permission
from accounts.selectors import staff_of_brand
from affiliates.details import (
    MemberDetails,
    assign_owner,
    member_details_of,
    tag_members,
    untag_members,
)
from affiliates.models import Member, Platform
from affiliates.selectors import members
from brand_admin.listing.actions import Action, Done, Skipped
from brand_admin.listing.cells import Cell, Chip, Chips, Lines, Link, Muted, address, amounts, sales
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing, Selection
from brand_admin.members.forms import NO_OFFER, MemberFilters, OwnerForm, TagForm
from brand_admin.suppressed import suppressed_in_words
from core.templatetags.display import day
from offers.selectors import in_offer
from tracking.figures.member_summaries import MemberSummary, member_summaries


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


def _tag(listing: Listing[Any], *, ids: list[int], tag: str, by: Actor, now: datetime) -> Done:
    changed = tag_members(member_ids=ids, tag=tag, by=by, now=now)
    return Done(changed, unchanged=len(ids) - changed)


def _untag(listing: Listing[Any], *, ids: list[int], tag: str, by: Actor, now: datetime) -> Done:
    changed = untag_members(member_ids=ids, tag=tag, by=by, now=now)
    return Done(changed, unchanged=len(ids) - changed)


def _give(listing: Listing[Any], *, ids: list[int], owner: str, by: Actor, now: datetime) -> Done:
    chosen = staff_of_brand().filter(pk=owner).first() if owner else None
    if owner and chosen is None:
        gone = "stays as they were: that person is not on the team any more"
        rows = listing.everything().filter(pk__in=ids)
        return Done(0, skipped=[Skipped(str(row), gone) for row in rows])
    changed = assign_owner(member_ids=ids, owner=chosen, by=by, now=now)
    return Done(changed, unchanged=len(ids) - changed)


def selected_members(*, in_no_offer: bool, offer_id: int | None, **chosen: Any) -> QuerySet[Member]:
    """Return the members in an offer, in none, or all, of those that `members` returns."""
    found = members(**chosen)
    return in_offer(found, offer_id) if in_no_offer or offer_id is not None else found


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
    columns: ClassVar[Sequence[Column]] = (
        Column("Member", _name, sort="name", by=("last_name", "first_name", "pk"), names_row=True),
        Column(
            "Email",
            lambda row: address(row.member.email, row.suppressed),
            sort="email",
            by=("email", "pk"),
            look="wide",
        ),
        Column("Offers", lambda row: row.summary.offers, look="number"),
        Column("Conversions", lambda row: row.summary.conversions, look="number"),
        Column("Sales", lambda row: Lines(*map(sales, row.summary.sold)), look="number"),
        Column("Commission", lambda row: amounts(row.summary.commission), look="number"),
        Column("Due", lambda row: amounts(row.summary.due), look="number strong"),
        Column(
            "Joined",
            lambda row: day(row.member.joined_at),
            sort="joined",
            by=("joined_at", "pk"),
            look="number",
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
    actions: ClassVar[Sequence[Action]] = (
        Action(
            key="tag", label="Add tag", act=_tag, form=TagForm, icon="tag",
            done="tagged {tag}", unchanged="had the tag",
        ),
        Action(
            key="untag", label="Remove tag", act=_untag, form=TagForm,
            done="without the tag {tag} now", unchanged="were without the tag",
        ),
        Action(
            key="owner", label="Set owner", act=_give, form=OwnerForm, icon="user",
            done="looked after by {owner} now", unchanged="were looked after by them",
        ),
    )  # fmt: skip
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

    def selection(self) -> Selection:
        offer = self.filters.chosen
        chosen = {
            "search": self.search_word,
            **self.filters.details,
            "in_no_offer": offer == NO_OFFER,
            "offer_id": int(offer) if offer and offer != NO_OFFER else None,
        }
        return Selection(selected_members, chosen)

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
        return super().done_words(action, {**values, "owner": who.user if who else "nobody"})

    def context(self) -> dict[str, Any]:
        return {"tags": self.filters.tags}
