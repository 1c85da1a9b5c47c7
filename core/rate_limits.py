"""A rate limit as a token bucket in Valkey, for all processes together.

A bucket holds `size` tokens and is filled with `rate` tokens a second. A process takes tokens from
Valkey in blocks, so most requests ask nobody. While Valkey is away, nothing is limited.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import Any, cast

from django.core.cache import cache

from core.cache import DispensableCache

MAX_KEPT_BLOCKS = 10_000  # that a process remembers
# Valkey's own clock: the clocks of machines differ. Returns what was taken and what is left.
_TAKE = """
local rate, size = tonumber(ARGV[1]), tonumber(ARGV[2])
local needed, wanted = tonumber(ARGV[3]), tonumber(ARGV[4])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = size
if kept[1] then
  tokens = math.min(size, tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * rate)
end
local taken = 0
if tokens >= needed then
  taken = math.min(wanted, math.floor(tokens))
end
tokens = tokens - taken
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens),
           'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(size / rate) + 1)
return {taken, string.format('%.6f', tokens)}
"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Whether the tokens were there, how many are left, and the seconds until the bucket is full.

    `retry_after` is in how many seconds the tokens that were asked for will be there.
    """

    is_allowed: bool
    limit: int
    remaining: int
    reset: int
    retry_after: int = 0


@dataclass(slots=True)
class _Block:
    """What a process has of a bucket, and how much was left in Valkey at a time."""

    tokens: int = 0
    left: float = 0.0
    at: float = 0.0


class RateLimits:
    """The rate limits of one kind, by name. `rate` is in tokens a second; 0 for no limit."""

    def __init__(self, kind: str, *, rate: float, size: int, block: int) -> None:
        self.kind, self.rate, self.size, self.block = kind, rate, size, block
        self._lock = threading.Lock()
        self._blocks: OrderedDict[str, _Block] = OrderedDict()

    def draw(self, name: str, tokens: int) -> Drawn | None:
        """Take tokens out of a bucket, all or none. None: there is no limit at the moment."""
        if self.rate <= 0:
            return None
        needed = min(tokens, self.size)
        with self._lock:
            block = self._block(name)
            if block.tokens >= needed:
                block.tokens -= needed
                return self._drawn(block)
            missing = needed - block.tokens
        answer = self._take(name, missing)
        if answer is None:
            return None
        taken, left = answer
        with self._lock:
            block = self._block(name)
            block.left, block.at = left, monotonic()
            block.tokens += taken
            if taken >= missing and block.tokens >= needed:
                block.tokens -= needed
                return self._drawn(block)
            wait = max(1, math.ceil((missing - left) / self.rate))
            return self._drawn(block, retry_after=wait)

    def forget(self) -> None:
        """Forget what this process has of the buckets."""
        with self._lock:
            self._blocks.clear()

    def _take(self, name: str, missing: int) -> tuple[int, float] | None:
        kept = cast("DispensableCache", cache)
        arguments = (self.rate, self.size, missing, max(missing, self.block))
        answer: Any = kept.run_script(_TAKE, f"{self.kind}:{name}", *arguments)
        return None if answer is None else (int(answer[0]), float(answer[1]))

    def _block(self, name: str) -> _Block:
        block = self._blocks.get(name)
        if block is None:
            block = self._blocks[name] = _Block()
            if len(self._blocks) > MAX_KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        else:
            self._blocks.move_to_end(name)
        return block

    def _drawn(self, block: _Block, retry_after: int = 0) -> Drawn:
        filled = block.left + (monotonic() - block.at) * self.rate
        remaining = min(float(self.size), block.tokens + filled)
        reset = math.ceil((self.size - remaining) / self.rate)
        return Drawn(not retry_after, self.size, int(remaining), reset, retry_after)
