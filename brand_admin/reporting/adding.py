"""Choose members of the brand who are not in an offer, and add them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.actors import Actor
from accounts.permissions import Permission
from affiliates.models import Member
from brand_admin.joining import add_selected
from brand_admin.listing.actions import Action, Done
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing
from brand_admin.reporting.forms import AddMembersForm
from brand_admin.segments import SegmentFilters, in_segment
from core.templatetags.display import day
from offers.models import Offer
from offers.selectors import members_outside
from offers.status import why_closed

SECTION = "sales_tracking"


def _add(
    listing: ToAddToOffer, *, ids: list[int], with_items: bool, by: Actor, now: datetime
) -> Done:
    return add_selected(
        list(listing.everything().filter(pk__in=ids)),
        offer=listing.offer,
        with_items=with_items,
        selected=len(ids),
        by=by,
        now=now,
    )


class ToAddToOffer(Listing[Member]):
    """Members of the brand who are not in the offer."""

    name, section = "offer_add", SECTION
    heading = "Add members"
    subtitle = "Select the members who join. They are not in the offer yet."
    label, noun = "Members", "members"
    page_name, change_page = "offer_add_members", "offer_add_members"
    arguments = ("offer_id",)
    reads = Permission.MANAGE
    template = "brand_admin/reporting/add_members.html"
    search_label = "Search members"
    always_filters = True
    filter_form = SegmentFilters
    shows_times = False
    columns = (
        Column("Member", str, names_row=True),
        Column("Email", lambda row: row.email or "no address", look="wide"),
        Column("Member since", lambda row: day(row.joined_at)),
    )
    actions = (
        Action(
            key="add",
            label="Add to offer",
            act=_add,
            done="added",
            unchanged="were in the offer",
            form=AddMembersForm,
            icon="plus",
            kind="primary",
        ),
    )
    nothing_yet = EmptyState(
        "Everybody is in",
        "All members of the brand are in this offer. Add new members first.",
        icon="members",
        links=(PageLink("Members", "members"),),
    )
    nothing_matches = EmptyState(
        "No member matches",
        "Everybody who matches is in the offer already, or there is no such member.",
        icon="search",
    )

    def prepare(self, **args: int) -> None:
        self.offer = get_object_or_404(Offer, pk=args["offer_id"])
        self.closed = why_closed(self.offer)
        if self.closed:
            self.subtitle = ""

    def find(self) -> QuerySet[Member]:
        return self._outside(search=self.search).filter(in_segment(self.filters.within))

    def everything(self) -> QuerySet[Member]:
        return self._outside()

    def _outside(self, *, search: str = "") -> QuerySet[Member]:
        found = members_outside(self.offer, search=search)
        return found.none() if self.closed else found

    def empty(self) -> EmptyState:
        if self.closed:
            return EmptyState("Nobody can join", f"{self.closed}.", icon="members")
        return super().empty()

    @property
    def shows_filters(self) -> bool:
        return not self.closed and super().shows_filters

    def form_of(self, action: Action, data: Any = None, **kwargs: Any) -> forms.Form:
        form = super().form_of(action, data, **kwargs)
        codes, links = self.offer.gives_codes, self.offer.gives_links
        what = "a code and a link" if codes and links else "a code" if codes else "a link"
        form.fields["with_items"].label = f"Give each {what}"
        return form

    def after(self, action: Action) -> str:
        return reverse("brand_admin:offer_report", args=[self.brand.slug, self.offer.pk])

    def context(self) -> dict[str, Any]:
        return {"offer": self.offer}
