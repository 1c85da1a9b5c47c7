"""Split a long load into batches, and keep PostgreSQL's statistics up to date during it."""

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
    """Yield lists of `size` items. Refresh the statistics of `tables` after batch 1, 10, 100, …"""
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
