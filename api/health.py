"""Health checks for a supervisor (/healthz) and a load balancer (/readyz)."""

from __future__ import annotations

import logging
import threading
from time import monotonic

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

VALKEY_TIMEOUT_SECONDS = 0.25  # PostgreSQL has the timeouts of the web process
MAX_RESULT_AGE_SECONDS = 5.0
logger = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the process is alive. In a web process, config.asgi answers before Django."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when PostgreSQL and Valkey answer, else 503 with the one that does not."""
    found = _readiness.now()
    words = {name: "ready" if answers else "not ready" for name, answers in found.items()}
    return JsonResponse(words, status=200 if all(found.values()) else 503)


class _Readiness:
    """Checks the servers once for concurrent requests; the others get the last result."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._found: dict[str, bool] = {}
        self._found_at = 0.0

    def now(self) -> dict[str, bool]:
        """Return whether each server answers, a recent result while another thread checks."""
        asked_at = monotonic()
        is_known = self._found and monotonic() - self._found_at < MAX_RESULT_AGE_SECONDS
        if not self._asking.acquire(blocking=not is_known):
            return self._found
        try:
            if self._found_at > asked_at:  # another thread has checked while this one waited
                return self._found
            self._found = {"postgresql": _postgresql_answers(), "valkey": _valkey_answers()}
            self._found_at = monotonic()
            return self._found
        finally:
            self._asking.release()


_readiness = _Readiness()


def _postgresql_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        logger.warning("PostgreSQL does not answer: %s", error)
        return False
    return True


def _valkey_answers() -> bool:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=VALKEY_TIMEOUT_SECONDS,
            socket_connect_timeout=VALKEY_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            return bool(client.ping())
    except redis.RedisError as error:
        logger.warning("Valkey does not answer: %s", error)
        return False
