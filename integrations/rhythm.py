"""Notice a shop that falls silent, against its own rhythm: tell staff, and mail the owners once.

A shop that sells every few minutes and one that sells once a week are silent after different times.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import connection as database
from django.utils import timezone

from accounts.owner_mail import mail_owners
from accounts.selectors import current_brand
from core.postgres.outages import defects_logged
from core.tenancy import across_brands, acting_for, current_brand_id
from integrations.models import Connection, ConnectionState

LOOKS_BACK = timedelta(days=30)
MIN_SILENCE = timedelta(hours=24)
TIMES_THE_LONGEST_GAP = 4  # the second longest: an outage is not usual
MIN_ORDERS = 5  # fewer show no rhythm
GAPS = """
SELECT count(*) OVER (), gap FROM (
  SELECT ordered_at - lag(ordered_at) OVER (ORDER BY ordered_at) AS gap FROM tracking_order
  WHERE brand_id = %s AND source = %s AND NOT is_test
    AND ordered_at > %s AND ordered_at <= %s
) AS orders ORDER BY gap DESC NULLS LAST OFFSET 1 LIMIT 1
"""
logger = logging.getLogger(__name__)


def longest_usual_silence(connection: Connection) -> timedelta | None:
    """How long the shop may be silent, from its orders of 30 days; None if there are too few."""
    last = connection.last_order_at
    if last is None:
        return None
    values = (current_brand_id(), connection.source, last - LOOKS_BACK, last)
    with database.cursor() as cursor:
        cursor.execute(GAPS, values)
        number, gap = cursor.fetchone() or (0, None)
    if gap is None or number < MIN_ORDERS:
        return None
    usual: timedelta = gap
    return max(MIN_SILENCE, TIMES_THE_LONGEST_GAP * usual)


def find_silent_connections(*, now: datetime) -> list[int]:
    """Note the connections that have fallen silent, and mail each brand's owners once.

    Called by beat every hour; returns the ids of those that are silent since now.
    """
    with across_brands(reason="connections that may be silent are found over all brands"):
        quiet = Connection.objects.filter(
            state=ConnectionState.CONNECTED, silent_since=None, last_order_at__lte=now - MIN_SILENCE
        )
        found = list(quiet.order_by("pk"))
    silent = []
    for connection in found:
        with (
            acting_for(connection.brand_id),
            defects_logged(logger, "a silent connection could not be noted"),
        ):
            allowed = longest_usual_silence(connection)
            last = connection.last_order_at
            if allowed is None or last is None or now - last <= allowed:
                continue
            if _note(connection, last):
                silent.append(connection.pk)
                _mail_owners(connection, last)
    return silent


def _note(connection: Connection, last: datetime) -> bool:
    """Whether it is noted only now: of two workers one mails, and an order may just have come."""
    still = Connection.objects.filter(pk=connection.pk, silent_since=None, last_order_at=last)
    return bool(still.update(silent_since=last))


def _mail_owners(connection: Connection, last: datetime) -> None:
    brand = current_brand()
    mail_owners(
        "staff/shop_silent",
        values={
            "name": connection.name,
            "store": connection.store,
            "last": timezone.localtime(last, brand.zone),
            "zone": brand.time_zone,
        },
    )
