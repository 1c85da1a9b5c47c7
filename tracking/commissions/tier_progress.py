"""What a member has reached in an offer: the tier of the next conversion, and what the cap leaves.

Reads the daily totals. A caller that sets the tier of a conversion, or what the cap leaves, must
hold the lock of its enrollment, so that two orders never both earn the rest under the cap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from accounts.selectors import current_zone
from core.db import lock_identities
from core.tenancy import current_brand_id
from offers.models import Enrollment, Terms
from offers.structure import CapPeriod, TierBy
from tracking.models import Conversion, DailyTotal
from tracking.models.totals import NOTHING, Totals
from tracking.totals.daily import day_of, totals_of

_SUMS = f"""
SELECT wanted.enrollment, wanted.first, wanted.last,
  coalesce(sum(total.conversions), 0)::bigint,
  coalesce(sum(total.sales_minor - total.refunds_minor), 0)::bigint,
  coalesce(sum(total.commission_minor + total.pending_minor), 0)::bigint
FROM unnest(%(enrollments)s::bigint[], %(firsts)s::date[], %(lasts)s::date[])
  AS wanted (enrollment, first, last)
LEFT JOIN {DailyTotal._meta.db_table} total ON total.brand_id = %(brand)s
  AND total.enrollment_id = wanted.enrollment AND total.day BETWEEN wanted.first AND wanted.last
  AND total.day < %(before)s
GROUP BY 1, 2, 3
"""  # noqa: S608
Span = tuple[int, date, date]  # enrollment id, first and last day


@dataclass(slots=True)
class Reached:
    """What a member has reached in a span of days. Amounts are minor units.

    `conversions` and `sales_minor` are of accepted conversions, net of refunds. `cap_used_minor`
    counts towards the cap: what was earned, and what pending conversions would earn.
    """

    conversions: int = 0
    sales_minor: int = 0
    cap_used_minor: int = 0

    def add(self, totals: Totals) -> None:
        self.conversions += totals.conversions
        self.sales_minor += totals.sales_minor - totals.refunds_minor
        self.cap_used_minor += totals.cap_used_minor

    def towards(self, terms: Terms) -> int:
        """Return what the thresholds of `terms` count."""
        return self.conversions if terms.tier_by == TierBy.CONVERSIONS else self.sales_minor

    def tier(self, terms: Terms) -> int:
        """Return the tier of the next conversion, counted from 1; 0 below the first."""
        reached = self.towards(terms)
        return sum(1 for tier in terms.tier_list if tier.threshold <= reached)

    def left_under_cap(self, terms: Terms, *, without: Totals = NOTHING) -> int | None:
        """Return what the cap of `terms` leaves, in minor units; None without a cap.

        `without` is a part of what was reached that does not count.
        """
        if terms.cap_minor is None:
            return None
        return max(0, terms.cap_minor - (self.cap_used_minor - without.cap_used_minor))


@dataclass(slots=True)
class TierProgress:
    """What some enrollments have reached. `add` updates it while a batch is recorded."""

    zone: ZoneInfo
    spans: dict[Span, Reached] = field(default_factory=dict)

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
        wanted = sorted(
            {
                _span(enrollment_id, period, day)
                for enrollment_id, terms, day in rows
                for period in _periods(terms)
            }
        )
        return cls(zone, _reached(wanted, before))

    def for_tier(self, enrollment_id: int, terms: Terms, day: date) -> Reached:
        return self.spans[_span(enrollment_id, terms.tier_period, day)]

    def for_cap(self, enrollment_id: int, terms: Terms, day: date) -> Reached:
        return self.spans[_span(enrollment_id, terms.cap_period, day)]

    def tier_for(self, row: Conversion) -> int:
        """Return the tier of a new conversion, counted from 1; 0 below the first."""
        day = day_of(row.occurred_at, self.zone)
        return self.for_tier(row.enrollment_id, row.terms, day).tier(row.terms)

    def left_under_cap_for(self, row: Conversion, *, without: Totals = NOTHING) -> int | None:
        """Return what the cap leaves for a conversion, in minor units; None without a cap."""
        reached = self.for_cap(row.enrollment_id, row.terms, day_of(row.occurred_at, self.zone))
        return reached.left_under_cap(row.terms, without=without)

    def add(self, row: Conversion, *, instead_of: Totals = NOTHING) -> None:
        """Add a conversion, for the next ones of the batch, instead of what it added before."""
        day = day_of(row.occurred_at, self.zone)
        totals = totals_of(row).plus(instead_of, times=-1)
        self.add_on(row.enrollment_id, row.terms, day, totals)

    def add_on(self, enrollment_id: int, terms: Terms, day: date, totals: Totals) -> None:
        for span in {_span(enrollment_id, period, day) for period in _periods(terms)}:
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


def progress_of(rows: Iterable[Conversion]) -> TierProgress | None:
    """Lock and load the progress that conversions need; None without tiers and caps."""
    looking = [row for row in rows if row.terms.looks_back]
    if not looking:
        return None
    lock_progress({row.enrollment_id for row in looking})
    zone = current_zone()
    return TierProgress.of(
        ((row.enrollment_id, row.terms, day_of(row.occurred_at, zone)) for row in looking), zone
    )


def lock_capped(conversion_ids: Iterable[int]) -> None:
    """Lock the progress of conversions under a cap, before the conversions themselves.

    One that earns more than before gets what the cap leaves then.
    """
    lock_progress(
        Conversion.objects.filter(
            pk__in=list(conversion_ids), terms__cap_minor__isnull=False
        ).values_list("enrollment_id", flat=True)
    )


def _periods(terms: Terms) -> set[str]:
    return {terms.tier_period, terms.cap_period}


def _span(enrollment_id: int, period: str, day: date) -> Span:
    first, last = CapPeriod(period).days(day)
    return enrollment_id, first, last


def _reached(spans: Sequence[Span], before: date) -> dict[Span, Reached]:
    values: dict[str, Any] = {
        "brand": current_brand_id(),
        "enrollments": [span[0] for span in spans],
        "firsts": [span[1] for span in spans],
        "lasts": [span[2] for span in spans],
        "before": before,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, values)
        return {(row[0], row[1], row[2]): Reached(*row[3:]) for row in cursor.fetchall()}
