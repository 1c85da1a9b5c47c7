"""Send a task's message to the broker, or leave what it names, which is a row, to the sweep."""

from __future__ import annotations

import logging
from time import monotonic

from celery import current_app
from kombu.exceptions import OperationalError

PAUSE_SECONDS = 1.0  # after a failure; meanwhile messages are left to the sweep
logger = logging.getLogger(__name__)


class _Absence:
    """Until when the broker is left alone, known to all threads of the process."""

    until = 0.0


def publish(task: str, **arguments: object) -> bool:
    """Whether the broker took the message. Takes the broker's timeout once, and never raises."""
    if monotonic() < _Absence.until:
        return False
    try:
        current_app.send_task(task, kwargs=arguments, retry=False)
    except (OperationalError, OSError) as error:
        _Absence.until = monotonic() + PAUSE_SECONDS
        logger.warning("%s %s waits for the sweep: %s", task, arguments, error)
        return False
    return True
