"""Find work that stands still, and take away files whose time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.background.asking import hint
from accounts.models import LIVE_WORK, Work, WorkChunk
from core.jobs import unleased
from core.tenancy import across_brands, acting_for

PATIENCE = timedelta(seconds=15)  # a hint that nobody took for so long is taken for lost
FILES_KEPT = timedelta(days=7)
MOST_AT_ONCE = 100


def sweep(*, now: datetime) -> list[int]:
    """Hint at every work that nobody is on, and return those; forget files of long ago.

    Called every few seconds by beat; calling it twice does nothing the second time.
    """
    with across_brands(reason="work that stands still is found over all brands"):
        live = unleased(Work.objects.filter(state__in=LIVE_WORK), now=now)
        standing = live.filter(Q(hinted_at=None) | Q(hinted_at__lte=now - PATIENCE))
        found = list(standing.order_by("pk").values_list("brand_id", "pk"))
        old = Work.objects.filter(finished_at__lte=now - FILES_KEPT, files_gone_at=None)
        gone = list(old.order_by("pk").values_list("brand_id", "pk")[:MOST_AT_ONCE])
    hinted = []
    for brand_id, work_id in found:
        with acting_for(brand_id):
            hinted += _hinted(work_id, now=now)
    for brand_id, work_id in gone:
        with acting_for(brand_id):
            _forget_files(work_id, now=now)
    return hinted


@transaction.atomic
def _hinted(work_id: int, *, now: datetime) -> list[int]:
    """Hint at it; not when a worker is in the middle of a long batch, which locks the row."""
    free = Work.objects.select_for_update(skip_locked=True).filter(pk=work_id)
    ids = list(free.values_list("pk", flat=True))
    for pk in ids:
        hint(pk, now=now)
    return ids


@transaction.atomic
def _forget_files(work_id: int, *, now: datetime) -> None:
    WorkChunk.objects.filter(work=work_id).delete()
    Work.objects.filter(pk=work_id).update(files_gone_at=now)
