"""Pages that wait for a shop's answer, so that a slow shop keeps nobody else waiting.

A shop can take as long as it likes to answer, and is somebody else's server. So such a request
gives its place among those that run (config.gate) to another one, its calls end in ASK_SECONDS
together, and only a few of them run at the same time.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from brand_admin.access import BrandRequest
from core.outgoing import calls_within

ASK_SECONDS = 40.0  # browsers and proxies wait for a minute
MAX_OF_A_BRAND = 2  # of one web process
# Of all brands. Each has a connection to PostgreSQL beside those of the requests with a place:
# config.limits.DATABASE_POOL_SIZE has to be enough for both.
MAX_OF_ALL = 8
BUSY = "Your shops are being asked by others at the moment. Wait a minute, and try again."
View = Callable[..., HttpResponse]


class Asking:
    """How many requests of each brand wait for a shop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: Counter[int] = Counter()

    @contextmanager
    def of(self, brand_id: int) -> Iterator[bool]:
        """Count one more of the brand while it runs; False, and not counted, if it is too many."""
        with self._lock:
            is_free = (
                self._numbers[brand_id] < MAX_OF_A_BRAND and self._numbers.total() < MAX_OF_ALL
            )
            self._numbers[brand_id] += is_free
        try:
            yield is_free
        finally:
            with self._lock:
                self._numbers[brand_id] -= is_free
                if not self._numbers[brand_id]:
                    del self._numbers[brand_id]


ASKING = Asking()


def asks_shop(view: View) -> View:
    """Let a POST to the view wait for a shop. Too many at once are refused with a message."""

    @wraps(view)
    def answer(request: BrandRequest, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, **kwargs)
        with ASKING.of(request.brand.pk) as is_free:
            if not is_free:
                return _busy(request, **kwargs)
            place = request.META.get("tributary.place")
            if place is not None:
                place.give_up()
            with calls_within(ASK_SECONDS):
                return view(request, **kwargs)

    return answer


def _busy(request: BrandRequest, **kwargs: Any) -> HttpResponse:
    messages.warning(request, BUSY)
    if request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    if "connection_id" in kwargs:
        return redirect("brand_admin:connection", request.brand.slug, kwargs["connection_id"])
    return redirect(request.path)
