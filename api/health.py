"""What a supervisor and a load balancer ask: does the process live, can it do its work."""

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

VALKEY_SECONDS = 0.25  # PostgreSQL has the limits of the web process
STILL_TRUE_SECONDS = 5.0
logger = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. config.asgi says the same of a web process, before Django."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """PostgreSQL and Valkey answer; 503 says which does not."""
    found = _readiness.now()
    words = {name: "ready" if answers else "not ready" for name, answers in found.items()}
    return JsonResponse(words, status=200 if all(found.values()) else 503)


class _Readiness:
    """Asks once for all who want to know at a time; the others are told what was found last."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._found: dict[str, bool] = {}
        self._found_at = 0.0

    def now(self) -> dict[str, bool]:
        """Whether each server answers: as found last, or while this call waited."""
        asked_at = monotonic()
        is_known = self._found and monotonic() - self._found_at < STILL_TRUE_SECONDS
        if not self._asking.acquire(blocking=not is_known):
            return self._found
        try:
            if self._found_at > asked_at:  # somebody else found out meanwhile
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
            socket_timeout=VALKEY_SECONDS,
            socket_connect_timeout=VALKEY_SECONDS,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            return bool(client.ping())
    except redis.RedisError as error:
        logger.warning("Valkey does not answer: %s", error)
        return False
