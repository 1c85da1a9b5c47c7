"""Read what tracking knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Case, QuerySet, Sum, When

from core.money import Money
from offers import dashboard_links
from offers.models import Enrollment, Offer
from payouts.ledger import Balance, balances
from tracking.conversion_search import about
from tracking.csv_export import csv_moment
from tracking.metrics import ALL_TIME, Period, totals_by_enrollment
from tracking.models import (
    Conversion,
    ConversionCount,
    ItemStatus,
    Order,
    OrderLine,
    PromoCode,
    Refund,
    TrackingLink,
)
from tracking.totals import NOTHING, Totals

CONVERSION_ORDERS = {
    "time": "occurred_at",
    "sale": "sale_minor",
    "refunds": "refunded_minor",
    "commission": "commission_minor",
}


@dataclass(frozen=True, slots=True)
class Items:
    """What a member shares in one offer. None: not given (yet), or not in use any more."""

    promo_code: str | None
    tracking_link: str | None
    dashboard_link: str

    @property
    def short_link(self) -> str:
        """The tracking link without its host, where room is scarce."""
        return urlsplit(self.tracking_link or "").path


def link_url(slug: str) -> str:
    """The full address of a tracking link."""
    return f"{settings.BASE_URL}/r/{slug}"


def items_of(enrollments: Sequence[Enrollment]) -> dict[int, Items]:
    """The Sales Tracking Items of each enrollment, by id."""
    codes, slugs = codes_and_slugs([row.pk for row in enrollments])
    return {
        row.pk: Items(
            promo_code=codes.get(row.pk),
            tracking_link=link_url(slugs[row.pk]) if row.pk in slugs else None,
            dashboard_link=dashboard_links.url_for(row),
        )
        for row in enrollments
    }


def codes_and_slugs(
    enrollment_ids: Sequence[int] | QuerySet[Any, Any],
) -> tuple[dict[int, str], dict[int, str]]:
    """The code in use and the slug of the link in use of each enrollment that has one, by id.

    For very many enrollments give a query of their ids, which PostgreSQL answers by itself.
    """
    codes = PromoCode.objects.filter(enrollment__in=enrollment_ids, status=ItemStatus.ACTIVE)
    links = TrackingLink.objects.filter(
        enrollment__in=enrollment_ids, status=ItemStatus.ACTIVE, destination_url=""
    )
    return (
        dict(codes.values_list("enrollment_id", "code")),
        dict(links.values_list("enrollment_id", "slug")),
    )


@dataclass(frozen=True, slots=True)
class OwnItems:
    """The code and link of one enrollment, in use or not any more; None: never given."""

    promo_code: PromoCode | None
    tracking_link: TrackingLink | None


def own_items(enrollment_id: int) -> OwnItems:
    """What is in use, else what was used last."""
    in_use_first = Case(When(status=ItemStatus.ACTIVE, then=0), default=1)
    return OwnItems(
        promo_code=PromoCode.objects.filter(enrollment=enrollment_id)
        .order_by(in_use_first, "-deactivated_at", "-pk")
        .first(),
        tracking_link=TrackingLink.objects.filter(enrollment=enrollment_id, destination_url="")
        .order_by(in_use_first, "-deactivated_at", "-pk")
        .first(),
    )


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One line of an offer's member table: offer page, tracking step and export show this."""

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
    def commission(self) -> Money:
        return Money(self.totals.commission_minor, self.currency)

    @property
    def paid(self) -> Money:
        return Money(self.balance.paid_minor, self.currency)

    @property
    def due(self) -> Money:
        return Money(self.balance.due_minor, self.currency)


def member_rows(
    offer: Offer, enrollments: Sequence[Enrollment], *, now: datetime, period: Period = ALL_TIME
) -> list[MemberRow]:
    """The table rows of these enrollments (with their member) in a fixed number of queries."""
    currencies = dict.fromkeys((row.pk for row in enrollments), offer.currency)
    return _rows(enrollments, currencies, now=now, period=period)


def offer_rows_of(
    enrollments: Sequence[Enrollment], *, now: datetime, period: Period = ALL_TIME
) -> list[MemberRow]:
    """The same for one member's enrollments (with their offer), each in its offer's currency."""
    currencies = {row.pk: row.offer.currency for row in enrollments}
    return _rows(enrollments, currencies, now=now, period=period)


def _rows(
    enrollments: Sequence[Enrollment],
    currencies: Mapping[int, str],
    *,
    now: datetime,
    period: Period,
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


def conversions(
    *,
    search: str = "",
    status: str = "",
    offer_id: int | None = None,
    enrollment_id: int | None = None,
    member_id: int | None = None,
    evidence: str = "",
    first: datetime | None = None,
    last: datetime | None = None,
    order: str = "",
) -> QuerySet[Conversion]:
    """The brand's conversions with order, member and offer; newest order first unless `order` is
    a key of CONVERSION_ORDERS, with "-" before it for the other way round.
    """
    found = Conversion.objects.select_related("order", "member", "offer", "terms")
    if status:
        found = found.filter(status=status)
    if offer_id is not None:
        found = found.filter(offer=offer_id)
    if enrollment_id is not None:
        found = found.filter(enrollment=enrollment_id)
    if member_id is not None:
        own = Enrollment.objects.filter(member=member_id)  # the index is by enrollment
        found = found.filter(enrollment__in=own.values("pk"))
    if evidence:
        found = found.filter(evidence=evidence)
    if first is not None:
        found = found.filter(occurred_at__gte=first)
    if last is not None:
        found = found.filter(occurred_at__lt=last)
    for word in search.split():
        found = found.filter(about(word))
    column = CONVERSION_ORDERS.get(order.removeprefix("-"), "occurred_at")
    if order.removeprefix("-") not in CONVERSION_ORDERS or order.startswith("-"):
        return found.order_by(f"-{column}", "-pk")
    return found.order_by(column, "pk")


def conversion_count(*, status: str = "", offer_id: int | None = None) -> int:
    """How many `conversions` there are of a status and an offer, from the kept counts."""
    counts = ConversionCount.objects.all()
    if status:
        counts = counts.filter(status=status)
    if offer_id is not None:
        counts = counts.filter(offer=offer_id)
    return counts.aggregate(sum=Sum("conversions"))["sum"] or 0


def refunds_of(order_id: int) -> QuerySet[Refund]:
    """The refunds of one order, oldest first."""
    return Refund.objects.filter(order=order_id).order_by("refunded_at", "pk")


def own_conversions(enrollment_id: int, *, status: str = "") -> QuerySet[Conversion]:
    """One member's conversions in one offer with their orders, in no order."""
    found = Conversion.objects.select_related("order").filter(enrollment=enrollment_id)
    return found.filter(status=status) if status else found


def lines_of(order_id: int) -> QuerySet[OrderLine]:
    return OrderLine.objects.filter(order=order_id).order_by("position")


def links_of(enrollment_id: int) -> QuerySet[TrackingLink]:
    """The active deep links of an enrollment, newest first."""
    return (
        TrackingLink.objects.filter(enrollment=enrollment_id, status=ItemStatus.ACTIVE)
        .exclude(destination_url="")
        .order_by("-created_at", "-pk")
    )


def orders_as_sent(source: str, external_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Recorded orders in the words of the API, to set beside one that differs."""
    wanted = list(external_ids)
    if not wanted:
        return {}
    rows = {row.pk: row for row in Order.objects.filter(source=source, external_id__in=wanted)}
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=list(rows)).order_by("order_id", "position"):
        lines[line.order_id].append(line)
    return {row.external_id: _order_as_sent(row, lines[row.pk]) for row in rows.values()}


def _order_as_sent(order: Order, lines: Sequence[OrderLine]) -> dict[str, Any]:
    return {
        "order_id": order.external_id,
        "ordered_at": order.ordered_at.isoformat(),
        "currency": order.currency,
        "customer_id": order.customer_ref,
        "promo_code": order.promo_code,
        "click_id": order.click_id,
        "new_customer": order.customer_is_new,
        "lines": [
            {
                "sku": line.sku,
                "product": line.product,
                "collections": line.collections,
                "quantity": line.quantity,
                "amount": Money(line.net_minor, order.currency).plain(),
            }
            for line in lines
        ],
    }


def refunds_as_sent(source: str, external_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Recorded refunds in the words of the API."""
    rows = Refund.objects.filter(source=source, external_id__in=list(external_ids))
    return {
        row.external_id: {
            "refund_id": row.external_id,
            "order_id": row.order_external_id,
            "refunded_at": row.refunded_at.isoformat(),
            "currency": row.currency,
            "sku": row.sku,
            "quantity": row.quantity,
            "amount": Money(row.amount_minor, row.currency).plain(),
        }
        for row in rows
    }


def export_rows(
    offer: Offer,
    *,
    now: datetime,
    batch: int = 1_000,
    found: QuerySet[Enrollment] | None = None,
    period: Period = ALL_TIME,
) -> Iterator[list[str]]:
    """The lines of `export_offer`: the offer page's member table, header first, flat in memory.

    Everybody's who ever was in it, unless `found` says whose.
    """
    yield [
        "email", "code", "link", "clicks", "conversions", "sales", "refunds", "commission",
        "paid", "due",
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
                    for amount in (row.sales, row.refunds, row.commission, row.paid, row.due)
                ),
            ]


def conversion_lines(found: QuerySet[Conversion]) -> Iterator[list[str]]:
    """The conversions as lines of CSV, header first, flat in memory. Times carry their offset."""
    yield [
        "order", "source", "time", "member", "email", "offer", "evidence", "why", "status",
        "reason", "sale", "refunds", "commission", "currency",
    ]  # fmt: skip
    for row in found.iterator(chunk_size=1_000):
        amounts = (row.sale_minor, row.refunded_minor, row.commission_minor)
        yield [
            row.order.external_id,
            row.order.source,
            csv_moment(row.occurred_at),
            row.member.full_name,
            row.member.email,
            row.offer.name,
            row.evidence,
            row.why,
            row.status,
            row.reason,
            *(Money(minor, row.currency).plain() for minor in amounts),
            row.currency,
        ]
