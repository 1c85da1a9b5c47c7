"""What a supervisor and a load balancer ask: does the process live, can it do its work."""

from __future__ import annotations

import logging

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

PATIENCE_SECONDS = 2.0
logger = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """PostgreSQL and Valkey answer; 503 says which does not."""
    found = {"postgresql": _postgresql_answers(), "valkey": _valkey_answers()}
    words = {name: "ready" if answers else "not ready" for name, answers in found.items()}
    return JsonResponse(words, status=200 if all(found.values()) else 503)


def _postgresql_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("PostgreSQL does not answer")
        return False
    return True


def _valkey_answers() -> bool:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
        ) as client:
            return bool(client.ping())
    except redis.RedisError:
        logger.exception("Valkey does not answer")
        return False
