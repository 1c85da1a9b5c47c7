"""The list of a brand's conversions: search, filters, sorting and count."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum

from core.kept_queries import kept_query
from tracking.figures.conversion_search import conversions_searched
from tracking.models import (
    Conversion,
    ConversionCount,
    ConversionStatus,
)

MAX_REJECTED = 100  # that are counted for a member
UNDECIDED = "undecided"  # pending until staff decide; others wait for the order's payment
IS_UNDECIDED = Q(status=ConversionStatus.PENDING, decision=ConversionStatus.PENDING)
CONVERSION_ORDERS = {
    "time": "occurred_at",
    "sale": "sale_minor",
    "refunds": "refunded_minor",
    "commission": "commission_minor",
}
LISTED = (
    "brand", "order", "order__external_id", "order__source", "member", "member__first_name",
    "member__last_name", "member__email", "offer", "offer__name", "enrollment", "share_bp",
    "status", "reason", "decision", "evidence", "why", "occurred_at", "currency", "sale_minor",
    "refunded_minor", "commission_minor",
)  # fmt: skip


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
    """Return the brand's conversions with order, member and offer.

    `status` is one of ConversionStatus, or UNDECIDED. `order` is a key of CONVERSION_ORDERS, with
    "-" before it for descending; otherwise the newest order comes first.
    """
    found = Conversion.objects.select_related("order", "member", "offer", "terms")
    if status:
        found = found.filter(IS_UNDECIDED if status == UNDECIDED else Q(status=status))
    if offer_id is not None:
        found = found.filter(offer=offer_id)
    if enrollment_id is not None:
        found = found.filter(enrollment=enrollment_id)
    if member_id is not None:
        found = found.filter(member=member_id)
    if evidence:
        found = found.filter(evidence=evidence)
    if first is not None:
        found = found.filter(occurred_at__gte=first)
    if last is not None:
        found = found.filter(occurred_at__lt=last)
    found = found.filter(conversions_searched(search))
    column = CONVERSION_ORDERS.get(order.removeprefix("-"), "occurred_at")
    if order.removeprefix("-") not in CONVERSION_ORDERS or order.startswith("-"):
        return found.order_by(f"-{column}", "-pk")
    return found.order_by(column, "pk")


def listed_conversions(**chosen: Any) -> QuerySet[Conversion]:
    """Return the same rows as `conversions`, with the fields alone that lists and files show."""
    found = conversions(**chosen).select_related(None)
    return found.select_related("order", "member", "offer").only(*LISTED)


def conversion_count(*, status: str = "", offer_id: int | None = None) -> int:
    """Return the number of conversions of a status and an offer, from the kept counts."""
    return sum(_counts(status=str(status) or None, offer_id=offer_id))


@kept_query
def _counts(*, status: str | None, offer_id: int | None) -> QuerySet[ConversionCount, Any]:
    """The one sum of the brand; none where nothing was counted."""
    counts = ConversionCount.objects.all()
    if status:
        counts = counts.filter(status=status)
    if offer_id is not None:
        counts = counts.filter(offer=offer_id)
    sums = counts.values("brand_id").annotate(sum=Sum("conversions"))
    return sums.values_list("sum", flat=True)


def undecided_count() -> int:
    """Return the number of conversions that wait for the decision of staff."""
    return _undecided.count()


@kept_query
def _undecided() -> QuerySet[Conversion, Any]:
    return Conversion.objects.filter(IS_UNDECIDED).values("pk")


@kept_query
def latest_rejected(*, enrollment_id: int, since: datetime) -> QuerySet[Conversion]:
    """Return one member's rejected conversions of orders since then, the newest first."""
    found = own_conversions(enrollment_id=enrollment_id, status=ConversionStatus.REJECTED)
    return found.filter(occurred_at__gte=since).order_by("-occurred_at", "-pk")[:MAX_REJECTED]


def own_conversions(*, enrollment_id: int, status: str | None) -> QuerySet[Conversion]:
    """Return one member's conversions in one offer, with their orders, unsorted."""
    found = Conversion.objects.select_related("order").filter(enrollment=enrollment_id)
    return found.filter(status=status) if status else found
