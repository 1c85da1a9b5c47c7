"""Exports of what is due and of the payments.

What a bank or PayPal is told stands in brand_admin.payments.run_views: those files name accounts,
so they are streamed to whoever asks and never kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpResponseBase

from accounts.permissions import Permission
from affiliates.models import Member
from brand_admin.access import BrandRequest, brand_page
from brand_admin.exporting import Asked, Export, answer_export, export_page
from brand_admin.pages import Asking, in_order, searched
from brand_admin.payments.due import all_due
from brand_admin.payments.forms import PaymentFilters
from core.csv_export import csv_moment
from core.money import Money
from payouts.due import DueRow
from payouts.models import Payout
from payouts.selectors import payouts

SECTION = "payments"
AT_ONCE = 1_000
PAYMENT_ORDERS = {
    "date": ("created_at", "pk"),
    "member": ("member__last_name", "member__first_name", "pk"),
    "amount": ("currency", "amount_minor", "pk"),
}


@export_page
@brand_page(Permission.READ, post=Permission.PAY)
def due_csv(request: BrandRequest) -> HttpResponseBase:
    return answer_export(request, "due", due_file, section=SECTION)


def due_file(asked: Asked, *, now: datetime) -> Export:
    """Who is due money now, as the list is searched."""
    rows = all_due(asked, own=asked.brand.currency, now=now)
    name = f"{asked.brand.slug}-due.csv"
    return Export("Payments due", name, len(rows), _due_lines(rows))


def _due_lines(rows: list[DueRow]) -> Iterator[list[str]]:
    yield ["member", "email", "due", "currency"]
    for first in range(0, len(rows), AT_ONCE):
        page = rows[first : first + AT_ONCE]
        people = Member.objects.in_bulk([row.member_id for row in page])
        for row in page:
            member, due = people[row.member_id], Money(row.due_minor, row.currency)
            yield [member.full_name, member.email, due.plain(), row.currency]


@export_page
@brand_page(Permission.READ, post=Permission.PAY)
def payments_csv(request: BrandRequest) -> HttpResponseBase:
    return answer_export(request, "payments", payments_file, section=SECTION)


def payments_file(asked: Asked, *, now: datetime) -> Export:
    """The payments, as the list is filtered."""
    found = found_payments(asked, PaymentFilters(asked.GET))
    name = f"{asked.brand.slug}-payments.csv"
    return Export("Payments", name, found.count(), _payment_lines(found))


def found_payments(request: Asking, filters: PaymentFilters) -> QuerySet[Payout]:
    """The payments that the address asks for, in its order."""
    found = payouts(search=searched(request), **filters.chosen())
    return in_order(request, found, PAYMENT_ORDERS, default="-date")


def _payment_lines(found: QuerySet[Payout]) -> Iterator[list[str]]:
    yield [
        "payment", "recorded", "member", "email", "amount", "currency", "state", "settled",
        "reference", "reason", "recorded_by",
    ]  # fmt: skip
    for row in found.iterator(chunk_size=AT_ONCE):
        yield [
            str(row.pk),
            csv_moment(row.created_at),
            row.member.full_name,
            row.member.email,
            row.amount.plain(),
            row.currency,
            row.state,
            csv_moment(row.settled_at),
            row.reference,
            row.reason,
            row.created_by,
        ]
