"""The monthly partitions of tracking_click: one per calendar month (UTC) of `clicked_at`.

They are made ahead of time, by a periodic task and by the consumer of clicks, and again for a click
that needs an older one. A partition is built beside the table and then attached: that lets clicks
be written and read meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from django.db import connection, transaction

from core.db import lock_identities

TABLE = "tracking_click"
MONTHS_AHEAD = 3
DROP_WAIT_MS = 500


def month_of(moment: datetime) -> date:
    """Return the first day of the month (UTC) of a moment."""
    return moment.astimezone(UTC).date().replace(day=1)


def month_after(month: date, number: int = 1) -> date:
    """Return the first day of the month that is `number` months later, or earlier if negative."""
    count = month.year * 12 + month.month - 1 + number
    return date(count // 12, count % 12 + 1, 1)


def partition_name(month: date) -> str:
    return f"{TABLE}_{month:%Y_%m}"


def make_partitions_ahead(*, now: datetime) -> None:
    """Make what is missing from this month to MONTHS_AHEAD later."""
    month = month_of(now)
    ensure_partitions(month, month_after(month, MONTHS_AHEAD))


def ensure_partitions(first: date, last: date) -> None:
    """Make the missing partitions from the month `first` to the month `last`."""
    months = list(_months(first, last))
    if missing(months):
        with transaction.atomic():
            lock_identities([TABLE])  # two processes make each once
            for month in missing(months):
                _make(month)


def missing(months: Iterable[date]) -> list[date]:
    """Return the months without a partition, of those given."""
    names = {partition_name(month): month for month in months}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) AS wanted (name) WHERE to_regclass(name) IS NULL",
            [list(names)],
        )
        return sorted(names[name] for (name,) in cursor.fetchall())


def months_kept() -> list[date]:
    """Return the months that have a partition, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass",
            [TABLE],
        )
        names = [name.removeprefix(f"{TABLE}_").split("_") for (name,) in cursor.fetchall()]
    return sorted(date(int(year), int(month), 1) for year, month in names)


def drop_partition(month: date) -> None:
    """Drop the clicks of a month, all at once.

    Nobody reads or writes clicks while it waits for the others to end: it gives up soon, with
    django.db.OperationalError.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{DROP_WAIT_MS}ms'")
        cursor.execute(f"DROP TABLE IF EXISTS {partition_name(month)}")


def _months(first: date, last: date) -> Iterator[date]:
    month = first
    while month <= last:
        yield month
        month = month_after(month)


def _make(month: date) -> None:
    name, following = partition_name(month), month_after(month)
    same = f"LIKE {TABLE} INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
    bounds = f"FROM ('{month} 00:00+00') TO ('{following} 00:00+00')"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name} ({same})")
        cursor.execute(f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES {bounds}")
