"""Do long work as a worker does, turn after turn."""

from __future__ import annotations

from django.utils import timezone

from accounts.background import take_turn
from accounts.models import Work, WorkState


def let_a_worker(work: Work) -> Work:
    """To its end."""
    from brand_admin.background.handlers import HANDLERS

    while work.is_live:
        take_turn(work.pk, handlers=HANDLERS, now=timezone.now())
        work.refresh_from_db()
    assert work.state == WorkState.DONE, work.error
    return work
