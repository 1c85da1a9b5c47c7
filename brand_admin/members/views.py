"""Members: the forms, and the tabs of a member's page. The list is in `lists`."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from accounts.permissions import Permission
from affiliates.models import Member
from affiliates.services import MemberError, add_member
from brand_admin.access import BrandRequest, brand_page
from brand_admin.members.forms import (
    EditMemberForm,
    JoinForm,
    MemberForm,
)
from brand_admin.members.parts import show_part
from brand_admin.pages import (
    render_page,
)
from brand_admin.refusals import add_refusal
from brand_admin.versioned import Meanwhile, meanwhile
from core.versions import ChangedMeanwhileError
from offers.models import Enrollment
from offers.services import ClosedError, enroll
from payouts.releases import change_member_and_payments
from tracking.figures.member_summaries import accounts_by_currency
from tracking.figures.member_table import offer_rows_of
from tracking.links.promo_codes import codes_in_grace, earlier_holders, had_until

SECTION = "members"


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
    """Show the member's offers, each with code, link and earnings."""
    member = get_object_or_404(Member, pk=member_id)
    return _offers_part(request, member, JoinForm(member=member))


@brand_page(Permission.READ, post=Permission.MANAGE)
def member_join(request: BrandRequest, member_id: int) -> HttpResponse:
    """Add the member to another offer."""
    member = get_object_or_404(Member, pk=member_id)
    form = JoinForm(request.POST or None, member=member)
    if request.method != "POST":
        return redirect("brand_admin:member", request.brand.slug, member.pk)
    if not form.is_valid():
        return _offers_part(request, member, form)
    offer = form.cleaned_data["offer"]
    try:
        joined = enroll(offer=offer, members=[member], by=request.actor, now=timezone.now())
    except ClosedError as error:  # it ended meanwhile
        add_refusal(form, error, as_it_is=True)
        return _offers_part(request, member, form)
    if joined:
        messages.success(request, f"{member} is in {offer.name} now.")
    return redirect("brand_admin:member", request.brand.slug, member.pk)


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
    now, ids = timezone.now(), [row.pk for row in enrollments]
    had_before = {pk: had_until(code) for pk, code in earlier_holders(ids).items()}
    in_grace = codes_in_grace(ids, now=now)
    rows = offer_rows_of(enrollments, now=now)
    return show_part(
        request,
        member,
        "offers",
        rows=[
            (row, had_before.get(row.enrollment.pk, ""), in_grace.get(row.enrollment.pk))
            for row in rows
        ],
        accounts=accounts_by_currency(rows),
        join_form=form,
        status=422 if form.errors else 200,
    )
