"""Keyset pagination, for lists that may be very long.

The next page begins after the last row of this one. An index finds that position, so the last page
costs as much as the first. Rows are counted only up to a limit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

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
class Keyset(Generic[M]):
    """A list ordered by a time column and the id; it needs an index on the two."""

    rows: QuerySet[M]
    column: str
    newest_first: bool = True

    def page(self, cursor: str, *, size: int) -> KeysetPage[M]:
        """Return `size` rows at `cursor`; the first page for an invalid cursor. Three queries."""
        back, position = _read(cursor)
        found = list(self._beyond(position, back=back)[: size + 1])
        if not found and position:
            return self.page("", size=size)
        more = len(found) > size
        rows = found[:size][::-1] if back else found[:size]
        earlier, later = (more, True) if back else (position is not None, more)
        ahead = self._count_ahead(rows[0]) if rows and earlier else 0
        total = _counted(self.rows)
        return KeysetPage(
            rows=tuple(rows),
            before=self._cursor("before", rows[0]) if rows and earlier else "",
            after=self._cursor("after", rows[-1]) if rows and later else "",
            first=ahead + 1 if rows and ahead <= MAX_COUNTED_ROWS else 0,
            total=total if total <= MAX_COUNTED_ROWS else 0,
        )

    def _ordered(self, *, back: bool) -> QuerySet[M]:
        sign = "-" if self.newest_first != back else ""
        return self.rows.order_by(f"{sign}{self.column}", f"{sign}pk")

    def _beyond(self, position: tuple[datetime, int] | None, *, back: bool) -> QuerySet[M]:
        ordered = self._ordered(back=back)
        if position is None:
            return ordered
        moment, pk = position
        way = "lt" if self.newest_first != back else "gt"
        # The second condition implies the first; PostgreSQL needs the first to use the index.
        at_most = Q(**{f"{self.column}__{way}e": moment})
        return ordered.filter(
            at_most, Q(**{f"{self.column}__{way}": moment}) | Q(**{f"pk__{way}": pk})
        )

    def _count_ahead(self, row: M) -> int:
        return _counted(self._beyond((getattr(row, self.column), row.pk), back=True))

    def _cursor(self, word: str, row: M) -> str:
        micros = (getattr(row, self.column) - EPOCH) // timedelta(microseconds=1)
        return f"{word}.{micros}.{row.pk}"


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


def _counted(rows: QuerySet[Any]) -> int:
    return rows.order_by()[: MAX_COUNTED_ROWS + 1].count()
