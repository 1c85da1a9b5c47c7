"""What a member has reached in an offer: the tier of the next conversion, and what the cap leaves.

Reads the daily totals. A tier counts all orders that are known when a conversion is recorded, the
pending ones too; what a conversion gets then, it keeps. A caller that sets a tier, or applies a
cap, must hold the lock of the enrollment, so that two orders never both earn the rest under it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet

from accounts.selectors import current_zone
from core.db import lock_identities
from core.kept_queries import kept_query
from core.tenancy import current_brand_id
from offers.models import Enrollment, Terms
from offers.structure import CapPeriod, TierBy
from tracking.models import Conversion, DailyTotal
from tracking.models.totals import Totals
from tracking.totals.daily import day_of, totals_of

_SUMS = f"""
SELECT wanted.enrollment, wanted.first, wanted.last,
  coalesce(sum(total.conversions + total.pending), 0)::bigint,
  coalesce(sum(total.sales_minor - total.refunds_minor + total.pending_sales_minor), 0)::bigint,
  coalesce(sum(total.commission_minor + total.pending_minor), 0)::bigint
FROM unnest(%(enrollments)s::bigint[], %(firsts)s::date[], %(lasts)s::date[], %(befores)s::date[])
  AS wanted (enrollment, first, last, before)
LEFT JOIN {DailyTotal._meta.db_table} total ON total.brand_id = %(brand)s
  AND total.enrollment_id = wanted.enrollment AND total.day BETWEEN wanted.first AND wanted.last
  AND total.day < wanted.before
GROUP BY 1, 2, 3
"""  # noqa: S608
Span = tuple[int, date, date]  # enrollment id, first and last day


@dataclass(slots=True)
class Reached:
    """What a member has reached in a span of days. Amounts are minor units.

    `conversions` and `sales_minor` are of accepted and pending conversions, net of refunds.
    `cap_used_minor` counts towards the cap: what was earned, and what pending conversions would
    earn.
    """

    conversions: int = 0
    sales_minor: int = 0
    cap_used_minor: int = 0

    def add(self, totals: Totals) -> None:
        self.conversions += totals.conversions + totals.pending
        self.sales_minor += totals.sales_minor - totals.refunds_minor + totals.pending_sales_minor
        self.cap_used_minor += totals.cap_used_minor

    def towards(self, terms: Terms) -> int:
        """Return what the thresholds of `terms` count."""
        return self.conversions if terms.tier_by == TierBy.CONVERSIONS else self.sales_minor

    def tier(self, terms: Terms) -> int:
        """Return the tier of the next conversion, counted from 1; 0 below the first."""
        reached = self.towards(terms)
        return sum(1 for tier in terms.tier_list if tier.threshold <= reached)

    def left_under_cap(self, terms: Terms) -> int | None:
        """Return what the cap of `terms` leaves, in minor units; None without a cap."""
        return None if terms.cap_minor is None else max(0, terms.cap_minor - self.cap_used_minor)


@dataclass(slots=True)
class TierProgress:
    """What some enrollments have reached. `add` updates it while a batch is recorded."""

    zone: ZoneInfo
    spans: dict[Span, Reached] = field(default_factory=dict)
    _of_enrollment: dict[int, list[Span]] = field(init=False)

    def __post_init__(self) -> None:
        self._of_enrollment = defaultdict(list)
        for span in self.spans:
            self._of_enrollment[span[0]].append(span)

    @classmethod
    def of(
        cls,
        rows: Iterable[tuple[int, Terms, date]],
        zone: ZoneInfo,
        *,
        before: date = date.max,
    ) -> TierProgress:
        """Load what each enrollment reached under its terms, in the periods that contain a day.

        Days from `before` on are left out.
        """
        wanted = {
            span_of(enrollment_id, period, day)
            for enrollment_id, terms, day in rows
            for period in (terms.tier_period, terms.cap_period)
        }
        return cls(zone, reached_before((span, before) for span in sorted(wanted)))

    def for_tier(self, enrollment_id: int, terms: Terms, day: date) -> Reached:
        return self.spans[span_of(enrollment_id, terms.tier_period, day)]

    def for_cap(self, enrollment_id: int, terms: Terms, day: date) -> Reached:
        return self.spans[span_of(enrollment_id, terms.cap_period, day)]

    def tier_for(self, row: Conversion) -> int:
        """Return the tier of a new conversion, counted from 1; 0 below the first."""
        day = day_of(row.occurred_at, self.zone)
        return self.for_tier(row.enrollment_id, row.terms, day).tier(row.terms)

    def add(self, row: Conversion) -> None:
        """Add a conversion, for the next ones of the batch."""
        self.add_on(row.enrollment_id, day_of(row.occurred_at, self.zone), totals_of(row))

    def add_on(self, enrollment_id: int, day: date, totals: Totals) -> None:
        """Add to every period that contains the day, whichever terms asked for it."""
        for span in self._of_enrollment[enrollment_id]:
            if span[1] <= day <= span[2]:
                self.spans[span].add(totals)


def tier_names_today(
    enrollments: Sequence[Enrollment], terms: Terms, *, today: date
) -> dict[int, str]:
    """Return the name of the tier of each member's next conversion, by enrollment id.

    Members below the first tier are left out.
    """
    tiers = terms.tier_list
    if not tiers:
        return {}
    reached = TierProgress.of([(row.pk, terms, today) for row in enrollments], current_zone())
    numbers = {row.pk: reached.for_tier(row.pk, terms, today).tier(terms) for row in enrollments}
    return {pk: tiers[number - 1].name for pk, number in numbers.items() if number}


def lock_progress(enrollment_ids: Iterable[int]) -> None:
    """Lock the tier progress of these enrollments until the transaction ends."""
    brand_id = current_brand_id()
    lock_identities(f"progress:{brand_id}:{pk}" for pk in enrollment_ids)


def set_tiers(rows: Sequence[Conversion]) -> None:
    """Give each new conversion the tier that its member has reached, in the order of `rows`.

    The caller holds the locks of their progress.
    """
    asking = [row for row in rows if row.terms.tiers]
    if not asking:
        return
    zone = current_zone()
    progress = TierProgress.of(
        ((row.enrollment_id, row.terms, day_of(row.occurred_at, zone)) for row in asking), zone
    )
    for row in rows:
        if row.terms.tiers:
            row.tier = progress.tier_for(row)
        progress.add(row)


def has_tiers() -> bool:
    """Return whether some terms of the brand have tiers."""
    return bool(_terms_with_tiers())


@kept_query
def _terms_with_tiers() -> QuerySet[Terms, Any]:
    return Terms.objects.exclude(tiers=[]).values_list("pk")[:1]


def span_of(enrollment_id: int, period: str, day: date) -> Span:
    """Return the period that contains `day`."""
    return enrollment_id, *CapPeriod(period).days(day)


def reached_before(spans: Iterable[tuple[Span, date]]) -> dict[Span, Reached]:
    """Return what was reached in each span on the days before the one that stands with it."""
    wanted = list(spans)
    values: dict[str, Any] = {
        "brand": current_brand_id(),
        "enrollments": [span[0] for span, _ in wanted],
        "firsts": [span[1] for span, _ in wanted],
        "lasts": [span[2] for span, _ in wanted],
        "befores": [before for _, before in wanted],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, values)
        return {(row[0], row[1], row[2]): Reached(*row[3:]) for row in cursor.fetchall()}
