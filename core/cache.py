"""A cache in Valkey that nobody waits for: without it, everything is as if it held nothing.

For Django's CACHES. After a failure it is left alone for a while, so that a server which is frozen
costs one request its time and not every request.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

PAUSE_SECONDS = 2.0
logger = logging.getLogger(__name__)
R = TypeVar("R")


class _Absence:
    """Until when the cache is left alone, known to all threads of the process."""

    until = 0.0


class DispensableCache(RedisCache):
    """Django's, which reads nothing and keeps nothing while its server does not answer."""

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return self._try(lambda: super(DispensableCache, self).add(*args, **kwargs), True)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._try(lambda: super(DispensableCache, self).get(key, default, version), default)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._try(lambda: super(DispensableCache, self).set(*args, **kwargs), None)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return self._try(lambda: super(DispensableCache, self).touch(*args, **kwargs), False)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return self._try(lambda: super(DispensableCache, self).delete(*args, **kwargs), False)

    def get_many(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return self._try(lambda: super(DispensableCache, self).get_many(*args, **kwargs), {})

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return self._try(lambda: super(DispensableCache, self).has_key(*args, **kwargs), False)

    def set_many(self, *args: Any, **kwargs: Any) -> list[Any]:
        return self._try(lambda: super(DispensableCache, self).set_many(*args, **kwargs), [])

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._try(lambda: super(DispensableCache, self).delete_many(*args, **kwargs), None)

    def clear(self) -> None:
        self._try(lambda: super(DispensableCache, self).clear(), None)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """As Django has it: ValueError when there is no such key."""
        found = self._try(lambda: super(DispensableCache, self).incr(key, delta, version), None)
        if found is None:
            raise ValueError(f"Key {key!r} not found: the cache does not answer")
        return int(found)

    def _try(self, act: Callable[[], R], otherwise: R) -> R:
        if monotonic() < _Absence.until:
            return otherwise
        try:
            return act()
        except (RedisError, OSError) as error:
            _Absence.until = monotonic() + PAUSE_SECONDS
            logger.warning("the cache does not answer, and is left alone for now: %s", error)
            return otherwise
