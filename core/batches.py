"""Go through a long load in batches, and keep PostgreSQL's statistics up to date meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from typing import TypeVar

from django.db.models import Model

from core.db import refresh_statistics

T = TypeVar("T")


def batches(
    items: Iterable[T], size: int, *, tables: Sequence[type[Model]] = ()
) -> Iterator[list[T]]:
    """Lists of `size` items. The statistics of `tables` are refreshed after batch 1, 10, 100, …"""
    iterator = iter(items)
    refresh_after = 1
    for number in count(1):
        batch = list(islice(iterator, size))
        if not batch:
            return
        yield batch
        if tables and number == refresh_after:
            refresh_statistics(*tables)
            refresh_after *= 10
