"""The links that this process knows. Read by the event loop, written by one loading thread.

Each step is one operation on a dictionary, so no reader waits for a lock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping

from edge.targets import LinkTarget

KEPT_SECONDS = 60.0  # that a slug is known not to exist; a new link ends that at once


class LinkCache:
    """`targets` by slug. At most `size` of them; those used longest ago leave first."""

    def __init__(
        self, *, size: int, unknown: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.size, self._max_unknown, self._clock = size, unknown, clock
        self.targets: dict[str, LinkTarget] = {}
        self.hosts: Mapping[str, int] = {}  # the brand of each link domain
        self.version = 0  # raised by each change of what is here
        self._unknown: dict[str, float] = {}  # until when each slug counts as unknown

    def is_unknown(self, slug: str) -> bool:
        """Whether the slug was looked for in vain a moment ago."""
        until = self._unknown.get(slug)
        return until is not None and self._clock() < until

    def put(self, found: Mapping[str, LinkTarget], asked: Iterable[str]) -> None:
        """Take what was loaded. Those `asked` for that were not found lead nowhere."""
        self.version += 1
        for slug, target in found.items():
            before = self.targets.get(slug)
            if before is not None:
                target.used_at = before.used_at
            self.targets[slug] = target
        until = self._clock() + KEPT_SECONDS
        for slug in asked:
            if slug not in found:
                self.targets.pop(slug, None)
                self._unknown[slug] = until
            else:
                self._unknown.pop(slug, None)
        self._make_room()

    def changed(self, brands: Collection[int]) -> None:
        """Something of these brands has changed: their links are read again before use."""
        self._unknown = {}
        for target in list(self.targets.values()):
            if target.brand_id in brands:
                target.is_stale = True

    def doubt(self) -> None:
        """Anything may have changed while nobody told us."""
        self._unknown = {}
        for target in list(self.targets.values()):
            target.is_stale = True

    def is_stale(self, slug: str) -> bool:
        target = self.targets.get(slug)
        return target is not None and target.is_stale

    def stale(self) -> list[str]:
        """Return the slugs that have to be read again, those used last at the end."""
        waiting = [
            (target.used_at, slug) for slug, target in list(self.targets.items()) if target.is_stale
        ]
        waiting.sort()
        return [slug for _, slug in waiting]

    def _make_room(self) -> None:
        """Drop what was used longest ago: a tenth at a time, so that this is rare."""
        if len(self.targets) > self.size:
            by_use = sorted(self.targets, key=lambda slug: self.targets[slug].used_at)
            for slug in by_use[: len(self.targets) - self.size * 9 // 10]:
                self.targets.pop(slug, None)
        while len(self._unknown) > self._max_unknown:
            self._unknown.pop(next(iter(self._unknown)))
