"""Enqueue work that no worker runs, and delete old files."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from background.models import LIVE_WORK, Work, WorkChunk
from background.work_requests import enqueue_work
from core.jobs import unleased
from core.postgres.outages import defects_logged
from core.tenancy import across_brands, acting_for

LOST_MESSAGE_AFTER = timedelta(seconds=15)  # that no worker took: it is enqueued again
FILES_KEPT = timedelta(days=7)
MAX_FILES_DELETED_AT_ONCE = 100
logger = logging.getLogger(__name__)


def sweep_work(*, now: datetime) -> list[int]:
    """Enqueue every work that no worker runs, and return those; delete old files.

    Called every few seconds by beat; calling it twice does nothing the second time.
    """
    with across_brands(reason="work that no worker runs is found over all brands"):
        live = unleased(Work.objects.filter(state__in=LIVE_WORK), now=now)
        idle = live.filter(Q(enqueued_at=None) | Q(enqueued_at__lte=now - LOST_MESSAGE_AFTER))
        found = list(idle.order_by("pk").values_list("brand_id", "pk"))
        old = Work.objects.filter(finished_at__lte=now - FILES_KEPT, files_gone_at=None)
        gone = list(old.order_by("pk").values_list("brand_id", "pk")[:MAX_FILES_DELETED_AT_ONCE])
    enqueued = []
    for brand_id, work_id in found:
        with acting_for(brand_id), defects_logged(logger, "work could not be enqueued"):
            enqueued += _enqueue(work_id, now=now)
    for brand_id, work_id in gone:
        with acting_for(brand_id), defects_logged(logger, "files could not be deleted"):
            _delete_files(work_id, now=now)
    return enqueued


@transaction.atomic
def _enqueue(work_id: int, *, now: datetime) -> list[int]:
    """Enqueue it, unless a worker is in a long batch, which locks the row."""
    free = Work.objects.select_for_update(skip_locked=True).filter(pk=work_id)
    ids = list(free.values_list("pk", flat=True))
    for pk in ids:
        enqueue_work(pk, now=now)
    return ids


@transaction.atomic
def _delete_files(work_id: int, *, now: datetime) -> None:
    WorkChunk.objects.filter(work=work_id).delete()
    Work.objects.filter(pk=work_id).update(files_gone_at=now)
