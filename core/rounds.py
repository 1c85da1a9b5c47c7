"""Note when beat last asked for each of its tasks, and when a worker last did it.

Beat and the workers note it at most every few seconds. Whoever watches reads two ages of each task:
when both grow, beat is dead, or PostgreSQL was away; when only the second grows, the workers are
dead or fail. No failure to write it keeps a task from being asked for or done.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Literal

from django.db import DatabaseError, connection

from core.models import Round

OFTEN_ENOUGH_SECONDS = 5.0  # between two notes of one process
Moment = Literal["asked_at", "done_at"]
logger = logging.getLogger(__name__)
_noted: dict[tuple[str, Moment], float] = {}


def note(task: str, moment: Moment, *, now: datetime) -> None:
    """Note it, unless this process did a moment ago."""
    clock = time.monotonic()
    if clock - _noted.get((task, moment), -OFTEN_ENOUGH_SECONDS) < OFTEN_ENOUGH_SECONDS:
        return
    _noted[task, moment] = clock
    try:
        Round.objects.bulk_create(
            [Round(task=task, **{moment: now})],
            update_conflicts=True,
            unique_fields=["task"],
            update_fields=[moment],
        )
    except DatabaseError as error:
        logger.warning("the round of %s was not noted: %s", task, error)
    finally:
        # Beat never ends a request, and would otherwise keep a connection that may be broken.
        if not connection.in_atomic_block:
            connection.close()
