"""The worker and beat processes: their logging, their reconnecting, and what they record."""

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


class FastRetryConnection(Connection):
    """Retries within seconds; kombu waits up to half a minute, and has no setting for it."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        # Imported late: this module is loaded with the package, before TRIBUTARY_PROCESS is set.
        from config import limits

        options = {
            "interval_start": limits.BROKER_RETRY_SECONDS,
            "interval_step": limits.BROKER_RETRY_SECONDS,
            "interval_max": limits.BROKER_MAX_RETRY_SECONDS,
            **options,
        }
        return super().ensure_connection(*args, **options)


class FastRetryAMQP(AMQP):
    Connection = FastRetryConnection


class SettingsLogging(Logging):
    """Keeps Celery from adding its own log handlers, which would not redact secrets."""

    def setup_logging_subsystem(self, *args: Any, **kwargs: Any) -> None:
        """Leave logging as the settings configured it: LOG_LEVEL counts, --loglevel does not."""


class LoggedTask(Task):
    """A task whose log lines name the task and the request that enqueued it.

    After an outage of PostgreSQL it logs one line and ends: the sweep finds the task's row again.

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
            record_run(self.name, "done_at")
        begin()  # after a failure the context stays, because Celery logs the error later
        return result

    def _known_arguments(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the keyword arguments that this version of the task takes."""
        names = signature(self.run).parameters
        unknown = sorted(sent.keys() - names.keys())
        if unknown:
            logger.warning("%s does not know %s", self.name, ", ".join(unknown))
        return {name: value for name, value in sent.items() if name in names}


class RequestIdCelery(Celery):
    """Sends the request's id with every task that the request enqueues."""

    def send_task(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Send the task as Celery does, with the request's id."""
        asked_by = request_id()
        if asked_by:
            kwargs["headers"] = {**(kwargs.get("headers") or {}), REQUEST_ID: asked_by}
        return super().send_task(name, *args, **kwargs)


class Scheduler(PersistentScheduler):
    """Beat's scheduler, which also records when it enqueues a task."""

    def apply_async(self, entry: Any, *args: Any, **kwargs: Any) -> Any:
        """Enqueue the task as Celery does, and record the time."""
        result = super().apply_async(entry, *args, **kwargs)
        record_run(entry.task, "asked_at")
        return result


def scheduled_tasks() -> set[str]:
    """Return the names of the periodic tasks."""
    return {entry["task"] for entry in app.conf.beat_schedule.values()}


def record_run(task: str, moment: Any) -> None:
    """Record it in PostgreSQL, if PostgreSQL is available."""
    from core.periodic_tasks import record_time  # imports models, so Django must be set up

    record_time(task, moment, now=timezone.now())


app = RequestIdCelery("tributary", amqp=FastRetryAMQP, task_cls=LoggedTask, log=SettingsLogging)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# The packages in tracking are no Django apps, so Celery does not find their tasks by itself.
app.autodiscover_tasks(
    [f"tracking.{package}" for package in ("outreach", "flags", "commissions", "links", "totals")]
)
