"""The worker and beat processes."""

import os
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from kombu import Connection

from config import limits

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class BriskConnection(Connection):
    """Tries again within seconds; kombu waits up to half a minute, and has no setting for it."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        options = {
            "interval_start": limits.BROKER_RETRY_SECONDS,
            "interval_step": limits.BROKER_RETRY_SECONDS,
            "interval_max": limits.BROKER_MAX_RETRY_SECONDS,
            **options,
        }
        return super().ensure_connection(*args, **options)


class BriskMessaging(AMQP):
    Connection = BriskConnection


app = Celery("tributary", amqp=BriskMessaging)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
