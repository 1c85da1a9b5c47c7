"""What the redirect counts for Prometheus.

A redirect itself only adds to a number in memory: `publish` moves these here once a second.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Counter, Gauge

REDIRECTS = Counter(
    "tributary_redirects", "Redirects of tracking links, by kind of click", ["kind"]
)
LOADED = Counter("tributary_links_loaded", "Slugs of tracking links that PostgreSQL was asked for")
CACHED = Gauge(
    "tributary_links_cached", "Tracking links that are kept in memory", multiprocess_mode="livesum"
)
DROPPED = Counter("tributary_clicks_dropped", "Clicks that were lost, by reason", ["why"])
SENT = Counter("tributary_click_batches_sent", "Batches of clicks sent to the stream")
WAITING = Gauge(
    "tributary_clicks_waiting_bytes",
    "Clicks in files on this machine that wait for the stream",
    multiprocess_mode="livesum",
)


class KindCounts:
    """How many redirects there were of each kind since the process started."""

    def __init__(self) -> None:
        self._published: dict[str, int] = {}

    def publish(self, kinds: Mapping[str, int]) -> None:
        """Add what is new in `kinds` to the counters."""
        for kind, number in kinds.items():
            new = number - self._published.get(kind, 0)
            if new:
                REDIRECTS.labels(kind=kind).inc(new)
                self._published[kind] = number
