"""Send a task's message to the broker. If the broker is away, the sweep finds the task's row."""

from __future__ import annotations

import logging
from time import monotonic

from celery import current_app
from kombu.exceptions import OperationalError

PAUSE_SECONDS = 1.0  # after a failure no message is sent for this long
logger = logging.getLogger(__name__)


class _Absence:
    """The time until which no thread of the process calls the broker."""

    until = 0.0


def publish(task: str, **arguments: object) -> bool:
    """Send the message; return whether the broker accepted it.

    Waits for the broker's timeout at most once, and never raises.
    """
    if monotonic() < _Absence.until:
        return False
    try:
        current_app.send_task(task, kwargs=arguments, retry=False)
    except (OperationalError, OSError) as error:
        _Absence.until = monotonic() + PAUSE_SECONDS
        logger.warning("%s %s waits for the sweep: %s", task, arguments, error)
        return False
    return True
