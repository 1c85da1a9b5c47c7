"""Members: the list, the forms, and a member's page in its parts."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from accounts.permissions import Permission
from affiliates.details import member_details_of
from affiliates.models import Member
from affiliates.selectors import members
from affiliates.services import MemberError, add_member
from brand_admin.access import BrandRequest, brand_page
from brand_admin.addresses import without_filters
from brand_admin.exporting import Asked, Export, answer_export
from brand_admin.members.forms import (
    NO_OFFER,
    BulkForm,
    EditMemberForm,
    JoinForm,
    MemberFilter,
    MemberForm,
)
from brand_admin.members.parts import show_part
from brand_admin.pages import (
    Asking,
    export_url,
    in_order,
    paginate,
    render_page,
    searched,
)
from brand_admin.refusals import add_refusal
from brand_admin.suppressed import suppressed_in_words
from brand_admin.versioned import Meanwhile, meanwhile
from core.versions import ChangedMeanwhileError
from offers.models import Enrollment
from offers.selectors import in_offer
from offers.services import enroll
from payouts.releases import change_member_and_payments
from tracking.figures.member_summaries import accounts_by_currency, member_summaries, summary_csv
from tracking.figures.member_table import offer_rows_of

SECTION = "members"
ORDERS = {
    "name": ("last_name", "first_name", "pk"),
    "email": ("email", "pk"),
    "joined": ("joined_at", "pk"),
}


@brand_page(Permission.READ, post=Permission.MANAGE)
def member_list(request: BrandRequest) -> HttpResponse:
    form = MemberFilter(request.GET)
    page = paginate(request, found_members(request, form))
    suppressed = suppressed_in_words(member.email for member in page)
    shown = list(page)
    summaries, noted = member_summaries(shown, now=timezone.now()), member_details_of(shown)
    return render_page(
        request,
        "brand_admin/members/list.html",
        section=SECTION,
        filters=form,
        search=searched(request),
        clear_url=without_filters(request, "q", "offer", "tag", "owner"),
        export_url=export_url(request, "brand_admin:members_export"),
        page=page,
        rows=[
            (row, noted[row.member.pk], suppressed.get(row.member.email, "")) for row in summaries
        ],
        bulk=BulkForm(staff=form.staff),
        tags=form.tags,
        has_members=bool(page) or Member.objects.exists(),
    )


@brand_page(Permission.READ, post=Permission.MANAGE)
def members_export(request: BrandRequest) -> HttpResponseBase:
    return answer_export(request, "members", members_file, section=SECTION)


def members_file(asked: Asked, *, now: datetime) -> Export:
    """Exactly what the list shows with the same filters."""
    found = found_members(asked, MemberFilter(asked.GET))
    lines = summary_csv(found.iterator(chunk_size=500), now=now)
    return Export("Members", f"{asked.brand.slug}-members.csv", found.count(), lines)


@brand_page(Permission.READ, post=Permission.MANAGE)
def member_new(request: BrandRequest) -> HttpResponse:
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            member = add_member(**form.said(), by=request.actor, now=timezone.now())
        except MemberError as error:
            add_refusal(form, error)
        else:
            messages.success(request, f"{member} is a member now.")
            return redirect("brand_admin:member", request.brand.slug, member.pk)
    return _form_page(request, form, member=None)


@brand_page(Permission.READ, post=Permission.MANAGE)
def member_edit(request: BrandRequest, member_id: int) -> HttpResponse:
    member = get_object_or_404(Member, pk=member_id)
    form = EditMemberForm.of(member, request.POST if request.method == "POST" else None)
    told = None
    if request.method == "POST" and form.is_valid():
        try:
            saved = change_member_and_payments(
                member=member, **form.said(), by=request.actor, now=timezone.now()
            )
        except MemberError as error:
            add_refusal(form, error)
        except ChangedMeanwhileError:
            member.refresh_from_db()
            now_there = EditMemberForm.of(member)
            form, told = meanwhile(form, current=now_there, version=member.version, target=member)
        else:
            messages.success(request, f"{saved} is saved.")
            return redirect("brand_admin:member", request.brand.slug, member.pk)
    return _form_page(request, form, member=member, meanwhile=told)


@brand_page(Permission.READ, post=Permission.MANAGE)
def member_page(request: BrandRequest, member_id: int) -> HttpResponse:
    """Their offers, with what they share and what it earned."""
    member = get_object_or_404(Member, pk=member_id)
    return _offers_part(request, member, JoinForm(member=member))


@brand_page(Permission.READ, post=Permission.MANAGE)
def member_join(request: BrandRequest, member_id: int) -> HttpResponse:
    """Put the member into another offer."""
    member = get_object_or_404(Member, pk=member_id)
    form = JoinForm(request.POST or None, member=member)
    if request.method != "POST":
        return redirect("brand_admin:member", request.brand.slug, member.pk)
    if not form.is_valid():
        return _offers_part(request, member, form)
    offer = form.cleaned_data["offer"]
    enroll(offer=offer, members=[member], by=request.actor, now=timezone.now())
    messages.success(request, f"{member} is in {offer.name} now.")
    return redirect("brand_admin:member", request.brand.slug, member.pk)


def found_members(request: Asking, form: MemberFilter) -> QuerySet[Member]:
    """The members that the address asks for, in its order."""
    found = members(search=searched(request), **form.details)
    if form.chosen:
        found = in_offer(found, None if form.chosen == NO_OFFER else int(form.chosen))
    return in_order(request, found, ORDERS, default="name")


def _form_page(
    request: BrandRequest,
    form: MemberForm,
    *,
    member: Member | None,
    meanwhile: Meanwhile | None = None,
) -> HttpResponse:
    return render_page(
        request,
        "brand_admin/members/form.html",
        section=SECTION,
        form=form,
        member=member,
        meanwhile=meanwhile,
        status=409 if meanwhile else 422 if form.errors else 200,
    )


def _offers_part(request: BrandRequest, member: Member, form: JoinForm) -> HttpResponse:
    enrollments = list(
        Enrollment.objects.filter(member=member).select_related("offer").order_by("-pk")
    )
    rows = offer_rows_of(enrollments, now=timezone.now())
    return show_part(
        request,
        member,
        "offers",
        rows=rows,
        accounts=accounts_by_currency(rows),
        join_form=form,
        status=422 if form.errors else 200,
    )
