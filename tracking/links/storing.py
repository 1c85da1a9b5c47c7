"""Store batches of clicks in PostgreSQL, each batch once.

The lines of a batch go into a temporary table by COPY as they are; everything else is done there,
in a few statements for thousands of clicks. The batch's id is inserted in the same transaction: a
batch that is sent again is known by it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DataError, IntegrityError, connection, transaction

from core.text import one_line
from tracking.links.click_lines import FIELDS, ClickLines
from tracking.links.conversion_sources import add_arriving_clicks
from tracking.links.partitions import ensure_partitions, month_of
from tracking.links.refused_lines import keep_refused, split
from tracking.totals.arriving_clicks import count_alone, count_arriving_clicks
from tracking.totals.new_sources import number_new_sources

logger = logging.getLogger(__name__)

# A batch's id is kept for 40 days: clicks that are sent again later than that are refused.
MAX_AGE = timedelta(days=35)
MAX_AHEAD = timedelta(days=1)  # of a web machine's clock

_LINES = """
CREATE TEMPORARY TABLE IF NOT EXISTS click_line (
  link_id bigint NOT NULL, click_id varchar(80) NOT NULL, clicked_at bigint NOT NULL,
  kind varchar(8) NOT NULL, visitor bigint, user_agent varchar(300) NOT NULL,
  referrer_host varchar(253) NOT NULL, sub1 varchar(60) NOT NULL, sub2 varchar(60) NOT NULL,
  sub3 varchar(60) NOT NULL, sub4 varchar(60) NOT NULL, sub5 varchar(60) NOT NULL,
  country varchar(2) NOT NULL, device varchar(8) NOT NULL, landing varchar(100) NOT NULL,
  "returning" boolean
) ON COMMIT DELETE ROWS
"""
_ARRIVING = """
CREATE TEMPORARY TABLE IF NOT EXISTS arriving_click (
  LIKE tracking_click, day date NOT NULL
) ON COMMIT DELETE ROWS
"""
# A commit empties them too, without a trace. Here it is for a second batch in one transaction.
_EMPTY = "DELETE FROM click_line; DELETE FROM arriving_click"
_KNOW = """
INSERT INTO tracking_clickbatch (id, stored_at)
SELECT id, %s FROM unnest(%s::uuid[]) AS batch (id) ORDER BY id
ON CONFLICT DO NOTHING RETURNING id
"""
_COPY = "COPY click_line ({}) FROM STDIN".format(", ".join(f'"{field}"' for field in FIELDS))
_EPOCH = "timestamptz '1970-01-01 00:00+00'"
_SPAN = f"""
SELECT count(*), {_EPOCH} + min(clicked_at) * interval '1 microsecond',
  {_EPOCH} + max(clicked_at) * interval '1 microsecond'
FROM click_line
"""  # noqa: S608
_SAME = ", ".join(f'"{field}"' for field in FIELDS if field != "clicked_at")
# The link's row says whose the click is.
_ARRIVE = f"""
INSERT INTO arriving_click (id, brand_id, enrollment_id, clicked_at, day, {_SAME})
SELECT nextval('tracking_click_id_seq'), link.brand_id, link.enrollment_id, moment,
  (moment AT TIME ZONE brand.time_zone)::date, {_SAME.replace('"link_id"', "link.id")}
FROM click_line
JOIN tracking_trackinglink link ON link.id = click_line.link_id
JOIN accounts_brand brand ON brand.id = link.brand_id
CROSS JOIN LATERAL (SELECT {_EPOCH} + click_line.clicked_at * interval '1 microsecond') AS t(moment)
"""  # noqa: S608
_STORE = f"""
INSERT INTO tracking_click (id, brand_id, enrollment_id, clicked_at, {_SAME})
SELECT id, brand_id, enrollment_id, clicked_at, {_SAME} FROM arriving_click
"""  # noqa: S608
# Autovacuum never sees a temporary table. Only the columns that the planner asks about.
_ANALYZE = "ANALYZE arriving_click (id, brand_id, enrollment_id, link_id, day, kind, visitor)"


class _DoubtfulLineError(Exception):
    """A line can't be stored: these batches have to be looked at line by line."""


@dataclass(frozen=True, slots=True)
class Stored:
    """How many batches were new, and how many of their lines were stored and refused."""

    batches: int
    clicks: int
    refused: int = 0

    def plus(self, other: Stored) -> Stored:
        return Stored(
            self.batches + other.batches,
            self.clicks + other.clicks,
            self.refused + other.refused,
        )


NONE_STORED = Stored(0, 0)


def store_batches(batches: Sequence[ClickLines], *, now: datetime) -> Stored:
    """Store the clicks of these batches and count them, in one transaction.

    A batch that is stored already is left out. If a line can't be stored, each batch gets its own
    transaction: the line is kept for the operator, and the other lines are stored.
    """
    try:
        return _store(batches, now=now)
    except (DataError, IntegrityError, _DoubtfulLineError) as error:
        logger.warning("Batches of clicks are stored one by one: %s", one_line(str(error)))
    stored = NONE_STORED
    for batch in batches:
        stored = stored.plus(_store_what_can_be(batch, now=now))
    return stored


@transaction.atomic
def _store(batches: Sequence[ClickLines], *, now: datetime) -> Stored:
    new = _new_ones(batches, now=now)
    return Stored(len(new), _store_lines([batch.lines for batch in new], now=now) if new else 0)


@transaction.atomic
def _store_what_can_be(batch: ClickLines, *, now: datetime) -> Stored:
    if not _new_ones([batch], now=now):
        return NONE_STORED
    good, refused = split(batch.lines, since=now - MAX_AGE, until=now + MAX_AHEAD)
    try:
        with transaction.atomic():
            clicks = _store_lines([good], now=now) if good else 0
    except (DataError, IntegrityError, _DoubtfulLineError) as error:
        # No line of it is wrong by itself as far as `split` knows.
        clicks, refused = 0, {batch.lines: str(error.__cause__ or error)}
    number = keep_refused(batch.id, refused, now=now)
    return Stored(1, clicks, number)


@transaction.atomic
def refuse_batch(batch: ClickLines, *, reason: str, now: datetime) -> Stored:
    """Keep a batch for the operator in place of storing it. A second time it changes nothing."""
    if not _new_ones([batch], now=now):
        return NONE_STORED
    return Stored(1, 0, keep_refused(batch.id, {batch.lines: reason}, now=now))


def _new_ones(batches: Sequence[ClickLines], *, now: datetime) -> list[ClickLines]:
    """Insert the ids of these batches; return those whose id was not there before."""
    unique = {batch.id: batch for batch in batches}
    with connection.cursor() as cursor:
        cursor.execute(_KNOW, [now, list(unique)])
        return [unique[batch_id] for (batch_id,) in cursor.fetchall()]


def _store_lines(lines: Sequence[bytes], *, now: datetime) -> int:
    """Return how many clicks were stored."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES)
        cursor.execute(_ARRIVING)
        cursor.execute(_EMPTY)
        with connection.wrap_database_errors, cursor.copy(_COPY) as copy:
            for part in lines:
                copy.write(part if part.endswith(b"\n") else part + b"\n")
        cursor.execute(_SPAN)
        [(number, first, last)] = cursor.fetchall()
        if number != sum(part.rstrip(b"\n").count(b"\n") + 1 for part in lines):
            raise _DoubtfulLineError("a line ends the others, or is empty")
        if first < now - MAX_AGE or last > now + MAX_AHEAD:
            raise _DoubtfulLineError("a click is too old, or ahead of time")
        ensure_partitions(month_of(first), month_of(last))
        cursor.execute(_ARRIVE)
        if cursor.rowcount != number:
            raise _DoubtfulLineError("a click names no link")
        cursor.execute(_ANALYZE)
        cursor.execute(_STORE)
    count_alone()
    number_new_sources()
    add_arriving_clicks()
    count_arriving_clicks(first=first, last=last)
    return int(number)
