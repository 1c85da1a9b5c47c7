"""Settings: the brand, its staff, its API keys, and the log of who did what."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import ApiKey, Role, Staff
from accounts.permissions import Permission
from accounts.selectors import api_keys, audit_entries, staff_of_brand
from accounts.services import (
    StaffError,
    add_staff,
    change_brand,
    change_staff_role,
    create_api_key,
    remove_staff,
    revoke_api_key,
)
from brand_admin import history
from brand_admin.access import BrandRequest, brand_page
from brand_admin.addresses import without_filters
from brand_admin.pages import paginate, render_page, searched
from brand_admin.settings.forms import AddStaff, BrandForm, ChangeRole, NewApiKey

SECTION = "settings"


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER)
def brand_settings(request: BrandRequest) -> HttpResponse:
    """How the brand appears, and what about it is fixed."""
    form = BrandForm.of(request.brand, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        change_brand(
            brand=request.brand,
            name=form.cleaned_data["name"],
            accent=form.cleaned_data["accent"],
            sender_name=form.cleaned_data["sender_name"],
            reply_to=form.cleaned_data["reply_to"],
            sends_items_automatically=form.cleaned_data["sends_items_automatically"],
            by=request.actor,
            now=timezone.now(),
        )
        messages.success(request, "Saved.")
        return redirect("brand_admin:settings", request.brand.slug)
    return render_page(
        request,
        "brand_admin/settings/brand.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER)
def staff(request: BrandRequest) -> HttpResponse:
    """Who works for the brand, with which role; owners add people here."""
    form = AddStaff(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
        try:
            row = add_staff(email=email, role=role, by=request.actor, now=timezone.now())
        except StaffError as error:
            form.add_error(None, str(error).capitalize())
        else:
            messages.success(request, f"{row.user.email} is {role.label.lower()} now.")
            return redirect("brand_admin:settings_staff", request.brand.slug)
    return render_page(
        request,
        "brand_admin/settings/staff.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        staff=staff_of_brand(),
        roles=Role.choices,
    )


@require_POST
@brand_page(Permission.ADMINISTER)
def staff_role(request: BrandRequest, staff_id: int) -> HttpResponse:
    """Give a person another role."""
    row = get_object_or_404(staff_of_brand(), pk=staff_id)
    form = ChangeRole(request.POST)
    if form.is_valid():
        role = Role(form.cleaned_data["role"])
        try:
            change_staff_role(staff=row, role=role, by=request.actor, now=timezone.now())
        except StaffError as error:
            messages.error(request, str(error).capitalize())
        else:
            messages.success(request, f"{row.user} is {role.label.lower()} now.")
    return redirect("brand_admin:settings_staff", request.brand.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.ADMINISTER)
def staff_remove(request: BrandRequest, staff_id: int) -> HttpResponse:
    """Ask once, then take the person's role away."""
    row: Staff = get_object_or_404(staff_of_brand(), pk=staff_id)
    if request.method != "POST":
        return render_page(
            request, "brand_admin/settings/staff_remove.html", section=SECTION, person=row
        )
    try:
        remove_staff(staff=row, by=request.actor, now=timezone.now())
    except StaffError as error:
        messages.error(request, str(error).capitalize())
    else:
        messages.success(request, f"{row.user} has no access any more.")
        if row.user_id == request.user.pk:
            return redirect("brand_admin:door")
    return redirect("brand_admin:settings_staff", request.brand.slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER)
def keys(request: BrandRequest) -> HttpResponse:
    """The shop's keys. A new one is in the answer to the form that made it, and nowhere else."""
    form = NewApiKey(request.POST if request.method == "POST" else None)
    made = None
    if request.method == "POST" and form.is_valid():
        label = form.cleaned_data["label"]
        made = create_api_key(label=label, by=request.actor, now=timezone.now())
        form = NewApiKey()
    return render_page(
        request,
        "brand_admin/settings/keys.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        made=made,
        keys=api_keys(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.ADMINISTER)
def key_revoke(request: BrandRequest, key_id: int) -> HttpResponse:
    """Ask once, then end the key."""
    key: ApiKey = get_object_or_404(api_keys(), pk=key_id)
    if request.method != "POST":
        return render_page(
            request, "brand_admin/settings/key_revoke.html", section=SECTION, key=key
        )
    revoke_api_key(key=key, by=request.actor, now=timezone.now())
    messages.success(request, f"The key {key.label} is revoked.")
    return redirect("brand_admin:settings_keys", request.brand.slug)


@require_safe
@brand_page(Permission.READ)
def audit_log(request: BrandRequest) -> HttpResponse:
    """Who did what, newest first."""
    search = searched(request)
    page = paginate(request, audit_entries(search=search))
    return render_page(
        request,
        "brand_admin/settings/audit.html",
        section=SECTION,
        page=page,
        lines=history.lines(page.object_list),
        search=search,
        clear_href=without_filters(request, "q"),
    )
