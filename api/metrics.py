"""/metrics for Prometheus: requests, database connections and background work.

Each process counts its requests and its connections to PostgreSQL. With several processes,
PROMETHEUS_MULTIPROC_DIR names the folder through which prometheus-client adds them up (multiprocess
mode). `api.work_metrics` reads the background work from PostgreSQL.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Gauge,
    generate_latest,
)
from prometheus_client import Histogram as PrometheusHistogram
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from api.work_metrics import WaitingWork

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUESTS = PrometheusHistogram(
    "tributary_request_seconds",
    "Seconds until the answer began, by route",
    ["method", "route", "status"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
# As of the last answer of each process; "livesum" adds up the running processes.
POOL = Gauge(
    "tributary_database_pool_connections",
    "Connections to PostgreSQL: in use, idle, and the maximum",
    ["state"],
    multiprocess_mode="livesum",
)
POOL_WAITING = Gauge(
    "tributary_database_pool_waiting",
    "Requests that wait for a connection to PostgreSQL",
    multiprocess_mode="livesum",
)
Handler = Callable[[HttpRequest], HttpResponseBase]


def time_requests(get_response: Handler) -> Handler:
    """Middleware: measure requests per route. An address may hold a secret token."""

    def serve(request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = get_response(request)
        match = request.resolver_match
        count_request(
            method=request.method if request.method in METHODS else "other",
            route=match.route if match else "none",
            status=response.status_code,
            seconds=time.perf_counter() - begun,
        )
        observe_pool()
        return response

    return serve


def count_request(*, method: str | None, route: str, status: int, seconds: float) -> None:
    REQUESTS.labels(method=method, route=route, status=str(status)).observe(seconds)


def observe_pool() -> None:
    """Set the gauges of the connection pool. Makes no query."""
    pool = getattr(connection, "pool", None)
    if pool is None:
        return
    figures = pool.get_stats()
    idle = figures.get("pool_available", 0)
    POOL.labels(state="in_use").set(figures.get("pool_size", 0) - idle)
    POOL.labels(state="idle").set(idle)
    POOL.labels(state="most").set(figures.get("pool_max", 0))
    POOL_WAITING.set(figures.get("requests_waiting", 0))


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return all metrics to a client with METRICS_TOKEN; answer 404 to all others."""
    if not _may_see(request):
        raise Http404
    observe_pool()
    waiting = CollectorRegistry()
    waiting.register(WaitingWork())
    text = generate_latest(served()) + generate_latest(waiting)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _may_see(request: HttpRequest) -> bool:
    expected = f"Bearer {settings.METRICS_TOKEN}".encode()
    given = request.headers.get("Authorization", "").encode()
    return bool(settings.METRICS_TOKEN) and secrets.compare_digest(given, expected)


def served() -> CollectorRegistry:
    """Return the metrics of this process, or of all processes that share the folder."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    forget_dead_processes(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry


def forget_dead_processes(folder: Path) -> None:
    """Remove the gauges of processes that have ended. Nothing else tells us that one ended."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))
        except PermissionError:
            continue
