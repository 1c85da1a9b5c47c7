"""The worker and beat processes: how they log, and how it is seen that they live."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from inspect import signature
from typing import Any

from celery import Celery, Task
from celery.app.amqp import AMQP
from celery.app.log import Logging
from celery.beat import PersistentScheduler
from celery.exceptions import Ignore
from django.db import Error as DatabaseError
from django.utils import timezone
from kombu import Connection

from core.log_context import REQUEST_ID, begin, request_id
from core.postgres import outage_of

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
logger = logging.getLogger(__name__)


class BriskConnection(Connection):
    """Tries again within seconds; kombu waits up to half a minute, and has no setting for it."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        # Not above: this module is imported with the package, before a process has said its kind.
        from config import limits

        options = {
            "interval_start": limits.BROKER_RETRY_SECONDS,
            "interval_step": limits.BROKER_RETRY_SECONDS,
            "interval_max": limits.BROKER_MAX_RETRY_SECONDS,
            **options,
        }
        return super().ensure_connection(*args, **options)


class BriskMessaging(AMQP):
    Connection = BriskConnection


class OurLogging(Logging):
    """Celery would put handlers of its own beside that of LOGGING, which redacts."""

    def setup_logging_subsystem(self, *args: Any, **kwargs: Any) -> None:
        """Leave logging as the settings made it; --loglevel says nothing, LOG_LEVEL does."""


class LoggedTask(Task):
    """A task whose log lines say which task it is, and which request asked for it.

    One that PostgreSQL left in the middle says so in one line. What it was for is a row, which the
    sweep finds again.

    Arguments that it does not know are left out: while a deployment is under way, web processes of
    the next version may already send them.
    """

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.id is None or self.request.is_eager:  # called like a function
            return self.run(*args, **kwargs)
        asked_by = (self.request.headers or {}).get(REQUEST_ID) or self.request.get(REQUEST_ID)
        known = {REQUEST_ID: asked_by} if asked_by else {}
        begin(task=self.name, task_id=self.request.id, **known)
        try:
            result = self.run(*args, **self._known_arguments(kwargs))
        except DatabaseError as error:
            outage = outage_of(error)
            if outage is None or not outage.is_gone:
                raise
            logger.warning("%s was cut off: %s", self.name, outage.reason)
            raise Ignore from None
        if self.name in scheduled_tasks():
            note_round(self.name, "done_at")
        begin()  # after a failure it stays: Celery logs that once we are out of here
        return result

    def _known_arguments(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the keyword arguments that this version of the task takes."""
        names = signature(self.run).parameters
        unknown = sorted(sent.keys() - names.keys())
        if unknown:
            logger.warning("%s does not know %s", self.name, ", ".join(unknown))
        return {name: value for name, value in sent.items() if name in names}


class OurCelery(Celery):
    """Sends the id of the request along with every task that it asks for."""

    def send_task(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """As Celery does it."""
        asked_by = request_id()
        if asked_by:
            kwargs["headers"] = {**(kwargs.get("headers") or {}), REQUEST_ID: asked_by}
        return super().send_task(name, *args, **kwargs)


class Scheduler(PersistentScheduler):
    """Beat's own, which notes when it asks for a task."""

    def apply_async(self, entry: Any, *args: Any, **kwargs: Any) -> Any:
        """As Celery does it."""
        result = super().apply_async(entry, *args, **kwargs)
        note_round(entry.task, "asked_at")
        return result


def scheduled_tasks() -> set[str]:
    """The names of the tasks that beat asks for."""
    return {entry["task"] for entry in app.conf.beat_schedule.values()}


def note_round(task: str, moment: Any) -> None:
    """Note it in PostgreSQL, if that can be had."""
    from core.rounds import note  # models are there once Django is set up

    note(task, moment, now=timezone.now())


app = OurCelery("tributary", amqp=BriskMessaging, task_cls=LoggedTask, log=OurLogging)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# The rooms of tracking are no Django apps, so Celery has to be told where they keep their tasks.
app.autodiscover_tasks(["tracking.outreach", "tracking.commissions", "tracking.totals"])
