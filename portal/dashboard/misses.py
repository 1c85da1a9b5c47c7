"""Count the addresses that ask for dashboards which are not there.

A link can't be guessed (128 bits), so this only keeps a guesser from costing much. It never stands
between anybody and a link that works, and without its cache it lets everybody through.
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
    """Count one more miss of this client, and say whether it was one too many."""
    network = network_for_limits(network_of(request))
    if not network:
        logger.warning("misses are not counted: the client's address is not known")
        return False
    try:
        key = f"dashboard:misses:{network}"
        cache.add(key, 0, timeout=WINDOW_SECONDS)
        return int(cache.incr(key)) > MAX_MISSES
    except ValueError:  # the window ended between the two
        return False
    except (RedisError, OSError):
        logger.warning("misses are not counted: the cache does not answer")
        return False
