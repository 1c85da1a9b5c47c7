"""Run background work as a worker does, one time slice after another."""

from __future__ import annotations

from django.utils import timezone

from background.models import Work, WorkState
from background.running import run_slice


def run_as_worker(work: Work) -> Work:
    """Run the work to its end; return it."""
    from brand_admin.work_handlers import HANDLERS

    while work.is_live:
        run_slice(work.pk, handlers=HANDLERS, now=timezone.now())
        work.refresh_from_db()
    assert work.state == WorkState.DONE, work.error
    return work
