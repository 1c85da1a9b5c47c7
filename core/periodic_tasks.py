"""Record the last run of each periodic task: when beat enqueued it, and when a worker finished it.

Beat and the workers record it at most every few seconds. Monitoring reads two ages per task: when
both grow, beat is dead or PostgreSQL was away; when only the second grows, the workers are dead or
fail. A failed write stops no task.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Literal

from django.db import DatabaseError, connection

from core.models import Round

MIN_INTERVAL_SECONDS = 5.0  # between two records of one task by one process
Moment = Literal["asked_at", "done_at"]
logger = logging.getLogger(__name__)
_recorded: dict[tuple[str, Moment], float] = {}


def record_time(task: str, moment: Moment, *, now: datetime) -> None:
    """Record the time, unless this process did so within MIN_INTERVAL_SECONDS."""
    clock = time.monotonic()
    if clock - _recorded.get((task, moment), -MIN_INTERVAL_SECONDS) < MIN_INTERVAL_SECONDS:
        return
    _recorded[task, moment] = clock
    try:
        Round.objects.bulk_create(
            [Round(task=task, **{moment: now})],
            update_conflicts=True,
            unique_fields=["task"],
            update_fields=[moment],
        )
    except DatabaseError as error:
        logger.warning("the run of %s was not recorded: %s", task, error)
    finally:
        # Beat handles no requests, so Django would never close its connection.
        if not connection.in_atomic_block:
            connection.close()
