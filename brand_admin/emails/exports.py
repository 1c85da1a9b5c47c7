"""What the lists of Emails hold as their addresses ask for it, and the exports of just that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts.permissions import Permission
from affiliates.models import Member
from brand_admin.access import BrandRequest, brand_page
from brand_admin.emails.composing import SECTION
from brand_admin.emails.forms import (
    CampaignFilters,
    MessageFilters,
    ReportFilters,
    SuppressionFilters,
)
from brand_admin.exporting import Asked, Export, answer_export, export_page
from brand_admin.pages import Asking, in_order, searched
from core.csv_export import csv_moment
from core.references import Reference
from notifications import selectors
from notifications.models import Campaign, Message, Suppression

AT_ONCE = 1_000
CAMPAIGN_ORDERS = {"confirmed": ("confirmed_at", "pk"), "recipients": ("recipients", "pk")}
RECIPIENT_ORDERS = {
    "address": ("to_address", "pk"),
    "name": ("to_name", "pk"),
    "confirmed": ("pk",),
    "settled": ("settled_at", "pk"),
}
SUPPRESSION_ORDERS = {"address": ("address", "pk"), "since": ("since", "pk")}


def found_campaigns(request: Asking) -> QuerySet[Campaign]:
    chosen = CampaignFilters(request.GET).chosen()
    found = selectors.campaigns(search=searched(request), **chosen)
    return in_order(request, found, CAMPAIGN_ORDERS, default="-confirmed")


def found_recipients(request: Asking, campaign: Campaign) -> QuerySet[Message]:
    """In the order in which they were confirmed, unless the address asks for another."""
    state = ReportFilters(request.GET).chosen()
    found = selectors.report(campaign, search=searched(request), state=state)
    return in_order(request, found, RECIPIENT_ORDERS, default="confirmed")


def found_messages(request: Asking) -> QuerySet[Message]:
    """The mails to addresses, or all to the one member that the address names."""
    filters, search = MessageFilters(request.GET), searched(request)
    if filters.member_id is not None:
        return selectors.messages_to(
            Reference.by_id(Member, filters.member_id), search=search, **filters.chosen()
        )
    return selectors.messages_by_address(search, **filters.chosen())


def found_suppressions(request: Asking) -> QuerySet[Suppression]:
    reason = SuppressionFilters(request.GET).chosen()
    found = selectors.suppressions(search=searched(request), reason=reason)
    return in_order(request, found, SUPPRESSION_ORDERS, default="-since")


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def campaigns_export(request: BrandRequest) -> HttpResponseBase:
    return answer_export(request, "campaigns", campaigns_file, section=SECTION)


def campaigns_file(asked: Asked, *, now: datetime) -> Export:
    """Exactly the campaigns that the list shows with the same filters, with their counts."""
    found = found_campaigns(asked)
    name = f"{asked.brand.slug}-emails.csv"
    return Export("Emails", name, found.count(), _campaign_lines(found))


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def campaign_export(request: BrandRequest, campaign_id: int) -> HttpResponseBase:
    return answer_export(
        request, "campaign", campaign_file, section=SECTION, campaign_id=campaign_id
    )


def campaign_file(asked: Asked, *, campaign_id: int, now: datetime) -> Export:
    """The report as CSV, filtered as the page is."""
    campaign = get_object_or_404(Campaign, pk=campaign_id)
    found = found_recipients(asked, campaign)
    name = f"{asked.brand.slug}-email-{campaign.pk}.csv"
    return Export(f"Recipients of {campaign.title}", name, found.count(), _recipient_lines(found))


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def messages_export(request: BrandRequest) -> HttpResponseBase:
    return answer_export(request, "messages", messages_file, section=SECTION)


def messages_file(asked: Asked, *, now: datetime) -> Export:
    """Exactly the mails that the list shows with the same filters."""
    found = found_messages(asked)
    name = f"{asked.brand.slug}-messages.csv"
    return Export("Messages", name, found.count(), _message_lines(found))


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def suppressions_export(request: BrandRequest) -> HttpResponseBase:
    return answer_export(request, "suppressed", suppressions_file, section=SECTION)


def suppressions_file(asked: Asked, *, now: datetime) -> Export:
    """Exactly what the list shows with the same filters."""
    found = found_suppressions(asked)
    name = f"{asked.brand.slug}-suppressed.csv"
    return Export("Suppressed addresses", name, found.count(), _suppression_lines(found))


def _campaign_lines(found: QuerySet[Campaign]) -> Iterator[list[str]]:
    yield [
        "title", "purpose", "subject", "state", "confirmed_by", "confirmed_at", "recipients",
        "reached", "failed", "unknown", "left_out", "waiting",
    ]  # fmt: skip
    rows = found.iterator(chunk_size=AT_ONCE)
    while batch := list(islice(rows, AT_ONCE)):
        for row in selectors.with_counts(batch):
            campaign, counts = row.campaign, row.counts
            numbers = (
                campaign.recipients,
                counts.reached,
                counts.failed,
                counts.unknown,
                counts.left_out,
                counts.waiting,
            )
            yield [
                campaign.title,
                campaign.purpose,
                campaign.subject,
                campaign.state,
                campaign.confirmed_by,
                csv_moment(campaign.confirmed_at),
                *map(str, numbers),
            ]


def _recipient_lines(found: QuerySet[Message]) -> Iterator[list[str]]:
    yield ["address", "name", "state", "reason", "attempts", "settled_at"]
    for row in found.iterator(chunk_size=AT_ONCE):
        attempts, settled = str(row.attempts), csv_moment(row.settled_at)
        yield [row.to_address, row.to_name, row.state, row.reason, attempts, settled]


def _message_lines(found: QuerySet[Message]) -> Iterator[list[str]]:
    yield ["address", "name", "message", "purpose", "confirmed_at", "state", "reason", "settled_at"]
    for row in found.iterator(chunk_size=AT_ONCE):
        yield [
            row.to_address,
            row.to_name,
            row.campaign.title,
            row.purpose,
            csv_moment(row.campaign.confirmed_at),
            row.state,
            row.reason,
            csv_moment(row.settled_at),
        ]


def _suppression_lines(found: QuerySet[Suppression]) -> Iterator[list[str]]:
    yield ["address", "reason", "since"]
    for row in found.iterator(chunk_size=AT_ONCE):
        yield [row.address, row.reason, csv_moment(row.since)]
