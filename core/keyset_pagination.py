"""Keyset pagination, for lists that may be very long.

The next page begins after the last row of this one. An index finds that position, so the last page
costs as much as the first. Rows are counted only up to a limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

from core.kept_queries import kept_query

MAX_COUNTED_ROWS = 1_000  # above this a page says only that there are more
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = re.compile(r"(after|before)\.(-?\d{1,17})\.(\d{1,18})", re.ASCII)
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[M]):
    """One page of a list, with the cursors of the pages before and after; "" where there is none.

    `first` and `last` are the numbers of its rows, `total` is the number of all rows. A number
    above MAX_COUNTED_ROWS is 0.
    """

    rows: tuple[M, ...]
    before: str
    after: str
    first: int
    total: int

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.first else 0

    @property
    def is_part(self) -> bool:
        """Whether the list has more rows than this page."""
        return bool(self.before or self.after)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list: the time and the id of a row."""

    moment: datetime
    pk: int


def rows_after(rows: QuerySet[M], position: Position | None, *, column: str, limit: int) -> list[M]:
    """Return the rows after a position, or the first, the newest first. One query.

    For queries that are not kept; it needs an index on the column and the id.
    """
    moment, pk = (position.moment, position.pk) if position else (None, None)
    cut = _Cut(lambda: rows, column, descending=True, limit=limit)
    return list(_beyond(cut, moment=moment, pk=pk)[:limit])


@dataclass(frozen=True, slots=True)
class Keyset(Generic[M]):
    """A list ordered by a time column and the id; it needs an index on the two.

    `build` makes its queryset from `arguments`, which are those of a kept query.
    """

    build: Callable[..., QuerySet[M]]
    arguments: Mapping[str, Any]
    column: str
    newest_first: bool = True

    def page(self, cursor: str, *, size: int) -> KeysetPage[M]:
        """Return `size` rows at `cursor`; the first page for an invalid cursor. Three queries."""
        back, position = _read(cursor)
        found = self._rows(position, back=back, limit=size + 1)
        if not found and position:
            return self.page("", size=size)
        more = len(found) > size
        rows = found[:size][::-1] if back else found[:size]
        earlier, later = (more, True) if back else (position is not None, more)
        ahead = self._count_ahead(rows[0]) if rows and earlier else 0
        total = len(rows) if not (earlier or later) else self._count()
        return KeysetPage(
            rows=tuple(rows),
            before=self._cursor("before", rows[0]) if rows and earlier else "",
            after=self._cursor("after", rows[-1]) if rows and later else "",
            first=ahead + 1 if rows and ahead <= MAX_COUNTED_ROWS else 0,
            total=total if total <= MAX_COUNTED_ROWS else 0,
        )

    def _rows(self, position: tuple[datetime, int] | None, *, back: bool, limit: int) -> list[M]:
        moment, pk = position or (None, None)
        return _rows_of_page(cut=self._cut(back, limit), moment=moment, pk=pk, **self.arguments)

    def _cut(self, back: bool, limit: int) -> _Cut:
        return _Cut(self.build, self.column, self.newest_first != back, limit)

    def _count_ahead(self, row: M) -> int:
        cut = self._cut(True, MAX_COUNTED_ROWS + 1)
        moment: datetime = getattr(row, self.column)
        return _ids.count(cut=cut, moment=moment, pk=row.pk, **self.arguments)

    def _count(self) -> int:
        cut = self._cut(False, MAX_COUNTED_ROWS + 1)
        return _ids.count(cut=cut, moment=None, pk=None, **self.arguments)

    def _cursor(self, word: str, row: M) -> str:
        micros = (getattr(row, self.column) - EPOCH) // timedelta(microseconds=1)
        return f"{word}.{micros}.{row.pk}"


@dataclass(frozen=True, slots=True)
class _Cut:
    """Which part of a list to read, besides the values of the query."""

    build: Callable[..., QuerySet[Any]]
    column: str
    descending: bool
    limit: int


@kept_query
def _rows_of_page(*, cut: _Cut, **arguments: Any) -> QuerySet[Any]:
    return _beyond(cut, **arguments)[: cut.limit]


@kept_query
def _ids(*, cut: _Cut, **arguments: Any) -> QuerySet[Any, Any]:
    """The same rows to be counted, without what belongs to them."""
    ids: QuerySet[Any, Any] = _beyond(cut, **arguments).order_by().values("pk")[: cut.limit]
    return ids


def _beyond(
    cut: _Cut, *, moment: datetime | None, pk: int | None, **arguments: Any
) -> QuerySet[Any]:
    """The rows after the position of `moment` and `pk`, or from the beginning of the list."""
    sign, way = ("-", "lt") if cut.descending else ("", "gt")
    rows = cut.build(**arguments).order_by(f"{sign}{cut.column}", f"{sign}pk")
    if moment is not None:
        # The second condition implies the first; PostgreSQL needs the first to use the index.
        at_most = Q(**{f"{cut.column}__{way}e": moment})
        rows = rows.filter(at_most, Q(**{f"{cut.column}__{way}": moment}) | Q(**{f"pk__{way}": pk}))
    return rows


def _read(cursor: str) -> tuple[bool, tuple[datetime, int] | None]:
    """Return whether the cursor goes back, and its position; None for an invalid cursor."""
    match = CURSOR.fullmatch(cursor)
    if match is None:
        return False, None
    try:
        moment = EPOCH + timedelta(microseconds=int(match[2]))
    except OverflowError:
        return False, None
    return match[1] == "before", (moment, int(match[3]))
