"""Pagination of lists, including very long ones."""

from __future__ import annotations

from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

from core.kept_queries import KeptRows

PER_PAGE = 25  # on a phone, rows of two lines then fill less than three screens
MAX_COUNTED_ROWS = 10_000  # of a long list; people search instead of opening later pages


class LongPaginator(Paginator):
    """Counts at most MAX_COUNTED_ROWS rows; `goes_on` says whether there are more.

    Counting a million rows is slow, and people filter or export a long list.
    """

    @cached_property
    def count(self) -> int:
        return min(self._counted, MAX_COUNTED_ROWS)

    @property
    def goes_on(self) -> bool:
        return "_counted" in vars(self) and self._counted > MAX_COUNTED_ROWS

    @cached_property
    def _counted(self) -> int:
        if isinstance(self.object_list, KeptRows):
            return self.object_list.count(limit=MAX_COUNTED_ROWS + 1)
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[: MAX_COUNTED_ROWS + 1].count()
