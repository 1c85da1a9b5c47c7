"""Make a notice of each entry of the outbox that a member is told of.

A trigger notes each such entry as unread, in the entry's own transaction. Here the note is deleted
in the transaction that makes the notice. So each entry is read once, however late its transaction
commits, and a process that was killed leaves it as it was.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import OutboxEntry, OutboxEvent
from accounts.selectors import current_brand
from core.mornings import next_morning
from core.postgres.outages import defects_logged
from core.references import Reference
from core.tenancy import across_brands, acting_for
from notices.models import NoMail, Notice, NoticeKind, SalesAtOnce, UnreadEntry
from notices.selectors import kinds_sent
from payouts.models import PayoutState
from tracking.models import Conversion

BATCH = 500  # entries of a brand in one transaction; then other brands go first
MAX_ROUNDS = 20  # of one call: the next one goes on
MAX_BRANDS_AT_ONCE = 200
TOLD_WITHIN = timedelta(days=7)  # of what happened; later, the dashboard alone tells it
# The rules of flags look at a sale first, and may hold it.
AT_ONCE_AFTER = timedelta(minutes=1)
WELCOME_AFTER = timedelta(minutes=30)  # for staff to give code and link, and to write themselves
KIND_OF_PAYMENT = {
    PayoutState.PAID.value: NoticeKind.PAYMENT_SENT,
    PayoutState.PENDING_INFO.value: NoticeKind.DETAILS_NEEDED,
    PayoutState.FAILED.value: NoticeKind.PAYMENT_FAILED,
}
logger = logging.getLogger(__name__)


def read_outbox(*, now: datetime) -> int:
    """Make the notices of unread entries; return how many entries.

    Two processes may do this at once.
    """
    read = 0
    for _round in range(MAX_ROUNDS):
        of_round = _read_some(now=now)
        read += of_round
        if not of_round:
            break
    return read


def _read_some(*, now: datetime) -> int:
    """Read up to BATCH entries of each brand."""
    with across_brands(reason="entries that nobody was told of are found over all brands"):
        found = UnreadEntry.objects.order_by().values_list("brand_id", flat=True).distinct()
        brands = list(found[:MAX_BRANDS_AT_ONCE])
    read = 0
    for brand_id in brands:
        with acting_for(brand_id), defects_logged(logger, "the outbox could not be read"):
            read += _read(now=now)
    return read


@transaction.atomic
def _read(*, now: datetime) -> int:
    unread = list(
        UnreadEntry.objects.select_for_update(skip_locked=True).order_by("entry", "pk")[:BATCH]
    )
    entries = OutboxEntry.objects.in_bulk([one.entry for one in unread])  # old ones may be gone
    by_event: dict[str, list[OutboxEntry]] = defaultdict(list)
    for entry in entries.values():
        by_event[entry.event].append(entry)
    payments = by_event.pop(OutboxEvent.PAYOUT_CHANGED, [])
    made = [notice for entry in payments for notice in _of_payment(entry, now=now)]
    joinings = by_event.pop(OutboxEvent.MEMBER_JOINED, [])
    if NoticeKind.WELCOME in kinds_sent():
        made += [_of_joining(entry, now=now) for entry in joinings]
    made += _of_sales([entry for found in by_event.values() for entry in found], now=now)
    Notice.objects.bulk_create(made, ignore_conflicts=True)
    UnreadEntry.objects.filter(pk__in=[one.pk for one in unread]).delete()
    return len(unread)


def _of_payment(entry: OutboxEntry, *, now: datetime) -> Iterator[Notice]:
    kind = KIND_OF_PAYMENT.get(entry.data["state"])
    if kind is not None:
        yield Notice(
            kind=kind,
            member_id=entry.data["member"],
            about=entry.target,
            happened_at=entry.written_at,
            due_at=now,
        )


def _of_joining(entry: OutboxEntry, *, now: datetime) -> Notice:
    return Notice(
        kind=NoticeKind.WELCOME,
        member_id=entry.data["member"],
        about=entry.target,
        happened_at=entry.written_at,
        due_at=now + WELCOME_AFTER,
    )


def _of_sales(entries: Sequence[OutboxEntry], *, now: datetime) -> list[Notice]:
    """Return the notices of sales that are young enough, whenever they were recorded.

    One that was settled because the sale did not count then waits again, as it may count now.
    """
    numbers = (Reference(entry.target).id_of(Conversion) for entry in entries)
    wanted = [number for number in numbers if number is not None]
    rows = Conversion.objects.filter(pk__in=wanted, occurred_at__gt=now - TOLD_WITHIN)
    sales = list(rows.only("member_id", "occurred_at"))
    at_once = set(
        SalesAtOnce.objects.filter(member__in={sale.member_id for sale in sales}).values_list(
            "member_id", flat=True
        )
    )
    daily = next_morning(now, current_brand().zone)
    made = [
        Notice(
            kind=NoticeKind.SALES,
            member_id=sale.member_id,
            about=Reference.to(sale),
            happened_at=sale.occurred_at,
            due_at=now + AT_ONCE_AFTER if sale.member_id in at_once else daily,
        )
        for sale in sales
    ]
    for due_at in {one.due_at for one in made}:
        again = [one.about for one in made if one.due_at == due_at]
        Notice.objects.filter(kind=NoticeKind.SALES, about__in=again, reason=NoMail.NOT_SO).update(
            settled_at=None, reason="", due_at=due_at
        )
    return made
