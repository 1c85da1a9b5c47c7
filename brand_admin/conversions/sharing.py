"""Give a conversion's order to another member, or share it among several.

The page shows a percentage per member. Its button "Add a member" leads to the list of members and
back; the address carries what was typed, as `shares`: "12:50,30:50" by enrollment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.amounts import PercentField
from brand_admin.enrollment_choice import EnrollmentChoice
from brand_admin.listing.empty_state import EmptyState
from brand_admin.listing.views import show_list
from brand_admin.pages import id_in, render_page
from brand_admin.refusals import add_refusal
from core.money import plain_percent
from offers.models import Enrollment
from tracking.figures.conversion_list import conversions
from tracking.models import Conversion
from tracking.orders.crediting import MAX_REASON_LENGTH, AttributionError
from tracking.orders.lookup import conversions_of_order
from tracking.orders.sharing import (
    MAX_MEMBERS,
    Share,
    SharesChangedError,
    share_order,
    shares_as_text,
)

SECTION = "conversions"
FIELD = "percent_"  # and the id of the enrollment
Typed = dict[int, str]  # percentages by enrollment id


class ShareForm(forms.Form):
    """A percentage for each member, and why. `seen` are the shares that the page showed."""

    seen = forms.CharField(
        max_length=400,
        widget=forms.HiddenInput,
        error_messages={"required": "Open this page again: the form is incomplete."},
    )
    reason = forms.CharField(
        label="Why",
        max_length=MAX_REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The members read this on their dashboards.",
        error_messages={"required": "Say why: the members read it."},
    )

    def __init__(self, *args: Any, members: QuerySet[Enrollment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = list(members)
        for enrollment in self.members:
            self.fields[f"{FIELD}{enrollment.pk}"] = PercentField(
                label=f"{enrollment.member} in {enrollment.offer.name}", required=False
            )

    def rows(self) -> list[forms.BoundField]:
        return [self[f"{FIELD}{enrollment.pk}"] for enrollment in self.members]

    def shares(self) -> list[Share]:
        """The members who get something. An empty field is nothing."""
        given = [
            Share(enrollment, self.cleaned_data[f"{FIELD}{enrollment.pk}"] or 0)
            for enrollment in self.members
        ]
        return [share for share in given if share.share_bp]


class SharingMember(EnrollmentChoice):
    """The members whom a part of the order can be given."""

    name, section = "conversion_share_member", SECTION
    heading = "Add a member"
    page_name = "conversion_share_member"
    reads = Permission.MANAGE
    template = "brand_admin/conversions/share_choice.html"
    carried = ("conversion", "shares", "seen", "reason")
    nothing_yet = EmptyState(
        "Nobody else is in an offer", "Open an offer and add members first.", icon="members"
    )

    def find(self) -> QuerySet[Enrollment]:
        return super().find().filter(pk__in=Enrollment.objects.active().values("pk"))

    def more_in_address(self) -> dict[str, Any]:
        return dict(self.kept)

    def context(self) -> dict[str, Any]:
        return {"conversion_id": id_in(self.GET.get("conversion", ""))}


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def share_page(request: BrandRequest, conversion_id: int) -> HttpResponse:
    """Whom the order of a conversion is credited to, by percentage."""
    conversion = get_object_or_404(conversions(), pk=conversion_id)
    if "add" in request.POST:
        return redirect(_choice_address(request, conversion))
    form = _sent(request.POST) if request.method == "POST" else _opened(conversion, request.GET)
    if form.is_valid():
        try:
            share_order(
                order_id=conversion.order_id,
                shares=form.shares(),
                reason=form.cleaned_data["reason"],
                by=request.actor,
                now=timezone.now(),
                seen=form.cleaned_data["seen"],
            )
        except SharesChangedError as error:
            form = _compared(conversion, request.POST)
            add_refusal(form, error)
        except AttributionError as error:
            add_refusal(form, error)
        else:
            messages.success(request, f"Order {conversion.order.external_id} is shared anew.")
            return redirect("brand_admin:conversion", request.brand.slug, conversion.pk)
    return render_page(
        request,
        "brand_admin/conversions/share.html",
        section=SECTION,
        status=422 if form.errors else 200,
        conversion=conversion,
        form=form,
        may_add=len(form.members) < MAX_MEMBERS,
    )


@require_safe
@brand_page(Permission.MANAGE)
def choose_member(request: BrandRequest) -> HttpResponse:
    """Let staff choose another member for an order; then back to its shares."""
    chosen = id_in(request.GET.get("conversion", ""))
    if chosen is None:
        return redirect("brand_admin:conversions", request.brand.slug)
    conversion = get_object_or_404(conversions(), pk=chosen)
    asked = id_in(request.GET.get("enrollment", ""))
    if asked is None:
        return show_list(request, SharingMember(request))
    typed = _with_member(_in_address(request.GET), asked)
    address = reverse("brand_admin:conversion_share", args=[request.brand.slug, conversion.pk])
    query = {"shares": _as_text(typed)} | {
        name: request.GET.get(name, "") for name in ("seen", "reason")
    }
    return redirect(f"{address}?{urlencode(query)}")


def _opened(conversion: Conversion, query: QueryDict) -> ShareForm:
    """The shares of now, or those that the address carries."""
    now = conversions_of_order(conversion.order_id)
    typed = _in_address(query) or _shares_of(now)
    initial = {
        "seen": query.get("seen", "").replace("\0", "") or shares_as_text(now),
        "reason": query.get("reason", "").replace("\0", ""),
        **{f"{FIELD}{pk}": percent for pk, percent in typed.items()},
    }
    return ShareForm(members=_members(typed), initial=initial)


def _sent(data: QueryDict) -> ShareForm:
    return ShareForm(data, members=_members(_posted(data)))


def _compared(conversion: Conversion, data: QueryDict) -> ShareForm:
    """What was sent, with all members who have a share now."""
    now = conversions_of_order(conversion.order_id)
    again = data.copy()
    again["seen"] = shares_as_text(now)
    members = _members(_shares_of(now) | _posted(data), most=2 * MAX_MEMBERS)
    return ShareForm(again, members=members)


def _members(typed: Typed, *, most: int = MAX_MEMBERS) -> QuerySet[Enrollment]:
    found = Enrollment.objects.filter(pk__in=list(typed)).select_related("member", "offer")
    return found.order_by("member__last_name", "member__first_name", "pk")[:most]


def _shares_of(conversions: Iterable[Conversion]) -> Typed:
    return {row.enrollment_id: plain_percent(row.share_bp) for row in conversions}


def _posted(data: Mapping[str, Any]) -> Typed:
    named = {id_in(name.removeprefix(FIELD)): name for name in data if name.startswith(FIELD)}
    return {pk: str(data[name]) for pk, name in named.items() if pk is not None}


def _in_address(query: QueryDict) -> Typed:
    typed: Typed = {}
    for part in query.get("shares", "").replace("\0", "").split(",")[:MAX_MEMBERS]:
        name, _, percent = part.partition(":")
        pk = id_in(name)
        if pk is not None:
            typed[pk] = percent
    return typed


def _with_member(typed: Typed, pk: int) -> Typed:
    """The same with another member, who gets all where one member had all."""
    if pk in typed:
        return typed
    if list(typed.values()) in (["100"], ["100.00"]):
        return {**dict.fromkeys(typed, "0"), pk: "100"}
    return {**typed, pk: ""}


def _as_text(typed: Typed) -> str:
    return ",".join(f"{pk}:{percent}" for pk, percent in typed.items())


def _choice_address(request: BrandRequest, conversion: Conversion) -> str:
    query: dict[str, str | int] = {
        "conversion": conversion.pk,
        "shares": _as_text(_posted(request.POST)),
        "seen": request.POST.get("seen", ""),
        "reason": request.POST.get("reason", "")[:MAX_REASON_LENGTH],
    }
    address = reverse("brand_admin:conversion_share_member", args=[request.brand.slug])
    return f"{address}?{urlencode(query)}"
