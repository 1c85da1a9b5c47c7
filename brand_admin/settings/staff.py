"""Settings → Staff: the people of the brand, the invitations, and the roles."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.invitations import (
    InvitationError,
    invite_staff,
    open_invitations,
    resend_invitation,
    withdraw_invitation,
)
from accounts.models import Invitation, InvitationState, Role, Staff
from accounts.permissions import Permission
from accounts.second_factor import (
    SecondFactorError,
    set_second_factor_required,
    used_second_factor,
    users_with_second_factor,
)
from accounts.selectors import staff_of_brand
from accounts.services import StaffError, change_staff_role, remove_staff
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from brand_admin.settings.forms import ChangeRoleForm, InviteStaffForm
from core.text import sentence

SECTION = "settings"


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER, live_page="settings_staff")
def staff(request: BrandRequest) -> HttpResponse:
    """List the staff and the open invitations; owners can invite people."""
    form = InviteStaffForm(request.POST if request.method == "POST" else None)
    now = timezone.now()
    if request.method == "POST" and form.is_valid():
        email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
        try:
            invitation = invite_staff(email=email, role=role, by=request.actor, now=now)
        except StaffError as error:
            add_refusal(form, error)
        else:
            _show_mail_result(request, invitation)
            return redirect("brand_admin:settings_staff", request.brand.slug)
    waiting, rows = list(open_invitations()), list(staff_of_brand())
    return render_page(
        request,
        "brand_admin/settings/staff.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        staff=rows,
        with_factor=users_with_second_factor(row.user_id for row in rows),
        invitations=[(row, row.state_at(now) == InvitationState.EXPIRED) for row in waiting],
        roles=Role.choices,
    )


@require_POST
@brand_page(Permission.ADMINISTER, live_page="settings_staff")
def second_factor(request: BrandRequest) -> HttpResponse:
    """Require a second factor of all staff, or no longer."""
    is_required = "required" in request.POST
    try:
        set_second_factor_required(
            brand=request.brand,
            is_required=is_required,
            user=request.user,
            used_one=used_second_factor(request, request.user),
            by=request.actor,
            now=timezone.now(),
        )
    except SecondFactorError as error:
        messages.error(request, sentence(error))
    else:
        words = "A second factor is now required of all staff."
        messages.success(
            request, words if is_required else "A second factor is now optional for staff."
        )
    return redirect("brand_admin:settings_staff", request.brand.slug)


@require_POST
@brand_page(Permission.ADMINISTER, live_page="settings_staff")
def invitation_resend(request: BrandRequest, invitation_id: int) -> HttpResponse:
    """Mail the link again."""
    row = get_object_or_404(Invitation, pk=invitation_id)
    try:
        _show_mail_result(
            request, resend_invitation(invitation=row, by=request.actor, now=timezone.now())
        )
    except InvitationError as error:
        messages.warning(request, f"Nothing was sent: {error}.")
    return redirect("brand_admin:settings_staff", request.brand.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.ADMINISTER, live_page="settings_staff")
def invitation_withdraw(request: BrandRequest, invitation_id: int) -> HttpResponse:
    """Ask for confirmation, then withdraw the invitation: its link no longer works."""
    row: Invitation = get_object_or_404(Invitation, pk=invitation_id)
    if request.method != "POST":
        return render_page(
            request, "brand_admin/settings/invitation_withdraw.html", section=SECTION, row=row
        )
    try:
        withdraw_invitation(invitation=row, by=request.actor, now=timezone.now())
    except InvitationError as error:
        messages.warning(request, f"Nothing was changed: {error}.")
    else:
        messages.success(request, f"The invitation of {row.email} is withdrawn.")
    return redirect("brand_admin:settings_staff", request.brand.slug)


@require_POST
@brand_page(Permission.ADMINISTER, live_page="settings_staff")
def staff_role(request: BrandRequest, staff_id: int) -> HttpResponse:
    """Change a person's role."""
    row = get_object_or_404(staff_of_brand(), pk=staff_id)
    form = ChangeRoleForm(request.POST)
    if form.is_valid():
        role = Role(form.cleaned_data["role"])
        try:
            change_staff_role(staff=row, role=role, by=request.actor, now=timezone.now())
        except StaffError as error:
            messages.error(request, sentence(error))
        else:
            messages.success(request, f"{row.user} is {role.label.lower()} now.")
    return redirect("brand_admin:settings_staff", request.brand.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.ADMINISTER, live_page="settings_staff")
def staff_remove(request: BrandRequest, staff_id: int) -> HttpResponse:
    """Ask for confirmation, then remove the person from the staff."""
    row: Staff = get_object_or_404(staff_of_brand(), pk=staff_id)
    if request.method != "POST":
        return render_page(
            request, "brand_admin/settings/staff_remove.html", section=SECTION, person=row
        )
    try:
        remove_staff(staff=row, by=request.actor, now=timezone.now())
    except StaffError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, f"{row.user} has no access any more.")
        if row.user_id == request.user.pk:
            return redirect("brand_admin:door")
    return redirect("brand_admin:settings_staff", request.brand.slug)


def _show_mail_result(request: BrandRequest, invitation: Invitation) -> None:
    """Say whether the invitation was mailed."""
    if invitation.mailed_at is not None:
        messages.success(request, f"The invitation was sent to {invitation.email}.")
    else:
        messages.error(
            request,
            f"{invitation.email} is invited, but the mail could not be sent"
            f" ({invitation.mail_problem}). Send it again.",
        )
