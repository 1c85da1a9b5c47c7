"""Remove a person's data from long work: from titles, from what was skipped, and with the files."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from background.models import LIVE_WORK, Work, WorkChunk, WorkProblem
from core.text import names_pattern


def erase_from_work(*, names: Collection[str], instead: str, now: datetime) -> None:
    """Write `instead` for each of the names and addresses in the work of the brand acted for.

    The files of all finished work go, because each may hold the person; work under way keeps its
    own until it is swept. Call it in the transaction that erases the person.
    """
    finished = Work.objects.exclude(state__in=LIVE_WORK).filter(files_gone_at=None)
    WorkChunk.objects.filter(work__in=finished.values("pk")).delete()
    finished.update(files_gone_at=now)
    pattern = names_pattern(names)
    for work in Work.objects.filter(_mentions("title", names)).only("title"):
        title = pattern.sub(instead, work.title)[:200]
        Work.objects.filter(pk=work.pk).update(title=title)
    told = _mentions("subject", names) | _mentions("message", names)
    for row in WorkProblem.objects.filter(told).iterator():
        WorkProblem.objects.filter(pk=row.pk).update(
            subject=pattern.sub(instead, row.subject)[:200],
            message=pattern.sub(instead, row.message)[:500],
        )


def _mentions(field: str, names: Collection[str]) -> Q:
    return Q.create([Q((f"{field}__icontains", name)) for name in names], connector=Q.OR)
