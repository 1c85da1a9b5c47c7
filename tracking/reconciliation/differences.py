"""Recompute every kept total from the facts and list each difference. None may exist.

Facts: order lines, applied refunds, clicks, statuses, terms. Kept: an order's total, a conversion's
sale, refunds and commission, the ledger, the daily totals, the source totals, a payout's amount,
a run's amount. Clicks are compared on the days of which all are still kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection

from accounts.models import Brand
from core.batches import batches
from tracking.commissions.order_lines import lines_that_terms_look_at
from tracking.commissions.shares import set_amounts
from tracking.commissions.targets import set_target
from tracking.models import Conversion
from tracking.orders.applying import refunded_of
from tracking.reconciliation.clicks import CLICK_QUERIES
from tracking.reconciliation.flags import FLAG_QUERIES
from tracking.reconciliation.kept_sums import KEPT_SUM_QUERIES
from tracking.reconciliation.members import MEMBER_QUERIES
from tracking.reconciliation.payout_runs import PAYOUT_RUN_QUERIES
from tracking.reconciliation.payouts import PAYOUT_QUERIES
from tracking.reconciliation.sales import SALES_QUERIES
from tracking.reconciliation.sources import SOURCE_QUERIES

BATCH = 2_000
EVER = datetime(1970, 1, 1, tzinfo=UTC)
QUERIES = (
    *SALES_QUERIES,
    *CLICK_QUERIES,
    *SOURCE_QUERIES,
    *PAYOUT_QUERIES,
    *PAYOUT_RUN_QUERIES,
    *KEPT_SUM_QUERIES,
    *FLAG_QUERIES,
    *MEMBER_QUERIES,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A kept figure that differs from the facts."""

    what: str
    id: int
    kept: Any
    computed: Any

    def __str__(self) -> str:
        return f"{self.what} {self.id}: kept {self.kept}, the facts say {self.computed}"


def differences(brand: Brand) -> Iterator[Difference]:
    """Yield every difference of the brand in scope."""
    values = {
        "brand": brand.pk,
        "zone": brand.time_zone,
        "since": EVER,
        "kept_from": _first_day_with_all_clicks(brand),
    }
    for query in QUERIES:
        for row in _rows(query, values):
            yield Difference(*row)
    conversions = Conversion.objects.select_related("terms", "order").order_by("pk")
    for batch in batches(conversions.iterator(BATCH), BATCH):
        yield from _wrong_commissions(batch)
    yield from _wrong_conversions_of_currency()


def _first_day_with_all_clicks(brand: Brand) -> date:
    """The first day of which no click was deleted after its time."""
    complete_since = brand.clicks_complete_since
    if complete_since is None:
        return EVER.date()
    return complete_since.astimezone(brand.zone).date() + timedelta(days=1)


def _wrong_conversions_of_currency() -> Iterator[Difference]:
    """Sale and refunds of the orders that were converted. They are few."""
    orders = Conversion.objects.filter(rate__isnull=False).values("order")
    rows = list(Conversion.objects.filter(order__in=orders).select_related("order").order_by("pk"))
    kept = [(row.sale_minor, row.refunded_minor) for row in rows]
    set_amounts(rows, refunded_of({row.order for row in rows}))
    for row, was in zip(rows, kept, strict=True):
        if was != (row.sale_minor, row.refunded_minor):
            facts = row.sale_minor, row.refunded_minor
            yield Difference("converted amounts of conversion", row.pk, was, facts)


def _wrong_commissions(conversions: Sequence[Conversion]) -> Iterator[Difference]:
    lines = lines_that_terms_look_at(conversions)
    for row in conversions:
        kept = row.commission_minor, row.earnable_minor
        set_target(row, lines)
        computed = row.commission_minor, row.earnable_minor
        if kept != computed:
            yield Difference("conversion commission", row.pk, kept, computed)


def _rows(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
