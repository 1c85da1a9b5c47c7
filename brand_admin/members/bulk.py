"""Tag many members at once, or give them to somebody of the team."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_POST

from accounts.permissions import Permission
from affiliates.details import TagError, assign_owner, tag_members, untag_members
from brand_admin.access import BrandRequest, brand_page
from brand_admin.members.forms import BulkForm, staff_choices
from brand_admin.pages import selected_ids
from core.next_page import own_page


@require_POST
@brand_page(Permission.MANAGE)
def members_change(request: BrandRequest) -> HttpResponse:
    """Do it to the ticked members, and go back to the list as it was filtered."""
    ids, form = selected_ids(request), BulkForm(request.POST, staff=staff_choices())
    if not ids or not form.is_valid():
        messages.warning(request, "Choose members first: nothing was changed.")
    else:
        try:
            messages.success(request, _act(request, ids, form))
        except TagError as error:
            messages.warning(request, f"{capfirst(str(error))}: nothing was changed.")
    return redirect(_back(request))


def _act(request: BrandRequest, ids: list[int], form: BulkForm) -> str:
    """What was done, in words. Raises TagError."""
    by, now, tag = request.actor, timezone.now(), form.cleaned_data["tag"]
    match request.POST.get("action", ""):
        case "tag":
            changed = tag_members(member_ids=ids, tag=tag, by=by, now=now)
            return f"{_counted(changed)} tagged {tag}."
        case "untag":
            changed = untag_members(member_ids=ids, tag=tag, by=by, now=now)
            return f"{tag} taken from {_counted(changed)}."
        case "owner":
            owner = form.chosen_owner
            changed = assign_owner(member_ids=ids, owner=owner, by=by, now=now)
            return f"{_counted(changed)} looked after by {owner.user if owner else 'nobody'} now."
        case _:
            return "Nothing was changed."


def _counted(number: int) -> str:
    return "1 member" if number == 1 else f"{number:,} members"


def _back(request: BrandRequest) -> str:
    """The list where the boxes were ticked."""
    back = own_page(request.POST.get("back", ""))
    here = reverse("brand_admin:members", args=[request.brand.slug])
    return back if back.partition("?")[0] == here else here
