"""Caps: how much of what a member's sales and clicks earn in a period counts.

What a cap leaves is a function of all facts of its period. In the sequence in which they happened,
each conversion earns up to what earlier ones left under the cap of its terms; the clicks of a day
come after its conversions. So it doesn't matter in which sequence the facts became known: when one
of them changes, or comes late, all from its day to the end of its period are worked out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from accounts.selectors import current_zone
from core.tenancy import current_brand_id
from offers.models import Terms
from offers.selectors import TermsHistory, terms_histories
from offers.structure import CapPeriod
from tracking.commissions.order_lines import Lines, lines_that_terms_look_at
from tracking.commissions.targets import set_target
from tracking.commissions.tier_progress import Span, reached_before, span_of
from tracking.models import ClickEarning, Conversion, ConversionStatus
from tracking.models.totals import Totals
from tracking.totals.daily import day_of, totals_of

Periods = frozenset[CapPeriod]
_LATER = """
SELECT later.id FROM unnest(%(enrollments)s::bigint[], %(firsts)s::timestamptz[],
  %(ends)s::timestamptz[]) AS wanted (enrollment, first, until)
JOIN tracking_conversion later ON later.brand_id = %(brand)s
  AND later.enrollment_id = wanted.enrollment
  AND later.occurred_at >= wanted.first AND later.occurred_at < wanted.until
WHERE later.status <> 'rejected' AND later.id <> ALL(%(changed)s::bigint[])
"""
_LATER_CLICKS = """
SELECT later.id FROM unnest(%(enrollments)s::bigint[], %(first_days)s::date[],
  %(last_days)s::date[]) AS wanted (enrollment, first, last)
JOIN tracking_clickearning later ON later.brand_id = %(brand)s
  AND later.enrollment_id = wanted.enrollment AND later.day BETWEEN wanted.first AND wanted.last
WHERE later.id <> ALL(%(changed)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Followers:
    """Conversions and earnings of clicks whose share under a cap changed because others did.

    With each conversion what it added to its day before, with each earning its amount before, in
    minor units. They are not saved.
    """

    conversions: Sequence[tuple[Conversion, Totals]] = ()
    clicks: Sequence[tuple[ClickEarning, int]] = ()


@dataclass(frozen=True, slots=True)
class _Days:
    """Days of one enrollment that are worked out again: to the end of its longest cap's period."""

    enrollment_id: int
    first: date
    last: date
    periods: Periods


@dataclass(slots=True)
class _Use:
    """How much of each cap is used, in minor units, while earnings are worked out in sequence."""

    periods: Mapping[int, Periods]  # by enrollment id
    minor: dict[Span, int] = field(default_factory=dict)

    def left(self, enrollment_id: int, terms: Terms, day: date) -> int | None:
        if terms.cap_minor is None:
            return None
        used = self.minor.get(span_of(enrollment_id, terms.cap_period, day), 0)
        return max(0, terms.cap_minor - used)

    def add(self, enrollment_id: int, day: date, minor: int) -> None:
        for period in self.periods[enrollment_id]:
            span = span_of(enrollment_id, period, day)
            self.minor[span] = self.minor.get(span, 0) + minor


def cap_periods(offer_ids: Iterable[int]) -> dict[int, Periods]:
    """Return by offer id the periods over which some version of its terms has a cap.

    Offers that never had a cap are left out.
    """
    return periods_of(terms_histories(offer_ids))


def periods_of(histories: Mapping[int, TermsHistory]) -> dict[int, Periods]:
    """The same for the terms of offers, by offer id."""
    periods = {
        offer_id: frozenset(
            CapPeriod(terms.cap_period) for terms in history.versions if terms.cap_minor is not None
        )
        for offer_id, history in histories.items()
    }
    return {offer_id: found for offer_id, found in periods.items() if found}


def apply_caps(
    changed: Sequence[Conversion],
    lines: Lines,
    *,
    capped: Mapping[int, Periods],
    clicks: Sequence[ClickEarning] = (),
) -> Followers:
    """Cut what `changed` and all that happened after them earn to what their caps leave.

    `changed` and `clicks` have what they would earn without a cap; they may be new. `capped` is
    what `cap_periods` says of their offers. The caller holds the locks of the progress of their
    enrollments.
    """
    if not capped:
        return Followers()
    zone = current_zone()
    days = _days_to_work_out(changed, clicks, capped, zone)
    if not days:
        return Followers()
    enrollment_ids = {one.enrollment_id for one in days}
    changed = [row for row in changed if row.enrollment_id in enrollment_ids]
    clicks = [row for row in clicks if row.enrollment_id in enrollment_ids]
    later, later_clicks = _later(days, changed, zone), _later_clicks(days, clicks)
    before = [totals_of(row) for row in later]
    amounts = [row.amount_minor for row in later_clicks]
    lines = {**lines_that_terms_look_at(later), **lines}
    _work_out([*changed, *later], [*clicks, *later_clicks], lines, _used_before(days), zone)
    return Followers(
        [(row, was) for row, was in zip(later, before, strict=True) if totals_of(row) != was],
        [
            (row, was)
            for row, was in zip(later_clicks, amounts, strict=True)
            if row.amount_minor != was
        ],
    )


def _days_to_work_out(
    changed: Iterable[Conversion],
    clicks: Iterable[ClickEarning],
    capped: Mapping[int, Periods],
    zone: ZoneInfo,
) -> list[_Days]:
    """Without those whose offer never had a cap. No two of an enrollment share a period."""
    happened = {
        (row.enrollment_id, day_of(row.occurred_at, zone), row.offer_id) for row in changed
    } | {(row.enrollment_id, row.day, row.terms.offer_id) for row in clicks}
    found: list[_Days] = []
    for enrollment_id, day, offer_id in sorted(happened):
        is_in_last = found and found[-1].enrollment_id == enrollment_id and day <= found[-1].last
        if offer_id in capped and not is_in_last:
            periods = capped[offer_id]
            last = max(period.days(day)[1] for period in periods)
            found.append(_Days(enrollment_id, day, last, periods))
    return found


def _later(
    days: Sequence[_Days], changed: Sequence[Conversion], zone: ZoneInfo
) -> list[Conversion]:
    """The other conversions of these days, locked, without rejected ones, which earn nothing."""
    ids = _ids(
        _LATER,
        enrollments=[one.enrollment_id for one in days],
        firsts=[_midnight(one.first, zone) for one in days],
        ends=[
            "infinity" if one.last == date.max else _midnight(one.last + timedelta(days=1), zone)
            for one in days
        ],
        changed=[row.pk for row in changed if row.pk is not None],
    )
    rows = Conversion.objects.select_for_update(of=("self",)).filter(pk__in=ids)
    return list(rows.select_related("terms", "order").order_by("pk")) if ids else []


def _later_clicks(days: Sequence[_Days], clicks: Sequence[ClickEarning]) -> list[ClickEarning]:
    ids = _ids(
        _LATER_CLICKS,
        enrollments=[one.enrollment_id for one in days],
        first_days=[one.first for one in days],
        last_days=[one.last for one in days],
        changed=[row.pk for row in clicks if row.pk is not None],
    )
    rows = ClickEarning.objects.filter(pk__in=ids).select_related("terms__offer")
    return list(rows) if ids else []


def _ids(statement: str, **values: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"brand": current_brand_id(), **values})
        return [row[0] for row in cursor.fetchall()]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def _used_before(days: Sequence[_Days]) -> _Use:
    reached = reached_before(
        (span_of(one.enrollment_id, period, one.first), one.first)
        for one in days
        for period in one.periods
    )
    return _Use(
        {one.enrollment_id: one.periods for one in days},
        {span: found.cap_used_minor for span, found in reached.items()},
    )


def _work_out(
    conversions: Sequence[Conversion],
    clicks: Sequence[ClickEarning],
    lines: Lines,
    use: _Use,
    zone: ZoneInfo,
) -> None:
    happened: list[tuple[date, int, Any, Conversion | ClickEarning]] = [
        (
            day_of(row.occurred_at, zone),
            0,
            (row.occurred_at, row.order.source, row.order.external_id),
            row,
        )
        for row in conversions
        if row.status != ConversionStatus.REJECTED
    ]
    happened += [(row.day, 1, (row.terms.starts_at,), row) for row in clicks]
    for day, _, _, row in sorted(happened, key=lambda one: one[:3]):
        left = use.left(row.enrollment_id, row.terms, day)
        if isinstance(row, Conversion):
            _cut(row, left, lines)
            minor = row.earnable_minor
        else:
            wanted = row.clicks * row.terms.per_click_minor
            minor = row.amount_minor = wanted if left is None else min(wanted, left)
        use.add(row.enrollment_id, day, minor)


def _cut(row: Conversion, left: int | None, lines: Lines) -> None:
    """Set what a conversion earns if the cap leaves `left`, in minor units.

    `left_under_cap_minor` is kept only where it cuts.
    """
    if row.left_under_cap_minor is not None:
        row.left_under_cap_minor = None
        set_target(row, lines)
    if left is not None and row.earnable_minor > left:
        row.left_under_cap_minor = left
        set_target(row, lines)
