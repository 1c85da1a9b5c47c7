"""Metrics of waiting and failed work and of Celery beat, read from PostgreSQL on request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db.models import Count, Min, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from background.models import LIVE_WORK, Work, WorkState
from core.models import Round
from core.tenancy import across_brands
from integrations.models import Event, EventState
from integrations.working import waiting_events
from notifications.models import LIVE_STATES, Message, MessageState
from tracking.links.click_stream import stream_state
from tracking.links.consuming import NAME as CONSUMER
from tracking.models import Refund, RefundState, RefusedClicks
from webhooks.selectors import overdue

LAST_DAY = timedelta(days=1)
LOST_STATES = (MessageState.FAILED, MessageState.UNKNOWN)
NEVER = float("inf")
VALKEY_TIMEOUT_SECONDS = 0.25


class WaitingWork(Collector):
    """Metrics over all brands together. What waits counts in test brands too: workers do it."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield metrics of messages, background work, parked refunds and Celery beat."""
        now = timezone.now()
        with across_brands(reason="the operator watches work that waits, without whose it is"):
            yield from _messages(now)
            yield from _work(now)
            yield from _shop_events(now)
            yield from _webhooks(now)
            yield from _clicks(now)
            yield GaugeMetricFamily(
                "tributary_refunds_parked",
                "Refunds that wait for their order",
                value=Refund.objects.filter(state=RefundState.PARKED, brand__test_of=None).count(),
            )
        yield from _periodic_tasks(now)


def _messages(now: datetime) -> Iterator[GaugeMetricFamily]:
    states = {
        row["state"]: row
        for row in Message.objects.filter(state__in=LIVE_STATES)
        .values("state")
        .annotate(number=Count("pk"), oldest=Min("due_at"))
    }
    waiting = GaugeMetricFamily(
        "tributary_messages_waiting", "Messages that are not settled yet", labels=["state"]
    )
    for state in sorted(LIVE_STATES):
        waiting.add_metric([state.value], states[state]["number"] if state in states else 0)
    yield waiting
    yield GaugeMetricFamily(
        "tributary_messages_oldest_waiting_seconds",
        "Seconds since the oldest waiting message was due; 0 when none waits",
        value=max([0.0, *(_age(row["oldest"], now) for row in states.values())]),
    )
    lost = dict(
        Message.objects.filter(state__in=LOST_STATES, settled_at__gt=now - LAST_DAY)
        .values_list("state")
        .annotate(number=Count("pk"))
    )
    family = GaugeMetricFamily(
        "tributary_messages_lost_last_day",
        "Messages of the last 24 hours that failed or whose result is unknown",
        labels=["state"],
    )
    for state in LOST_STATES:
        family.add_metric([state.value], lost.get(state, 0))
    yield family


def _work(now: datetime) -> Iterator[GaugeMetricFamily]:
    states = {
        row["state"]: row
        for row in Work.objects.filter(state__in=LIVE_WORK)
        .values("state")
        .annotate(number=Count("pk"), oldest=Min("asked_at"))
    }
    waiting = GaugeMetricFamily(
        "tributary_work_waiting",
        "Imports, exports and payout runs that are not finished",
        labels=["state"],
    )
    for state in LIVE_WORK:
        waiting.add_metric([state.value], states[state]["number"] if state in states else 0)
    yield waiting
    yield GaugeMetricFamily(
        "tributary_work_oldest_waiting_seconds",
        "Seconds since the oldest of them was requested; 0 when there is none",
        value=max([0.0, *(_age(row["oldest"], now) for row in states.values())]),
    )
    failed = Work.objects.filter(
        state=WorkState.FAILED,
        files_gone_at=None,
        finished_at__gt=now - LAST_DAY,
        brand__test_of=None,
    )
    yield GaugeMetricFamily(
        "tributary_work_failed_last_day",
        "Imports, exports and payout runs that failed in the last 24 hours",
        value=failed.count(),
    )


def _shop_events(now: datetime) -> Iterator[GaugeMetricFamily]:
    due = waiting_events(now=now).aggregate(number=Count("pk"), oldest=Min("try_again_at"))
    yield GaugeMetricFamily(
        "tributary_shop_events_waiting",
        "Deliveries of shops that could be worked on now",
        value=due["number"],
    )
    yield GaugeMetricFamily(
        "tributary_shop_events_oldest_waiting_seconds",
        "Seconds since the oldest of them could be worked on; 0 when none waits",
        value=_age(due["oldest"], now) if due["number"] else 0,
    )
    failed = Event.objects.filter(state=EventState.FAILED, received_at__gt=now - LAST_DAY)
    yield GaugeMetricFamily(
        "tributary_shop_events_failed_last_day",
        "Deliveries of the last 24 hours that could not be recorded",
        value=failed.count(),
    )


def _webhooks(now: datetime) -> Iterator[GaugeMetricFamily]:
    due = overdue(now=now).aggregate(number=Count("pk"), oldest=Min("next_attempt_at"))
    yield GaugeMetricFamily(
        "tributary_webhooks_waiting",
        "Webhooks that could be sent for the first time now, to receivers that don't fail",
        value=due["number"],
    )
    yield GaugeMetricFamily(
        "tributary_webhooks_oldest_waiting_seconds",
        "Seconds since the oldest of them could be sent; 0 when none waits",
        value=_age(due["oldest"], now) if due["number"] else 0,
    )


def _clicks(now: datetime) -> Iterator[GaugeMetricFamily]:
    """What waits in Valkey is left out while Valkey is away: nobody knows it then."""
    with suppress(redis.RedisError, OSError):
        state = stream_state(settings.CLICKS_URL, timeout=VALKEY_TIMEOUT_SECONDS)
        yield GaugeMetricFamily(
            "tributary_clicks_batches_waiting",
            "Batches of clicks that wait in Valkey to be stored",
            value=state.waiting,
        )
        yield GaugeMetricFamily(
            "tributary_clicks_oldest_waiting_seconds",
            "Seconds since the oldest of them was sent there; 0 when none waits",
            value=_age(state.oldest_sent_at, now) if state.oldest_sent_at else 0,
        )
    last = Round.objects.filter(task=CONSUMER).first()
    yield GaugeMetricFamily(
        "tributary_clicks_consumer_seconds_ago",
        "Seconds since a consumer of clicks reached Valkey and PostgreSQL; infinite if none did",
        value=_age(last.done_at if last else None, now),
    )
    yield GaugeMetricFamily(
        "tributary_clicks_refused_last_day",
        "Clicks of the last 24 hours whose lines could not be stored",
        value=RefusedClicks.objects.filter(refused_at__gt=now - LAST_DAY).aggregate(
            number=Coalesce(Sum("number"), 0)
        )["number"],
    )


def _periodic_tasks(now: datetime) -> Iterator[GaugeMetricFamily]:
    """By task, seconds since Celery beat last enqueued it and a worker last finished it."""
    last_runs = {row.task: row for row in Round.objects.all()}
    asked = GaugeMetricFamily(
        "tributary_beat_asked_seconds_ago",
        "Seconds since Celery beat enqueued a task; infinite when it never did",
        labels=["task"],
    )
    done = GaugeMetricFamily(
        "tributary_beat_done_seconds_ago",
        "Seconds since a worker finished the task; infinite when none did",
        labels=["task"],
    )
    for task in sorted({entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}):
        row = last_runs.get(task) or Round(task=task)
        asked.add_metric([task], _age(row.asked_at, now))
        done.add_metric([task], _age(row.done_at, now))
    yield asked
    yield done


def _age(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else NEVER
