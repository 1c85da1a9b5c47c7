"""The list of orders that no member is credited for, and crediting them by hand.

The button of the list leads to the choice of a member, and that to the page that asks why. The
address carries the orders: the checked ones, or the filters of the list for all that match.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import Truncator, capfirst
from django.views.decorators.http import require_safe

from accounts.actors import Actor
from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.conversions.forms import CreditForm, UnattributedFilters
from brand_admin.conversions.tab_counts import tab_counts
from brand_admin.enrollment_choice import EnrollmentChoice
from brand_admin.listing.actions import Action, Done, Seen, Skipped
from brand_admin.listing.cells import Cell, Chip, Chips, Lines, Muted
from brand_admin.listing.changing import MAX_CHOSEN_ROWS, ask_for_confirmation
from brand_admin.listing.choosing import SELECTED_ALL
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.list_request import StoredListRequest
from brand_admin.listing.listing import Listing
from brand_admin.listing.views import show_list
from brand_admin.pages import id_in
from core.money import Money
from core.templatetags.display import count, moment
from offers.models import Enrollment
from tracking.figures.unattributed_orders import unattributed_orders
from tracking.models import Order
from tracking.orders.crediting import credit_by_own_evidence, credit_orders_by_hand

SHOWN_OF_CLICK_ID = 16  # characters, in the list; the file has all of them


def _credit(
    listing: Listing[Any], *, ids: list[int], enrollment: int, reason: str, by: Actor, now: datetime
) -> Done:
    to = Enrollment.objects.select_related("member", "offer").get(pk=enrollment)
    result = credit_orders_by_hand(order_ids=ids, enrollment=to, reason=reason, by=by, now=now)
    return Done(
        len(result.conversions),
        skipped=[Skipped(each.subject, each.why) for each in result.not_credited],
    )


def _look_again(listing: Listing[Any], *, ids: list[int], by: Actor, now: datetime) -> Done:
    result = credit_by_own_evidence(order_ids=ids, by=by, now=now)
    return Done(
        len(result.conversions),
        skipped=[Skipped(each.subject, each.why) for each in result.not_credited],
    )


def _to_choice(listing: Listing[Any], ids: list[int]) -> str:
    orders = "" if listing.all_chosen else ",".join(map(str, ids))
    query = {"orders": orders, "rows": listing.query_without().urlencode()}
    address = reverse("brand_admin:unattributed_member", args=[listing.brand.slug])
    return f"{address}?{urlencode(query)}"


def _brought(row: Order) -> Cell:
    """The evidence of an order, though it won nobody anything."""
    codes = [Chip(code, "neutral") for code in row.promo_codes]
    click = Truncator(row.click_id).chars(SHOWN_OF_CLICK_ID)
    return Lines(
        Chips(*codes) if codes else "",
        Muted(f"Click {click}") if click else "",
        Muted(f"Customer {row.customer_ref}") if row.customer_ref else "",
    )


def _total(row: Order) -> Money:
    return Money(row.total_minor, row.currency)


class UnattributedOrders(Listing[Order]):
    """The orders that no member is credited for, the newest first."""

    name, section = "unattributed", "conversions"
    heading = "Conversions"
    subtitle = (
        "Orders that no member is credited for. If there are many, the shop may be wired wrongly:"
        " look at what their codes say."
    )
    label, noun = "Unattributed orders", "orders"
    page_name, file_page, change_page = "unattributed", "unattributed_csv", "unattributed_credit"
    export_in_header = True
    header_links = (PageLink("Exchange rates", "exchange_rates"),)
    template = "brand_admin/conversions/unattributed.html"
    search_label = "Order or code"
    filter_form = UnattributedFilters
    default_sort = "-time"
    is_long = True
    columns: ClassVar[Sequence[Column]] = (
        Column("Order", lambda row: row.external_id, names_row=True),
        Column(
            "Time", lambda row: row.ordered_at, sort="time", by=("ordered_at", "pk"), look="bare"
        ),
        Column("Source", lambda row: row.source, look="off-phone"),
        Column("Codes and other evidence", _brought, look="wraps off-phone"),
        Column("Why nobody", lambda row: capfirst(row.unattributed), look="wide wraps bare"),
        Column("Amount", _total, look="number strong"),
    )
    file_columns = {
        "order": lambda row: row.external_id,
        "source": lambda row: row.source,
        "time": lambda row: row.ordered_at,
        "amount": _total,
        "currency": lambda row: row.currency,
        "codes": lambda row: "; ".join(row.promo_codes),
        "click": lambda row: row.click_id,
        "customer": lambda row: row.customer_ref,
        "reason": lambda row: row.unattributed,
    }
    actions: ClassVar[Sequence[Action]] = (
        Action(
            key="credit",
            label="Credit to a member",
            act=_credit,
            done="credited to {member}",
            form=CreditForm,
            icon="check",
            kind="primary",
            leads=_to_choice,
            asks="They are accepted and earn at once.",
        ),
        Action(
            key="look-again",
            label="Look again",
            act=_look_again,
            done="credited to the members whom their codes, clicks and customers speak for",
            icon="search",
            asks="An order whose code, click or customer speaks for a member by now is credited to"
            " them. One in another currency than the offer's is converted at the rate of its day.",
        ),
    )
    nothing_yet = EmptyState(
        "Every order is credited",
        "An order that no member is credited for appears here, with the reason.",
        icon="good",
        links=(PageLink("Conversions", "conversions"),),
    )
    nothing_matches = EmptyState(
        "No order matches",
        "Search the beginning or the end of an order's number, or a part of a code.",
        icon="search",
    )

    def find(self) -> QuerySet[Order]:
        return unattributed_orders(search=self.search, **self.filters.chosen())

    def file_title(self) -> str:
        return self.label

    def file_name(self) -> str:
        return "unattributed-orders"

    def row_label(self, row: Order) -> str:
        return row.external_id

    def everything(self) -> QuerySet[Order]:
        """Also orders that were credited meanwhile: the person saw them and is told."""
        return Order.objects.order_by("-ordered_at", "-pk")

    def seen(self, action: Action, ids: list[int]) -> list[Seen]:
        return [
            Seen(
                row.external_id,
                more=", ".join(row.promo_codes),
                amount=_total(row),
                note=f"{moment(row.ordered_at)} · {row.source}",
            )
            for row in self.everything().filter(pk__in=ids)
        ]

    def asks(self, action: Action, form: forms.Form | None) -> str:
        to = form.member() if isinstance(form, CreditForm) else None
        if to is None:
            return action.asks
        return (
            f"They go to {to.member} in {to.offer.name}, each under the terms in force when it was"
            f" placed, and earn at once. An order that is not in {to.offer.currency} is converted"
            " at the exchange rate of its day, and skipped where there is none."
        )

    def done_words(self, action: Action, values: dict[str, Any]) -> str:
        if "enrollment" not in values:
            return super().done_words(action, values)
        to = Enrollment.objects.select_related("member").get(pk=values["enrollment"])
        return super().done_words(action, {**values, "member": to.member})

    def context(self) -> dict[str, Any]:
        return tab_counts()


class CreditedMember(EnrollmentChoice):
    """The members whom the chosen orders can be credited to."""

    name, section = "unattributed_member", "conversions"
    heading = "Credit to a member"
    page_name = "unattributed_member"
    reads = Permission.MANAGE
    template = "brand_admin/conversions/credit_choice.html"
    carried = ("orders", "rows")
    nothing_yet = EmptyState(
        "Nobody is in an offer yet",
        "An order is credited to a member in an offer. Open the offer and add members first.",
        icon="members",
        links=(PageLink("Sales Tracking", "reporting"),),
    )

    def find(self) -> QuerySet[Enrollment]:
        return super().find().filter(pk__in=Enrollment.objects.not_removed().values("pk"))

    def more_in_address(self) -> dict[str, Any]:
        return dict(self.kept)

    @cached_property
    def orders(self) -> UnattributedOrders:
        """The list that the orders were chosen in; all its rows are chosen if none is named."""
        query = QueryDict(self.GET.get("rows", ""), mutable=True)
        if not self.GET.get("orders"):
            query[SELECTED_ALL] = "1"
        role = getattr(self.request, "role", None)
        return UnattributedOrders(StoredListRequest(self.brand, query, role))

    @cached_property
    def order_ids(self) -> list[int]:
        if self.orders.all_chosen:
            return list(self.orders.all_ids()[: MAX_CHOSEN_ROWS + 1])
        named = map(id_in, self.GET.get("orders", "").split(","))
        found = self.orders.everything().filter(pk__in=[one for one in named if one is not None])
        return list(found.values_list("pk", flat=True))

    def context(self) -> dict[str, Any]:
        number = len(self.order_ids)
        orders = f"{count(number)} order{'' if number == 1 else 's'}"
        return {"orders": self.orders, "question": f"Whom are {orders} credited to?"}


@require_safe
@brand_page(Permission.MANAGE)
def choose_member(request: BrandRequest) -> HttpResponse:
    """Let staff choose a member in an offer for the chosen orders; then ask why."""
    choice = CreditedMember(request)
    if not choice.order_ids:
        return redirect("brand_admin:unattributed", request.brand.slug)
    asked = id_in(request.GET.get("enrollment", ""))
    if asked is None:
        return show_list(request, choice)
    to = get_object_or_404(Enrollment.objects.not_removed(), pk=asked)
    action = UnattributedOrders.actions[0]
    form = choice.orders.form_of(action, initial={"enrollment": to.pk})
    return ask_for_confirmation(request, choice.orders, action, choice.order_ids, form)
