"""How much a test tries: enough of every kind in `make test`, and much more in `make soak`.

`make soak` runs every file that imports this module or `tests.journeys.devices`, with MUCH=1.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

IS_SOAK = os.environ.get("MUCH") == "1"


def amount(usual: int, *, soak: int) -> int:
    """How many to try: `usual` in a run of the tests, `soak` in a soak."""
    return soak if IS_SOAK else usual


def share(all_: Sequence[T], number: int, of: int) -> Sequence[T]:
    """The part of `all_` that the one with this number tries, of so many who try all together.

    In a soak each tries all.
    """
    return all_ if IS_SOAK else all_[number::of]
