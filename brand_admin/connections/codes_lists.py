"""The lists of codes that are kept in step: the discounts, and one discount's codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import mark_safe

from accounts.actors import Actor
from accounts.permissions import Permission
from brand_admin.connections.codes_forms import CodeFilters, DiscountFilters
from brand_admin.connections.events_lists import HEADING, SECTION
from brand_admin.enrollment_choice import EnrollmentChoice
from brand_admin.listing.actions import Action, Done
from brand_admin.listing.cells import (
    Badge,
    BrandPages,
    Cell,
    Chip,
    Copied,
    Fragment,
    Lines,
    Link,
    Muted,
)
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing
from core.templatetags.display import rate
from integrations.codes import CAN_BE_ENDED, CAN_BE_MADE, end_in_shop, make_in_shop
from integrations.compared import (
    WITH_LINKS,
    DiscountCounts,
    compared_codes,
    link_with_code,
    offer_discounts,
    with_code_counts,
)
from integrations.models import DIFFERENCES, CodeState, ComparedCode, OfferDiscount
from offers.models import Enrollment

TONES = {CodeState.IN_STEP: "good", CodeState.ENDED: "neutral"}


def discount_state(discount: OfferDiscount, differences: int) -> Cell:
    """How it stands in a word."""
    if not discount.is_live:
        return Badge("Stopped")
    if discount.problem:
        return Badge("Not compared", "bad")
    if discount.compared_at is None:
        return Badge("Being compared", "wait")
    return Badge("Differs", "wait") if differences else Badge("In step", "good")


class OfferDiscounts(Listing[DiscountCounts]):
    """The discounts of offers in shops, with how many codes differ."""

    name, section = "shop_codes", SECTION
    heading = HEADING
    subtitle = (
        "The codes of an offer's members, in your shop. What you give or end here is made or ended"
        " there within minutes; what is changed there alone is shown here."
    )
    label, noun = "Codes in shops", "discounts"
    page_name, file_page = "shop_codes", "shop_codes_csv"
    template = "brand_admin/connections/events.html"
    search_label = "Offer or shop"
    filter_form = DiscountFilters
    default_sort = "offer"
    header_links = (
        PageLink(
            "Keep codes in step",
            "shop_codes_keep",
            icon="plus",
            kind="primary",
            needs=Permission.MANAGE,
        ),
    )
    columns = (
        Column(
            "Offer",
            lambda row: Lines(
                Link(row.discount.offer.name, "compared_codes", row.discount.pk),
                Muted(row.discount.connection.name),
            ),
            sort="offer",
            by=("offer__name", "connection__name", "pk"),
            look="wraps",
            names_row=True,
        ),
        Column(
            "Takes off",
            lambda row: rate(row.discount.percent_bp),
            sort="percent",
            by=("percent_bp", "pk"),
            look="number",
        ),
        Column("Codes here", lambda row: row.here, look="number"),
        Column("Codes there", lambda row: row.there, look="number"),
        Column("Differences", lambda row: row.differences, look="number"),
        Column("State", lambda row: discount_state(row.discount, row.differences)),
        Column(
            "Last compared",
            lambda row: Lines(row.discount.compared_at, Muted(row.discount.problem)),
            sort="compared",
            by=("compared_at", "pk"),
            look="wide wraps",
        ),
    )
    file_columns = {
        "offer": lambda row: row.discount.offer.name,
        "connection": lambda row: row.discount.connection.name,
        "percent": lambda row: rate(row.discount.percent_bp),
        "codes_here": lambda row: row.here,
        "codes_there": lambda row: row.there,
        "differences": lambda row: row.differences,
        "compared": lambda row: row.discount.compared_at,
        "problem": lambda row: row.discount.problem,
    }
    nothing_yet = EmptyState(
        "No codes are kept in step yet",
        "Choose an offer and a connected shop: we make a discount there with the code of each"
        " member, and keep both sides alike.",
        icon="tag",
        links=(
            PageLink(
                "Keep codes in step", "shop_codes_keep", kind="primary", needs=Permission.MANAGE
            ),
        ),
    )

    def find(self) -> QuerySet[OfferDiscount]:
        return offer_discounts(search=self.search, connection=self.filters.connection_id())

    def rows_of(self, found: Sequence[OfferDiscount]) -> list[DiscountCounts]:
        return with_code_counts(found)

    def file_title(self) -> str:
        return self.label

    def context(self) -> dict[str, Any]:
        return {"tab": "codes"}


def make(listing: Listing[Any], *, ids: list[int], by: Actor, now: datetime) -> Done:
    discount = get_object_or_404(OfferDiscount, pk=listing.args["discount_id"])
    number = make_in_shop(codes=ids, discount=discount, by=by, now=now)
    return Done(number, unchanged=len(ids) - number)


def end(listing: Listing[Any], *, ids: list[int], by: Actor, now: datetime) -> Done:
    discount = get_object_or_404(OfferDiscount, pk=listing.args["discount_id"])
    number = end_in_shop(codes=ids, discount=discount, by=by, now=now)
    return Done(number, unchanged=len(ids) - number)


def code_state(row: ComparedCode) -> Cell:
    state = CodeState(row.state)
    tone = "bad" if row.problem else TONES.get(state, "wait")
    return Lines(Badge(state.label, tone), Muted(row.problem) if row.problem else "")


class ComparedCodes(Listing[ComparedCode]):
    """The codes of one discount, those that differ first."""

    name, section = "compared_codes", SECTION
    label, noun = "Codes", "codes"
    page_name, file_page = "compared_codes", "compared_codes_csv"
    change_page = "compared_codes_change"
    template = "brand_admin/connections/codes.html"
    arguments = ("discount_id",)
    search_label = "Code or member"
    filter_form = CodeFilters
    default_sort = "state"
    shows_times = False
    columns: ClassVar[Sequence[Column]] = (
        Column("Code", lambda row: Chip(row.code), sort="code", by=("text", "pk"), names_row=True),
        Column(
            "Member",
            lambda row: (
                Link(row.enrollment.member, "member", row.enrollment.member_id)
                if row.enrollment
                else ""
            ),
        ),
        Column("State", code_state, sort="state", by=("place", "text", "pk"), look="wide wraps"),
        Column(
            "Times used",
            lambda row: row.times_used,
            sort="used",
            by=("times_used", "pk"),
            look="number",
        ),
    )
    file_columns = {
        "code": lambda row: row.code,
        "member": lambda row: str(row.enrollment.member) if row.enrollment else "",
        "state": lambda row: row.state,
        "times_used": lambda row: row.times_used,
        "problem": lambda row: row.problem,
    }
    actions: ClassVar[Sequence[Action]] = (
        Action(
            key="make",
            label="Make in the shop",
            act=make,
            done="will be made in the shop",
            unchanged="can't be made: no member has them, or the shop has them",
            icon="plus",
            asks="Codes of members that are missing in the shop are made there. It takes a minute.",
        ),
        Action(
            key="end",
            label="End in the shop",
            act=end,
            done="will be ended in the shop",
            unchanged="can't be ended: a member has them, or they have ended",
            icon="remove",
            kind="danger",
            asks="Shoppers can't use them any more. Codes that members have are left out.",
        ),
    )
    nothing_yet = EmptyState(
        "No codes yet",
        "Nobody in the offer has a code, and the discount in the shop has none. Codes that are"
        " given to members here are made there within minutes.",
        icon="tag",
    )

    def prepare(self, **args: int) -> None:
        self.discount: OfferDiscount = get_object_or_404(offer_discounts(), pk=args["discount_id"])
        self.heading = f"{self.discount.offer.name} in {self.discount.connection.name}"  # type: ignore[misc]

    def belongs_to(self) -> str:
        return str(self.discount.offer.name)

    def find(self) -> QuerySet[ComparedCode]:
        return compared_codes(self.discount, search=self.search, state=self.filters.chosen())

    def everything(self) -> QuerySet[ComparedCode]:
        return compared_codes(self.discount)

    def shown_columns(self) -> Sequence[Column]:
        columns = list(self.columns)
        if self.discount.connection.kind == WITH_LINKS:
            columns.append(Column("Link that applies it", self._link))
        if self.may_change:
            columns.append(Column("Actions", self._buttons, look="number wide", hidden=True))
        return columns

    def _link(self, row: ComparedCode) -> Cell:
        address = link_with_code(self.discount, row)
        return Copied(f"the link with {row.code}", address, shown=f"…/discount/{row.code}")

    def _buttons(self, row: ComparedCode) -> Cell:
        is_open = self.discount.is_live and (row.state in DIFFERENCES or bool(row.problem))
        return Fragment(
            "brand_admin/connections/code_buttons.html",
            row=row,
            can_make=is_open and row.state in CAN_BE_MADE,
            can_end=is_open and row.state in CAN_BE_ENDED,
            can_give=is_open and row.state == CodeState.UNKNOWN,
        )

    def file_name(self) -> str:
        return f"codes-{self.discount.pk}"

    def file_title(self) -> str:
        return f"Codes of {self.heading}"

    def context(self) -> dict[str, Any]:
        [counts] = with_code_counts([self.discount])
        keep = reverse("brand_admin:shop_codes_keep", args=[self.brand.slug])
        return {
            "discount": self.discount,
            "counts": counts,
            "change_href": f"{keep}?discount={self.discount.pk}",
            "state": mark_safe(  # noqa: S308 - a component
                discount_state(self.discount, counts.differences).html(BrandPages(self.brand.slug))
            ),
        }


class CodeMember(EnrollmentChoice):
    """The members of the offer to whom a code of the shop can be given."""

    name, section = "compared_code_give", SECTION
    heading = "Give the code to a member"
    page_name = "compared_code_give"
    arguments = ("discount_id", "code_id")
    reads = Permission.MANAGE
    template = "brand_admin/connections/code_member.html"
    nothing_yet = EmptyState(
        "Nobody is in the offer",
        "Add members to the offer first.",
        icon="members",
        links=(PageLink("Sales Tracking", "reporting"),),
    )

    def prepare(self, **args: int) -> None:
        rows = ComparedCode.objects.select_related("discount__offer").filter(
            discount=args["discount_id"], state=CodeState.UNKNOWN
        )
        self.code: ComparedCode = get_object_or_404(rows, pk=args["code_id"])

    def find(self) -> QuerySet[Enrollment]:
        active = Enrollment.objects.active().filter(offer=self.code.discount.offer_id)
        return super().find().filter(pk__in=active.values("pk"))

    def _chosen(self, row: Enrollment) -> Cell:
        place = [self.args["discount_id"], self.args["code_id"]]
        return Link(row.member, self.page_name, *place, enrollment=row.pk)

    def context(self) -> dict[str, Any]:
        return {"code": self.code}
