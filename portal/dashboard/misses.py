"""Rate limit for requests with dashboard links that are not valid.

Nobody can guess a link (128 bits), so the limit only keeps the cost of attempts low. It never
blocks a valid link, and without the cache it blocks nothing.
"""

from __future__ import annotations

import logging

from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from core.clients import network_for_limits, network_of

logger = logging.getLogger(__name__)

MAX_MISSES = 30  # of one network in one window
WINDOW_SECONDS = 60


def too_many(request: HttpRequest) -> bool:
    """Count one more miss of this client, and return whether it is over the limit."""
    network = network_for_limits(network_of(request))
    if not network:
        logger.warning("Misses are not counted: the client's address is not known.")
        return False
    try:
        key = f"dashboard:misses:{network}"
        cache.add(key, 0, timeout=WINDOW_SECONDS)
        return int(cache.incr(key)) > MAX_MISSES
    except ValueError:  # the key expired between add and incr
        return False
    except (RedisError, OSError):
        logger.warning("Misses are not counted: the cache does not answer.")
        return False
