"""The parts of a member's page that are lists: each searched, filtered, sorted and exported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.audit_log.selectors import filter_entries
from accounts.models import AuditEntry
from accounts.permissions import Permission
from affiliates.details import member_details_of
from affiliates.models import Member
from brand_admin import history
from brand_admin.access import BrandRequest, brand_page
from brand_admin.addresses import without_filters
from brand_admin.conversions.forms import EVERY_STATE, ConversionFilters, QuestionFilters
from brand_admin.conversions.questions import found_questions
from brand_admin.emails.forms import MessageFilters
from brand_admin.exporting import Asked, Export, answer_export, export_page
from brand_admin.forms import DayFilters
from brand_admin.members.history import member_history as history_of_member
from brand_admin.members.history import offers_named_in
from brand_admin.pages import (
    Asking,
    export_url,
    in_order,
    paginate,
    render_page,
    searched,
)
from brand_admin.payments.exports import PAYMENT_ORDERS
from brand_admin.payments.forms import PaymentFilters
from brand_admin.suppressed import suppressed_in_words
from core.csv_export import csv_moment
from core.references import Reference
from notifications.selectors import messages_to
from payouts.selectors import payouts
from tracking.figures.conversion_list import conversions

SECTION = "members"


def show_part(request: BrandRequest, member: Member, part: str, **context: Any) -> HttpResponse:
    """One part of a member's page, with who the member is above it."""
    return render_page(
        request,
        f"brand_admin/members/{part}.html",
        section=SECTION,
        member=member,
        part=part,
        noted=member_details_of([member])[member.pk],
        suppressed=suppressed_in_words([member.email]).get(member.email, ""),
        **context,
    )


@require_safe
@brand_page(Permission.READ)
def member_conversions(request: BrandRequest, member_id: int) -> HttpResponse:
    member = get_object_or_404(Member, pk=member_id)
    filters, search = ConversionFilters(request.GET), searched(request)
    chosen = filters.chosen() | {"member_id": member.pk}
    found = conversions(search=search, order=request.GET.get("sort", ""), **chosen)
    return show_part(
        request,
        member,
        "conversions",
        filters=filters,
        search=search,
        clear_href=without_filters(request, "q", "status", "offer", "evidence", "first", "last"),
        export_url=export_url(request, "brand_admin:conversions_csv", member=member.pk),
        page=paginate(request, found, is_long=True),
    )


@require_safe
@brand_page(Permission.READ)
def member_payments(request: BrandRequest, member_id: int) -> HttpResponse:
    member = get_object_or_404(Member, pk=member_id)
    filters, search = PaymentFilters(request.GET), searched(request)
    found = payouts(search=search, **(filters.chosen() | {"member_id": member.pk}))
    return show_part(
        request,
        member,
        "payments",
        filters=filters,
        search=search,
        clear_href=without_filters(request, "q", "state", "first", "last"),
        export_url=export_url(request, "brand_admin:payments_csv", member=member.pk),
        page=paginate(request, in_order(request, found, PAYMENT_ORDERS, default="-date")),
    )


@require_safe
@brand_page(Permission.READ)
def member_messages(request: BrandRequest, member_id: int) -> HttpResponse:
    member = get_object_or_404(Member, pk=member_id)
    filters, search = MessageFilters(request.GET), searched(request)
    found = messages_to(Reference.to(member), search=search, **filters.chosen())
    return show_part(
        request,
        member,
        "messages",
        filters=filters,
        search=search,
        clear_href=without_filters(request, "q", "purpose", "state"),
        export_url=export_url(request, "brand_admin:messages_export", member=member.pk),
        page=paginate(request, found),
    )


@require_safe
@brand_page(Permission.READ)
def member_questions(request: BrandRequest, member_id: int) -> HttpResponse:
    """What they asked about sales that they miss; all of it unless the address says otherwise."""
    member = get_object_or_404(Member, pk=member_id)
    theirs = {"member": str(member.pk), "state": request.GET.get("state") or EVERY_STATE}
    filters = QuestionFilters(request.GET.dict() | theirs)
    return show_part(
        request,
        member,
        "questions",
        filters=filters,
        search=searched(request),
        usual_order=filters.usual_order,
        clear_href=without_filters(request, "q", "state"),
        export_url=export_url(request, "brand_admin:questions_csv", **theirs),
        page=paginate(request, found_questions(request, filters)),
    )


@require_safe
@brand_page(Permission.READ)
def member_history(request: BrandRequest, member_id: int) -> HttpResponse:
    """Everything done to the member and to what is theirs, newest first."""
    member = get_object_or_404(Member, pk=member_id)
    page = paginate(request, _told(request, member.pk), is_long=True)
    named = offers_named_in(page)
    offer_names = [named.get(entry.target, "") for entry in page]
    return show_part(
        request,
        member,
        "history",
        filters=DayFilters(request.GET),
        search=searched(request),
        clear_href=without_filters(request, "q", "first", "last"),
        export_url=export_url(request, "brand_admin:member_history_csv", member.pk),
        page=page,
        lines=list(zip(history.lines(page), offer_names, strict=True)),
    )


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def member_history_csv(request: BrandRequest, member_id: int) -> HttpResponseBase:
    return answer_export(
        request, "member_history", member_history_file, section=SECTION, member_id=member_id
    )


def member_history_file(asked: Asked, *, member_id: int, now: datetime) -> Export:
    """Exactly what the member's history shows with the same filters."""
    member = get_object_or_404(Member, pk=member_id)
    found = _told(asked, member.pk)
    name = f"{asked.brand.slug}-member-{member.pk}-history.csv"
    return Export(f"History of {member}", name, found.count(), _lines(found))


def _told(request: Asking, member_id: int) -> QuerySet[AuditEntry]:
    return filter_entries(
        history_of_member(member_id),
        search=searched(request),
        actions_for_word=history.actions_saying,
        **DayFilters(request.GET).days(),
    )


def _lines(found: QuerySet[AuditEntry]) -> Iterator[list[str]]:
    yield ["time", "what", "which", "who", "action"]
    for entry in found.iterator(chunk_size=1_000):
        (line,) = history.lines([entry])
        when = csv_moment(entry.at)
        yield [when, line.words, line.target, entry.actor, entry.action]
