"""Do long work in batches: a long load, and what is found in a table until nothing is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

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


def found_in_batches(
    rows: QuerySet[Any], size: int, *, most: int | None = None
) -> Iterator[list[int]]:
    """Yield the ids of rows until none is found, `size` at a time and at most `most` times.

    Before the next batch, the caller deletes or changes the last one, so that it isn't found again.
    """
    ids = rows.values_list("pk", flat=True)
    for _ in count() if most is None else range(most):
        batch = list(ids[:size])
        if not batch:
            return
        yield batch
