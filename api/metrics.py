"""/metrics for Prometheus: requests as they are served, and work that waits as it stands.

Requests are counted in the process. Where several processes serve, PROMETHEUS_MULTIPROC_DIR names
a folder in which they add up (prometheus-client's multiprocess mode).
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client import Histogram as PrometheusHistogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from core.tenancy import across_brands
from notifications.models import LIVE_STATES, Message
from tracking.models import Refund, RefundState

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUESTS = PrometheusHistogram(
    "tributary_request_seconds",
    "Requests by the route that served them, until the answer began",
    ["method", "route", "status"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
Handler = Callable[[HttpRequest], HttpResponseBase]


def time_requests(get_response: Handler) -> Handler:
    """Middleware: observe every request under its route, never under its address."""

    def serve(request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = get_response(request)
        match = request.resolver_match
        REQUESTS.labels(
            method=request.method if request.method in METHODS else "other",
            route=match.route if match else "none",
            status=str(response.status_code),
        ).observe(time.perf_counter() - begun)
        return response

    return serve


class WaitingWork(Collector):
    """Work that waits, over all brands, read when it is asked for."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Messages by state, the age of the one that waits longest, and parked refunds."""
        with across_brands(reason="the operator watches work that waits, without whose it is"):
            states = {
                row["state"]: row
                for row in Message.objects.filter(state__in=LIVE_STATES)
                .values("state")
                .annotate(number=Count("pk"), oldest=Min("due_at"))
            }
            parked = Refund.objects.filter(state=RefundState.PARKED).count()
        waiting = GaugeMetricFamily(
            "tributary_messages_waiting", "Messages that are not settled yet", labels=["state"]
        )
        for state in sorted(LIVE_STATES):
            waiting.add_metric([state.value], states[state]["number"] if state in states else 0)
        yield waiting
        now = timezone.now()
        ages = [(now - row["oldest"]).total_seconds() for row in states.values()]
        yield GaugeMetricFamily(
            "tributary_messages_oldest_waiting_seconds",
            "How long the message that waits longest is due; 0 when none is",
            value=max([0.0, *ages]),
        )
        yield GaugeMetricFamily(
            "tributary_refunds_parked", "Refunds that wait for their order", value=parked
        )


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything measured, for who has METRICS_TOKEN; for anybody else there is nothing here."""
    if not _may_see(request):
        raise Http404
    waiting = CollectorRegistry()
    waiting.register(WaitingWork())
    text = generate_latest(served()) + generate_latest(waiting)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _may_see(request: HttpRequest) -> bool:
    expected = f"Bearer {settings.METRICS_TOKEN}".encode()
    given = request.headers.get("Authorization", "").encode()
    return bool(settings.METRICS_TOKEN) and secrets.compare_digest(given, expected)


def served() -> CollectorRegistry:
    """What was observed, in this process or in all of the folder's."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry
