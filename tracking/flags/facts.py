"""Read the facts that the rules of flags look at, for many sales in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q, QuerySet

from core.tenancy import current_brand_id
from payouts.fingerprints import account_sharers
from tracking.flags.rules import LIMITS, DayFacts, SaleFacts, StoredClick
from tracking.links import click_ids
from tracking.links.click_ids import ClickIdContents
from tracking.models import Click, Conversion, ConversionStatus, DailyTotal, Evidence, TrackingLink
from tracking.orders.customer_digest import known_digests

DayKey = tuple[int, date]  # enrollment id, day in the brand's time zone
MAX_CUSTOMER_ORDERS = 100  # that are counted of one customer
ONE_SECOND = timedelta(seconds=1)  # a click id holds whole seconds

# Of each conversion: how many orders its customer placed with the member in the days up to it.
_CUSTOMERS = """
SELECT asked.id, (SELECT count(*) FROM (
  SELECT FROM tracking_order other JOIN tracking_conversion theirs
    ON theirs.brand_id = other.brand_id AND theirs.order_id = other.id
    AND theirs.enrollment_id = asked.enrollment_id AND theirs.share_bp > 0
  WHERE other.brand_id = own.brand_id AND other.customer_ref = own.customer_ref
    AND other.customer_ref <> '' AND other.source = own.source
    AND other.ordered_at <= own.ordered_at AND other.ordered_at > own.ordered_at - %(days)s
  LIMIT %(most)s) AS counted)
FROM tracking_conversion asked
JOIN tracking_order own ON own.brand_id = asked.brand_id AND own.id = asked.order_id
WHERE asked.brand_id = %(brand)s AND asked.id = ANY (%(ids)s)
"""
# Later conversions of the same customers and members: what comes before them has changed.
_FOLLOWERS = """
SELECT DISTINCT theirs.id FROM tracking_conversion asked
JOIN tracking_order own ON own.brand_id = asked.brand_id AND own.id = asked.order_id
JOIN tracking_order other ON other.brand_id = own.brand_id
  AND other.customer_ref = own.customer_ref AND other.customer_ref <> ''
  AND other.source = own.source AND other.ordered_at >= own.ordered_at
  AND other.ordered_at < own.ordered_at + %(days)s AND other.id <> own.id
JOIN tracking_conversion theirs ON theirs.brand_id = other.brand_id
  AND theirs.order_id = other.id AND theirs.enrollment_id = asked.enrollment_id
WHERE asked.brand_id = %(brand)s AND asked.id = ANY (%(ids)s)
"""

# See `sales_on_day` and WITHOUT_CLICK.
_SALES_OF_DAYS = """
SELECT asked.enrollment, asked.day, count(*), count(*) FILTER (
  WHERE sold.evidence = 'code' AND NOT sold.claims @> '[{"evidence": "click"}]')
FROM unnest(%(enrollments)s::bigint[], %(days)s::date[], %(first)s::timestamptz[],
  %(last)s::timestamptz[]) AS asked (enrollment, day, first, last)
JOIN tracking_conversion sold ON sold.brand_id = %(brand)s
  AND sold.enrollment_id = asked.enrollment AND sold.share_bp > 0
  AND sold.occurred_at >= asked.first AND sold.occurred_at < asked.last
GROUP BY asked.enrollment, asked.day
"""


@dataclass(frozen=True, slots=True)
class Sale:
    """A conversion with its facts. `awaits_click`: its click is not stored yet."""

    conversion: Conversion
    facts: SaleFacts
    awaits_click: bool

    @property
    def counts(self) -> bool:
        """Whether it may earn something, so that flags matter."""
        return self.conversion.status != ConversionStatus.REJECTED


def followers(conversion_ids: Collection[int]) -> set[int]:
    """Return the later conversions of the same customers with the same members."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOWERS, _of_customers(conversion_ids))
        return {pk for (pk,) in cursor.fetchall()}


def sales_of(conversion_ids: Collection[int], *, coupon_sites: Collection[str]) -> list[Sale]:
    """Return these conversions with the facts that the rules of a sale look at."""
    rows = list(
        Conversion.objects.select_related("order", "member")
        .filter(pk__in=list(conversion_ids))
        .order_by("pk")
    )
    named = _clicks_named(rows)
    stored = _stored_clicks({row.order.click_id: named[row.pk] for row in rows if row.pk in named})
    orders = _customer_orders([row.pk for row in rows])
    sharers = account_sharers({row.member_id for row in rows})
    digests = {row.member_id: known_digests(row.member.email) for row in rows}
    return [
        Sale(
            conversion=row,
            facts=SaleFacts(
                occurred_at=row.occurred_at,
                customer_digest=row.order.customer_digest,
                member_digests=digests[row.member_id],
                clicked_at=named[row.pk].clicked_at if row.pk in named else None,
                click=stored.get(row.order.click_id) if row.pk in named else None,
                order_referrer=row.order.referrer_host,
                customer_orders=orders.get(row.pk, 0),
                shared_accounts=sharers.get(row.member_id, ()),
                coupon_sites=coupon_sites,
            ),
            awaits_click=row.pk in named and row.order.click_id not in stored,
        )
        for row in rows
    ]


def _clicks_named(rows: Iterable[Conversion]) -> dict[int, ClickIdContents]:
    """The contents of the orders' click ids that lead to the same member, by conversion id."""
    read = {row.pk: click_ids.read(row.order.click_id) for row in rows if row.order.click_id}
    known = {pk: contents for pk, contents in read.items() if contents is not None}
    if not known:
        return {}
    links = {contents.link_id for contents in known.values()}
    owners = dict(TrackingLink.objects.filter(pk__in=links).values_list("pk", "enrollment"))
    return {
        row.pk: known[row.pk]
        for row in rows
        if row.pk in known and owners.get(known[row.pk].link_id) == row.enrollment_id
    }


def _stored_clicks(named: Mapping[str, ClickIdContents]) -> dict[str, StoredClick]:
    if not named:
        return {}
    times = [contents.clicked_at for contents in named.values()]
    rows = Click.objects.filter(
        click_id__in=list(named),
        clicked_at__gte=min(times),
        clicked_at__lt=max(times) + ONE_SECOND,
    )
    return {
        click_id: StoredClick(referrer_host, landing)
        for click_id, referrer_host, landing in rows.values_list(
            "click_id", "referrer_host", "landing"
        )
    }


def _customer_orders(conversion_ids: Collection[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMERS, _of_customers(conversion_ids))
        return dict(cursor.fetchall())


def _of_customers(conversion_ids: Collection[int]) -> dict[str, Any]:
    return {
        "brand": current_brand_id(),
        "ids": list(conversion_ids),
        "days": timedelta(days=LIMITS.same_customer_days),
        "most": MAX_CUSTOMER_ORDERS,
    }


# --- days


def days_to_look_at(
    keys: Collection[DayKey], *, flagged: Collection[DayKey]
) -> tuple[set[DayKey], dict[DayKey, DailyTotal]]:
    """Return the days that sales on `keys` may change the flags of, and the totals around them.

    These are the days themselves, and of the days after them, for which they are among the usual
    ones, those with many sales and those of `flagged`.
    """
    if not keys:
        return set(), {}
    span = timedelta(days=LIMITS.usual_days)
    enrollments = {enrollment for enrollment, _ in keys}
    totals = DailyTotal.objects.filter(
        enrollment__in=enrollments,
        day__gte=min(day for _, day in keys) - span,
        day__lte=max(day for _, day in keys) + span,
    )
    found = {(row.enrollment_id, row.day): row for row in totals}
    busy = min(LIMITS.surge_orders, LIMITS.velocity_sales)
    candidates = {key for key, row in found.items() if _sales(row) >= busy} | set(flagged)
    after = {
        (enrollment, day)
        for enrollment, day in candidates
        if any(own == enrollment and first <= day <= first + span for own, first in keys)
    }
    return set(keys) | after, found


def day_facts(
    keys: Collection[DayKey], totals: Mapping[DayKey, DailyTotal], *, zone: ZoneInfo
) -> dict[DayKey, DayFacts]:
    """Return what the rules of a day look at; `totals` are those around the days."""
    counted = _count_sales(sorted(keys), zone=zone)
    found = {}
    for key in keys:
        enrollment, day = key
        before = [
            totals[enrollment, one]
            for one in (day - timedelta(days=back + 1) for back in range(LIMITS.usual_days))
            if (enrollment, one) in totals
        ]
        near = (totals.get((enrollment, one)) for one in (day, day - timedelta(days=1)))
        sales, code_orders = counted.get(key, (0, 0))
        found[key] = DayFacts(
            day=day,
            sales=sales,
            sales_before=sum(map(_sales, before)),
            code_orders=code_orders,
            clicks=sum(row.clicks for row in near if row is not None),
            clicks_before=sum(row.clicks for row in before),
        )
    return found


def _count_sales(keys: Sequence[DayKey], *, zone: ZoneInfo) -> dict[DayKey, tuple[int, int]]:
    """The sales of each day, and those of them with a code and without a click."""
    if not keys:
        return {}
    days = [day for _, day in keys]
    with connection.cursor() as cursor:
        cursor.execute(
            _SALES_OF_DAYS,
            {
                "brand": current_brand_id(),
                "enrollments": [enrollment for enrollment, _ in keys],
                "days": days,
                "first": [_midnight(day, zone) for day in days],
                "last": [_midnight(day + timedelta(days=1), zone) for day in days],
            },
        )
        return {
            (enrollment, day): (sales, code_orders)
            for enrollment, day, sales, code_orders in cursor.fetchall()
        }


WITHOUT_CLICK = Q(evidence=Evidence.CODE) & ~Q(claims__contains=[{"evidence": "click"}])


def sales_on_day(key: DayKey, *, zone: ZoneInfo) -> QuerySet[Conversion]:
    """The conversions of a member in an offer on a day, also rejected ones."""
    enrollment, day = key
    return Conversion.objects.filter(
        enrollment=enrollment,
        share_bp__gt=0,
        occurred_at__gte=_midnight(day, zone),
        occurred_at__lt=_midnight(day + timedelta(days=1), zone),
    )


def _sales(row: DailyTotal) -> int:
    """Held sales are pending, so holding them changes nothing here."""
    return row.conversions + row.pending


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)
