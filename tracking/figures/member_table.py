"""The member table of an offer, for its page, the tracking step and the export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from core.money import Money
from offers.models import Enrollment, Offer
from payouts.ledger import Balance, balances
from tracking.figures.metrics import ALL_TIME, DateRange, totals_by_enrollment
from tracking.links.items import Items, items_of
from tracking.models.totals import NOTHING, Totals


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One row of an offer's member table."""

    enrollment: Enrollment
    items: Items
    totals: Totals
    balance: Balance
    currency: str

    @property
    def sales(self) -> Money:
        return Money(self.totals.sales_minor, self.currency)

    @property
    def refunds(self) -> Money:
        return Money(self.totals.refunds_minor, self.currency)

    @property
    def net_sales(self) -> Money:
        return self.sales - self.refunds

    @property
    def commission(self) -> Money:
        return Money(self.totals.commission_minor, self.currency)

    @property
    def paid(self) -> Money:
        return Money(self.balance.paid_minor, self.currency)

    @property
    def due(self) -> Money:
        return Money(self.balance.due_minor, self.currency)


def member_rows(
    offer: Offer, enrollments: Sequence[Enrollment], *, now: datetime, period: DateRange = ALL_TIME
) -> list[MemberRow]:
    """Return the rows of these enrollments (with their member), in a fixed number of queries."""
    currencies = dict.fromkeys((row.pk for row in enrollments), offer.currency)
    return _rows(enrollments, currencies, now=now, period=period)


def offer_rows_of(
    enrollments: Sequence[Enrollment], *, now: datetime, period: DateRange = ALL_TIME
) -> list[MemberRow]:
    """Return the rows of one member's enrollments (with their offer), each in its currency."""
    currencies = {row.pk: row.offer.currency for row in enrollments}
    return _rows(enrollments, currencies, now=now, period=period)


def _rows(
    enrollments: Sequence[Enrollment],
    currencies: Mapping[int, str],
    *,
    now: datetime,
    period: DateRange,
) -> list[MemberRow]:
    ids = [row.pk for row in enrollments]
    items = items_of(enrollments)
    totals = totals_by_enrollment(ids, period=period)
    money = balances(ids, now=now)
    return [
        MemberRow(
            enrollment=row,
            items=items[row.pk],
            totals=totals.get(row.pk, NOTHING),
            balance=money.get(row.pk, Balance()),
            currency=currencies[row.pk],
        )
        for row in enrollments
    ]


def export_rows(
    offer: Offer,
    *,
    now: datetime,
    batch: int = 1_000,
    found: QuerySet[Enrollment] | None = None,
    period: DateRange = ALL_TIME,
) -> Iterator[list[str]]:
    """Yield the CSV rows of an offer's member table, header first, in constant memory.

    Includes former members, unless `found` names the enrollments.
    """
    yield [
        "email", "code", "link", "clicks", "conversions", "sales", "refunds", "net_sales",
        "commission", "paid", "due",
    ]  # fmt: skip
    everybody = Enrollment.objects.filter(offer=offer) if found is None else found
    rows = everybody.select_related("member", "offer").order_by("pk")
    last = 0
    while page := list(rows.filter(pk__gt=last)[:batch]):
        last = page[-1].pk
        for row in member_rows(offer, page, now=now, period=period):
            yield [
                row.enrollment.member.email,
                row.items.promo_code or "",
                row.items.tracking_link or "",
                str(row.totals.clicks) if offer.gives_links else "",
                str(row.totals.conversions),
                *(
                    amount.plain()
                    for amount in (
                        row.sales,
                        row.refunds,
                        row.net_sales,
                        row.commission,
                        row.paid,
                        row.due,
                    )
                ),
            ]
