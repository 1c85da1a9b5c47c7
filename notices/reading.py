"""Make a notice of each entry of the outbox that a member is told of.

A trigger notes each such entry as unread, in the entry's own transaction. Here the note is deleted
in the transaction that makes the notice. So each entry is read once, however late its transaction
commits, and a process that was killed leaves it as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction

from accounts.models import OutboxEntry, OutboxEvent
from core.tenancy import across_brands, acting_for
from notices.models import Notice, NoticeKind, UnreadEntry
from payouts.models import PayoutState

BATCH = 500  # entries of a brand in one transaction; then other brands go first
MAX_BRANDS_AT_ONCE = 200
OUTAGES = (OperationalError, InterfaceError)
KIND_OF_PAYMENT = {
    PayoutState.PAID.value: NoticeKind.PAYMENT_SENT,
    PayoutState.PENDING_INFO.value: NoticeKind.DETAILS_NEEDED,
    PayoutState.FAILED.value: NoticeKind.PAYMENT_FAILED,
}
logger = logging.getLogger(__name__)


def read_outbox(*, now: datetime) -> int:
    """Make the notices of unread entries, up to BATCH of each brand; return how many entries.

    Two processes may do this at once.
    """
    with across_brands(reason="entries that nobody was told of are found over all brands"):
        found = UnreadEntry.objects.order_by().values_list("brand_id", flat=True).distinct()
        brands = list(found[:MAX_BRANDS_AT_ONCE])
    read = 0
    for brand_id in brands:
        with acting_for(brand_id):
            read += _read_safely(now=now)
    return read


def _read_safely(*, now: datetime) -> int:
    """A defect in what one brand has stored holds up no other brand."""
    try:
        return _read(now=now)
    except OUTAGES:
        raise
    except Exception:
        logger.exception("entries of the outbox could not be read")
        return 0


@transaction.atomic
def _read(*, now: datetime) -> int:
    unread = list(
        UnreadEntry.objects.select_for_update(skip_locked=True).order_by("entry", "pk")[:BATCH]
    )
    entries = OutboxEntry.objects.in_bulk([one.entry for one in unread])  # old ones may be gone
    made = [notice for entry in entries.values() for notice in _notices_of(entry, now=now)]
    Notice.objects.bulk_create(made, ignore_conflicts=True)
    UnreadEntry.objects.filter(pk__in=[one.pk for one in unread]).delete()
    return len(unread)


def _notices_of(entry: OutboxEntry, *, now: datetime) -> Iterator[Notice]:
    if entry.event != OutboxEvent.PAYOUT_CHANGED:
        return
    kind = KIND_OF_PAYMENT.get(entry.data["state"])
    if kind is not None:
        yield Notice(
            kind=kind,
            member_id=entry.data["member"],
            about=entry.target,
            happened_at=entry.written_at,
            due_at=now,
        )
