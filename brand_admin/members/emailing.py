"""Email selected members: about which of their offers is asked first, as its codes and links are
what a mail can hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.permissions import Permission
from affiliates.models import Member
from brand_admin.access import BrandRequest, brand_page
from brand_admin.listing.listing import Listing, list_of_reference
from brand_admin.members.bulk import MAX_NAMED
from brand_admin.members.lists import Members
from brand_admin.pages import id_in, render_page
from core.components.page_urls import page_url
from core.next_page import safe_redirect_path
from offers.models import Enrollment
from offers.selectors import MembersInOffer, active_by_offer

NOBODY = 0  # the id of no enrollment


@dataclass(frozen=True, slots=True)
class Choice:
    """An offer, how many of the chosen members are active in it, and where to write the mail."""

    name: str
    members: int
    href: str


@require_safe
@brand_page(Permission.MANAGE)
def members_email(request: BrandRequest) -> HttpResponse:
    """Choose the offer that the mail is about; with one to choose, go on to the text."""
    chosen, rows = _chosen(request)
    offers = active_by_offer(chosen.values("pk"))
    choices = [Choice(row.name, row.members, _href(request, rows, row)) for row in offers]
    if len(choices) == 1:
        return redirect(choices[0].href)
    return render_page(
        request,
        "brand_admin/members/email.html",
        section="members",
        choices=choices,
        who_words=_in_words(chosen),
        back=safe_redirect_path(request.GET.get("back", ""))
        or page_url("brand_admin:members", [request.brand.slug]),
    )


def _chosen(request: BrandRequest) -> tuple[QuerySet[Member], str]:
    """Return the members, and the reference of the list whose rows they are; "" for named ones.

    Raises Http404 for a list that is not of members.
    """
    given = request.GET.get("rows", "")
    listing: Listing[Any] = (
        list_of_reference(given, brand=request.brand) if given else Members(request)
    )
    if not listing.rows_are_members:
        raise Http404
    if given or listing.all_chosen:
        return Member.objects.filter(pk__in=listing.all_member_ids()), listing.reference
    return Member.objects.filter(pk__in=_ids(request)), ""


def _ids(request: BrandRequest) -> list[int]:
    found = map(id_in, request.GET.getlist("selected")[:MAX_NAMED])
    return [pk for pk in found if pk is not None]


def _href(request: BrandRequest, rows: str, offer: MembersInOffer) -> str:
    query: list[tuple[str, object]] = [("purpose", "email_members"), ("offer", offer.pk)]
    if rows:
        query.append(("rows", rows))
    else:
        here = Enrollment.objects.not_removed().filter(offer=offer.pk, member__in=_ids(request))
        ids = here.values_list("pk", flat=True)
        query += [("selected", pk) for pk in ids or [NOBODY]]  # none at all would be everybody
    if request.GET.get("started"):
        query.append(("started", request.GET["started"]))
    return f"{page_url('brand_admin:compose', [request.brand.slug])}?{urlencode(query)}"


def _in_words(chosen: QuerySet[Member]) -> str:
    """Return "Mara Lindqvist", or "12 members"."""
    first_two = list(chosen[:2])
    return str(first_two[0]) if len(first_two) == 1 else f"{chosen.count():,} members"
