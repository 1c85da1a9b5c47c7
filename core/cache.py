"""A cache in Valkey for Django's CACHES. While Valkey is away, it behaves like an empty cache.

After a failure, nothing calls Valkey for PAUSE_SECONDS: a frozen server then delays one request and
not every request.
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
    """The time until which no thread of the process calls the cache."""

    until = 0.0


class DispensableCache(RedisCache):
    """Django's cache. It reads and keeps nothing while its server does not answer."""

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
        """Add `delta`. Raises ValueError when the key does not exist, as in Django."""
        found = self._try(lambda: super(DispensableCache, self).incr(key, delta, version), None)
        if found is None:
            raise ValueError(f"Key {key!r} not found: the cache does not answer")
        return int(found)

    def run_script(self, script: str, key: str, *arguments: float) -> Any:
        """Run a Lua script on one key, in Valkey; return its answer, or None while it is away."""
        made = self.make_and_validate_key(key)

        def run() -> Any:
            client = self._cache.get_client(made, write=True)
            return client.eval(script, 1, made, *arguments)

        return self._try(run, None)

    def _try(self, act: Callable[[], R], otherwise: R) -> R:
        if monotonic() < _Absence.until:
            return otherwise
        try:
            return act()
        except (RedisError, OSError) as error:
            _Absence.until = monotonic() + PAUSE_SECONDS
            logger.warning("the cache does not answer; it is not used for now: %s", error)
            return otherwise
